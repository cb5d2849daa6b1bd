// logged-models/search.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/filter.h"
#include "tracking/search_page.h"
#include "tracking/store.h"

namespace starcast::tracking {

inline constexpr std::int64_t kLoggedModelsPageDefault = 100;
inline constexpr std::int64_t kLoggedModelsPageMax = 1000;

struct DatasetFilter {
  std::string name{};
  std::string digest{};  // "" is any
};

struct LoggedModelSearch {
  std::vector<std::string> experiment_ids{};
  std::string filter{};
  // A metric clause counts on these data sets only; without one, a model needs some metric on one of them.
  std::vector<DatasetFilter> datasets{};
  std::int64_t max_results = kLoggedModelsPageDefault;
  std::vector<OrderKey> order_by{};  // ties: creation_timestamp DESC, model_id
  std::string page_token{};
};

struct LoggedModelPage {
  std::vector<LoggedModel> models{};
  std::string next_page_token{};  // "" on the last page
};

// Not deleted ones. A model matches a metric clause when any of its points does, as in MLflow; it is ordered
// by the latest one.
core::Result<LoggedModelPage> search_logged_models(Store& store, const LoggedModelSearch& search);

}  // namespace starcast::tracking
