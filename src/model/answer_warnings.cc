#include "model/answer_warnings.h"

#include <algorithm>

namespace starcast::model {

using listing::Field;
using listing::Listing;

namespace {

bool nothing_is_known(const Listing& listing) {
  return std::none_of(listing::all_fields().begin(), listing::all_fields().end(), [&listing](Field field) {
    return field != Field::kRating && listing::is_known(listing, field);
  });
}

}  // namespace

std::vector<std::string> answer_warnings(const RatingScorer& scorer, const Listing& listing,
                                         LaunchCase answered_as) {
  std::vector<std::string> warnings;
  if (nothing_is_known(listing)) {
    warnings.emplace_back("no field is known: the answer is that for any app");
  }
  const LaunchCase asked = case_of(listing);
  if (answered_as != asked) {
    warnings.emplace_back(
        "the model has learnt only of launched apps: it guesses at one without reviews or installs");
  } else if (asked == LaunchCase::kBeforeLaunch) {
    if (listing::is_known(listing, Field::kReviews))
      warnings.emplace_back("reviews are known but installs are not: answered as before launch without them");
    if (listing::is_known(listing, Field::kInstalls))
      warnings.emplace_back("installs are known but reviews are not: answered as before launch without them");
  }
  for (std::string& sentence : scorer.trained_on().seen.outside(seen_as(listing, answered_as)))
    warnings.push_back(std::move(sentence));
  return warnings;
}

}  // namespace starcast::model
