// train: the training part becomes a model package, and a run in the tracking store (app/run_log.h).
#pragma once

#include <optional>
#include <string>

#include "app/workspace.h"
#include "core/result.h"
#include "learn/rating_trainer.h"

namespace starcast::app {

struct TrainOptions {
  std::string listings = kListingsFile;
  std::string split = kSplitFile;
  std::string params = kParamsFile;
  std::string out = kPackageFolder;
  std::optional<learn::Learner> learner;      // instead of params.yaml's, with that learner's defaults
  std::optional<learn::Objective> objective;  // instead of params.yaml's
};

struct TrainReport {
  std::string learner;
  std::string objective;
  model::TrainedOn trained_on;
  std::string package;
  double seconds = 0;
  std::string run_id;  // of the run that it was reported as; "" when that waits in the spool, or is off
  std::string store;
};

core::Result<TrainReport> train(const TrainOptions& options, const Context& context);

}  // namespace starcast::app
