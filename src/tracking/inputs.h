// What a run was fed with and what it made: datasets and logged models.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/store.h"

namespace starcast::tracking {

// Thread-safe. Each call is one transaction; deleted runs are refused.
class Inputs {
 public:
  explicit Inputs(Store& store) : store_(store) {}

  // Of datasets with equal name and digest the first counts; what is linked already stays as it is.
  core::Result<void> log_inputs(const std::string& run_id, const std::vector<DatasetInput>& datasets,
                                const std::vector<std::string>& model_ids);
  // A model that the run made already, at another step, is an error.
  core::Result<void> log_outputs(const std::string& run_id, const std::vector<ModelOutput>& models);

 private:
  Store& store_;
};

}  // namespace starcast::tracking
