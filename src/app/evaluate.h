// evaluate: the package scores the test part; metrics, predictions, figures, report and model card are
// written.
#pragma once

#include <optional>
#include <string>

#include "app/single_row_time.h"
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
  std::string data_report =
      kDataReportFile;  // prepare's; where it is absent, the report says nothing of the data
  std::string report = kReportFile;
  std::string model_card = kModelCardFile;
  // Also the report with what one answer costs on this machine; for people, no out of the pipeline. Empty:
  // not.
  std::string timed_report;
};

struct EvaluateReport {
  learn::Evaluation evaluation;
  std::optional<learn::Evaluation> before_launch;  // of the same apps, without what only a launched app has
  model::TrainedOn trained_on;
  std::string learner;
  std::string objective;
  std::vector<std::string> figures;              // paths
  std::optional<SingleRowTime> single_row_time;  // where options.timed_report asks for it
};

// Writes all of its files or none; the same workspace gives the same bytes.
core::Result<EvaluateReport> evaluate(const EvaluateOptions& options, const Context& context);

// What metrics.json holds: the evaluation and what model it is of.
codec::Json to_json(const EvaluateReport& report);

}  // namespace starcast::app
