// whatif: what the model would say of a listing if its publisher changed it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "model/rating_scorer.h"
#include "model/whatif_options.h"

namespace starcast::model {

inline constexpr std::string_view kAssociationNote =
    "This is association, not cause: apps that differ in this way are rated so. Whether the change itself "
    "moves a rating, only a "
    "trial can tell.";

struct Change {
  listing::Field field = listing::Field::kSize;
  std::string from;
  std::string to;
};

// A listing that differs from another one in one change.
struct ChangedListing {
  listing::Listing listing;
  Change change;
};

// What a publisher can change, one change at a time, cheapest field first: the last update (to the model's
// own last day), the name (to each of `names`, then to each of name_edits), price (free, 0.99, 1.99, 2.99,
// 4.99), content rating, size (half, a quarter), lower Android versions (5.0, 4.4, 4.1, 4.0), category (of
// those that the model saw and whose genre is clear; the genre changes along). Reviews and installs he cannot
// change: see fixed_fields. A field that is not known stays so, and a launched app that is free stays free:
// the store does not let it be sold. But for `names`, no change leads outside what the model saw.
std::vector<ChangedListing> possible_changes(const RatingScorer& scorer, const listing::Listing& listing,
                                             const std::vector<std::string>& names);

// What no publisher can set.
constexpr std::array<listing::Field, 2> fixed_fields() {
  return {listing::Field::kReviews, listing::Field::kInstalls};
}

// The genre that has a category's name, "Education" of "EDUCATION", if the model saw one.
std::optional<std::string> genre_of_category(const RatingScorer& scorer, std::string_view category);

struct ChangedAnswer {
  std::vector<Change> changes;
  double rating = 0;
  double gain = 0;  // over the listing as it is
  Interval interval;
  std::vector<std::string> warnings;  // of the changed listing: see answer_warnings
};

struct TargetAnswer {
  double target = 0;
  bool is_reached = false;
  ChangedAnswer
      answer;  // the cheapest that reaches it, or the best that was found; without changes where none helps
};

struct FixedField {
  listing::Field field = listing::Field::kReviews;
  std::string value;  // as a cell; empty when it is not known
};

struct WhatIf {
  std::string app;
  LaunchCase answered_as = LaunchCase::kLaunched;
  double rating = 0;
  Interval interval;
  std::vector<FixedField> fixed;  // what no change can touch
  std::vector<ChangedAnswer>
      best;  // at most three, the best change of as many fields; only gains that two decimals show
  std::vector<ChangedAnswer> names;  // one for each name that was asked for, whatever it gains
  std::optional<TargetAnswer> target;
  TrainedOn trained_on;
  std::vector<std::string> warnings;  // of the listing as it is: see answer_warnings
};

// The target is looked for greedily: change by change, at most three, each of another field; the first number
// of changes that reaches it is taken, and of those changes that do, the one that possible_changes lists
// first.
WhatIf what_if(const RatingScorer& scorer, const listing::Listing& listing, const WhatIfOptions& options);

codec::Json to_json(const WhatIf& what_if);

}  // namespace starcast::model
