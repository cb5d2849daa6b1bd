// runs/search: filter, order and pages over any number of runs (mlflow.md 5).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/search_page.h"
#include "tracking/store.h"

namespace starcast::tracking {

inline constexpr std::int64_t kRunsPageDefault = 1000;
inline constexpr std::int64_t kRunsPageMax = 50'000;

struct RunSearch {
  std::vector<std::string> experiment_ids{};  // none: no runs
  std::string filter{};
  View view = View::kActiveOnly;
  std::int64_t max_results = kRunsPageDefault;
  std::vector<std::string> order_by{};  // ties: start_time DESC, run_id
  std::string page_token{};
};

struct RunPage {
  std::vector<Run> runs{};
  std::string next_page_token{};  // "" on the last page
};

// Pages are by the last run's keys, so that runs that come and go meanwhile neither repeat nor hide others.
// The time does not grow with the number of runs when the order is by start time, one metric, param or tag,
// or when a clause that all matches fulfil names few runs. kInvalidInput with MLflow's texts.
core::Result<RunPage> search_runs(Store& store, const RunSearch& search);
// The same, each run given away as soon as it is loaded, so that a long page is never held whole; the next
// page's token.
core::Result<std::string> search_runs(Store& store, const RunSearch& search,
                                      const std::function<void(Run)>& each);

}  // namespace starcast::tracking
