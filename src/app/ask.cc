#include "app/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/strings.h"
#include "model/whatif.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Field;
using listing::FieldNote;
using listing::Listing;

namespace {

struct Question {
  Field field;
  std::string_view text;
};

constexpr Question kQuestions[] = {
    {Field::kApp, "Name of the app"},
    {Field::kCategory, "Category, such as TOOLS or Art & Design"},
    {Field::kSize, "Size, such as 24M or 900k"},
    {Field::kPrice, "Price in dollars, 0 if it is free"},
    {Field::kContentRating, "Content rating: Everyone, Everyone 10+, Teen, Mature 17+ or Adults only 18+"},
    {Field::kLastUpdated, "Last update, such as 2018-07-30"},
    {Field::kAndroidVersion, "Android version that it needs, such as 4.4 and up"},
    {Field::kReviews, "How many reviews (nothing before the launch)"},
    {Field::kInstalls, "How many installs, such as 10,000+ (nothing before the launch)"},
};

// The next line without its end; nothing when there is none.
Result<std::optional<std::string>> next_line(core::ByteSource& source) {
  std::string line;
  char byte = 0;
  while (TRY(source.read({&byte, 1})) == 1) {
    if (byte == '\n') return std::optional<std::string>(std::move(line));
    if (line.size() == kAnswerBytesMax)
      return Error(ErrorCode::kTooLarge, fmt::format("an answer has more than {} bytes", kAnswerBytesMax));
    line.push_back(byte);
  }
  if (line.empty()) return std::optional<std::string>();
  return std::optional<std::string>(std::move(line));
}

// Sets the field by the answer; a sentence when the answer makes no sense.
std::optional<std::string> take_answer(Listing& listing, Field field, std::string_view answer) {
  Listing taken = listing;
  std::vector<FieldNote> notes;
  listing::set_field(taken, field, answer, notes);
  const auto dropped = std::find_if(notes.begin(), notes.end(), [](const FieldNote& note) {
    return note.kind == FieldNote::Kind::kDropped;
  });
  if (dropped != notes.end()) return core::replaced(dropped->text, "; treated as missing", "");
  listing = std::move(taken);
  return std::nullopt;
}

// What is special about this one field.
std::vector<std::string> outside_of(const model::RatingScorer& scorer, const Listing& listing, Field field) {
  Listing alone;
  std::vector<FieldNote> notes;
  listing::set_field(alone, field, listing::text_of(listing, field), notes);
  return scorer.trained_on().seen.outside(alone);
}

// What the answers imply: the type of a price, the genre of a category.
Listing completed(Listing listing, const model::RatingScorer& scorer) {
  std::vector<FieldNote> notes;
  listing::fill_implied(listing, notes);
  if (const std::optional<std::string> genre = model::genre_of_category(scorer, listing.category))
    listing.genres = *genre;
  return listing;
}

}  // namespace

Result<Listing> ask_listing(core::ByteSource& answers, const model::RatingScorer& scorer,
                            const std::function<void(std::string_view)>& say) {
  Listing listing;
  say("Press Enter where something is not known.\n");
  for (const Question& question : kQuestions) {
    std::optional<std::string> refused;
    do {
      say(fmt::format("{}: ", question.text));
      const std::optional<std::string> answer = TRY(next_line(answers));
      if (!answer) {
        say("\nNo more answers: what is left is taken as not known.\n");
        return completed(std::move(listing), scorer);
      }
      refused = take_answer(listing, question.field, core::trimmed(*answer));
      if (refused) say(fmt::format("  That cannot be: {}. Again, please.\n", *refused));
    } while (refused);
    for (const std::string& sentence : outside_of(scorer, listing, question.field))
      say(fmt::format("  Note: {}.\n", sentence));
  }
  return completed(std::move(listing), scorer);
}

}  // namespace starcast::app
