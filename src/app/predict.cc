#include "app/predict.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "codec/json.h"
#include "codec/lines.h"
#include "codec/number.h"
#include "model/answer_warnings.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

Result<void> check_level(const model::RatingScorer& scorer, double level) {
  const model::Prediction any = scorer.predict({}).prediction;
  if (model::interval_at(any, level)) return {};
  std::vector<std::string> known;
  for (const model::Interval& interval : any.intervals) known.push_back(fmt::format("{}", interval.level));
  return Error(ErrorCode::kInvalidInput, fmt::format("the model has no intervals at level {}; it has {}",
                                                     level, fmt::join(known, ", ")));
}

namespace {

constexpr std::size_t kNotesMax = 200;

void note(listing::ReadReport& report, std::size_t line, const listing::Listing& listing, std::string text) {
  if (report.notes.size() < kNotesMax) {
    report.notes.push_back({line, listing.app, std::move(text)});
  } else {
    ++report.notes_dropped;
  }
}

// One line of JSON Lines.
Result<listing::Listing> read_listing(std::string_view text, std::size_t line, listing::ReadReport& report) {
  const codec::Json json = TRY(codec::parse_json(text));
  listing::Listing listing;
  std::vector<listing::FieldNote> notes;
  std::vector<std::string> unknown;
  for (const codec::JsonMember& member : *TRY(json.as_object())) {
    const std::optional<listing::Field> field = listing::field_named(member.first);
    if (!field) {
      unknown.push_back(member.first);
      continue;
    }
    if (member.second.is_null()) continue;
    if (member.second.is_string()) {
      listing::set_field(listing, *field, std::get<std::string>(member.second.value()), notes);
    } else {
      const double number = TRY(member.second.as_double(), member.first);
      listing::set_field(listing, *field, codec::to_shortest(number), notes);
    }
  }
  listing::fill_implied(listing, notes);
  for (const std::string& name : unknown)
    note(report, line, listing, fmt::format("unknown field '{}' was left out", name));
  for (listing::FieldNote& each : notes) {
    const auto place = static_cast<std::size_t>(each.field);
    ++(each.kind == listing::FieldNote::Kind::kRepaired ? report.repaired : report.dropped)[place];
    note(report, line, listing, std::move(each.text));
  }
  return listing;
}

}  // namespace

Result<PredictReport> predict(const model::RatingScorer& scorer, core::ByteSource& source,
                              const PredictOptions& options, os::Progress& progress,
                              const std::function<Result<void>(const ListingPrediction&)>& take) {
  TRY(check_level(scorer, options.level));
  PredictReport report;
  const auto answer = [&](const listing::Listing& listing) -> Result<void> {
    const model::RatingPrediction prediction = scorer.predict(listing);
    TRY(take({listing, prediction.prediction.value, *model::interval_at(prediction.prediction, options.level),
              prediction.answered_as, model::answer_warnings(scorer, listing, prediction.answered_as)}));
    ++report.listings;
    progress.advance();
    return {};
  };
  if (options.format == ListingFormat::kJsonLines) {
    codec::LineReader lines(source);
    while (true) {
      Result<std::optional<std::string_view>> line = lines.next();
      const std::string where = fmt::format("{}:{}", options.file_name, lines.line());
      const std::optional<std::string_view> text = TRY(std::move(line), where);
      if (!text) return report;
      const listing::Listing listing = TRY(read_listing(*text, lines.line(), report.read), where);
      ++report.read.rows;
      TRY(answer(listing));
    }
  }
  listing::ReaderOptions reader_options;
  reader_options.file_name = options.file_name;
  reader_options.rating_required = false;
  listing::ListingReader reader = TRY(listing::ListingReader::open(source, reader_options));
  while (true) {
    listing::Listing listing;
    if (TRY(reader.next(listing)) == listing::ListingRead::kEnd) break;
    TRY(answer(listing));
  }
  report.read = reader.report();
  return report;
}

}  // namespace starcast::app
