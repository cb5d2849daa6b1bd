// registered-models/search and model-versions/search. Both leave prompts out unless the filter asks for them
// (mlflow.md 2.6).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/search_page.h"
#include "tracking/store.h"

namespace starcast::tracking {

inline constexpr std::int64_t kRegisteredModelsPageDefault = 100;
inline constexpr std::int64_t kRegisteredModelsPageMax = 1000;
inline constexpr std::int64_t kModelVersionsPageDefault = 10'000;
inline constexpr std::int64_t kModelVersionsPageMax = 200'000;

struct RegistrySearch {
  std::string filter{};
  std::int64_t max_results = kRegisteredModelsPageDefault;
  std::vector<std::string> order_by{};
  std::string page_token{};
};

struct RegisteredModelPage {
  std::vector<RegisteredModel> models{};
  std::string next_page_token{};  // "" on the last page
};

struct ModelVersionPage {
  std::vector<ModelVersion> versions{};
  std::string next_page_token{};
};

// By name where order_by says nothing.
core::Result<RegisteredModelPage> search_registered_models(Store& store, const RegistrySearch& search);
// By last_updated_timestamp DESC, name, version_number DESC. Never deleted ones.
core::Result<ModelVersionPage> search_model_versions(Store& store, const RegistrySearch& search);

}  // namespace starcast::tracking
