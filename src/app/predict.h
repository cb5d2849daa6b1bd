// predict: listings in, ratings with their intervals out, as a stream of any length.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/workspace.h"
#include "core/bytes.h"
#include "core/result.h"
#include "listing/reader.h"
#include "model/rating_scorer.h"

namespace starcast::app {

enum class ListingFormat {
  kCsv,
  kJsonLines,  // an object of the model's columns a line, as /v1/predict takes it
};

struct PredictOptions {
  std::string file_name;  // for messages: "-" for standard input
  double level = 0.8;
  ListingFormat format = ListingFormat::kCsv;
};

struct ListingPrediction {
  const listing::Listing& listing;
  double rating;
  model::Interval interval;
  model::LaunchCase answered_as;
  std::vector<std::string> warnings;  // see model::answer_warnings
};

struct PredictReport {
  std::size_t listings = 0;
  listing::ReadReport read;  // of JSON Lines: rows, and what was repaired or dropped, as notes
};

// kInvalidInput, with the levels that there are, when the model is not calibrated at `level`.
core::Result<void> check_level(const model::RatingScorer& scorer, double level);

// Hands each prediction to `take`, in the order of the file. kInvalidInput: a level that the model is not
// calibrated at, and the reader's own; of JSON Lines a line that is no object, or a member that is a list or
// an object. Members that the model does not know are noted.
core::Result<PredictReport> predict(const model::RatingScorer& scorer, core::ByteSource& source,
                                    const PredictOptions& options, os::Progress& progress,
                                    const std::function<core::Result<void>(const ListingPrediction&)>& take);

}  // namespace starcast::app
