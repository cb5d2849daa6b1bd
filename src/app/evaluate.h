// evaluate: the package scores the test part; metrics, predictions and figures are written.
#pragma once

#include <optional>
#include <string>

#include "app/workspace.h"
#include "core/result.h"
#include "learn/evaluation.h"

namespace starcast::app {

struct EvaluateOptions {
  std::string listings = kListingsFile;
  std::string split = kSplitFile;
  std::string params = kParamsFile;
  std::string package = kPackageFolder;
  std::string metrics = kMetricsFile;
  std::string predictions = kPredictionsFile;
  std::string figures = kFiguresFolder;
};

struct EvaluateReport {
  learn::Evaluation evaluation;
  std::optional<learn::Evaluation> before_launch;  // of the same apps, without what only a launched app has
  model::TrainedOn trained_on;
  std::string learner;
  std::string objective;
  std::vector<std::string> figures;  // paths
};

core::Result<EvaluateReport> evaluate(const EvaluateOptions& options, const Context& context);

// What metrics.json holds: the evaluation and what model it is of.
codec::Json to_json(const EvaluateReport& report);

}  // namespace starcast::app
