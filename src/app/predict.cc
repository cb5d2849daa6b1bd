#include "app/predict.h"

#include <fmt/format.h>

#include <utility>

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

Result<PredictReport> predict(const model::RatingScorer& scorer, core::ByteSource& source,
                              const PredictOptions& options, os::Progress& progress,
                              const std::function<Result<void>(const ListingPrediction&)>& take) {
  TRY(check_level(scorer, options.level));
  listing::ReaderOptions reader_options;
  reader_options.file_name = options.file_name;
  reader_options.rating_required = false;
  listing::ListingReader reader = TRY(listing::ListingReader::open(source, reader_options));
  PredictReport report;
  while (true) {
    listing::Listing listing;
    if (TRY(reader.next(listing)) == listing::ListingRead::kEnd) break;
    const model::RatingPrediction answer = scorer.predict(listing);
    TRY(take({listing, answer.prediction.value, *model::interval_at(answer.prediction, options.level),
              answer.answered_as, model::answer_warnings(scorer, listing, answer.answered_as)}));
    ++report.listings;
    progress.advance();
  }
  report.read = reader.report();
  return report;
}

}  // namespace starcast::app
