// cv: the model's quality by cross-validation over all rated apps of the raw file, the mean over several
// shuffles.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/workspace.h"
#include "core/result.h"
#include "learn/cross_validation.h"

namespace starcast::app {

inline constexpr const char* kCrossValidationFile = "reports/cv.json";

struct CrossValidateOptions {
  std::string raw = kRawFile;
  std::string extra;  // another file whose apps train in every fold; names that occur in `raw` are left out
  std::string
      folds_file;  // CSV of row_in_csv,fold instead of shuffles; row_in_csv counts raw's data rows from 0
  std::size_t folds = 5;
  std::size_t shuffles = 3;
  std::string params = kParamsFile;
  std::optional<learn::Objective> objective{};  // instead of params.yaml's
  std::string out = kCrossValidationFile;
};

// Over the shuffles.
struct MeanAndSd {
  double mean = 0;
  double sd = 0;  // of the sample; 0 for one shuffle
};

// Something that predicts: its evaluations, one a shuffle.
struct CrossValidatedLearner {
  std::string name;  // "blend", a part of it, "before_launch", or a baseline
  std::vector<learn::Evaluation> evaluations;

  MeanAndSd over(const std::function<double(const learn::Evaluation&)>& value) const;
};

struct CrossValidateReport {
  std::string learner;    // of the plan: "boosted"
  std::string objective;  // "blend"
  std::size_t apps = 0;
  std::size_t extra_apps = 0;
  std::size_t folds = 0;
  std::vector<CrossValidatedLearner> learners;  // blend, its parts, before_launch
  std::vector<CrossValidatedLearner> baselines;
};

// Writes `out` and returns what it holds. kInvalidInput with file and line for a folds file that does not
// fit: another header, a row that the raw file lacks or that is listed twice, one app in two folds.
core::Result<CrossValidateReport> cross_validate(const CrossValidateOptions& options, const Context& context);

codec::Json to_json(const CrossValidateReport& report);

}  // namespace starcast::app
