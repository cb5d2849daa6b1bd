// experiments/search, and the data sets that experiments' runs were given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/search_page.h"
#include "tracking/store.h"

namespace starcast::tracking {

inline constexpr std::int64_t kExperimentsPageMax = 50'000;

struct ExperimentSearch {
  std::string filter{};
  View view = View::kActiveOnly;
  std::int64_t max_results = 1000;
  std::vector<std::string> order_by{};  // none: creation_time DESC, experiment_id
  std::string page_token{};
};

struct ExperimentPage {
  std::vector<Experiment> experiments{};
  std::string next_page_token{};  // "" on the last page
};

core::Result<ExperimentPage> search_experiments(Store& store, const ExperimentSearch& search);

struct DatasetSummary {
  std::int64_t experiment_id = 0;
  std::string name{};
  std::string digest{};
  std::string context{};  // "" without one
};

// At most 1,000, as MLflow. kInvalidInput without an experiment.
core::Result<std::vector<DatasetSummary>> search_datasets(Store& store,
                                                          const std::vector<std::string>& experiment_ids);

}  // namespace starcast::tracking
