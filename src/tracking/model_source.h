// Where a model version may come from: the checks of its `source` (mlflow.md 4.5, security.md 3.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace starcast::tracking {

// What the operator allows.
struct SourceOptions {
  // MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES, e.g. {"hdfs", "https"}.
  std::vector<std::string> allowed_host_schemes{};
  // URIs whose hosts are ours: the default artifact root and the artifact destination.
  std::vector<std::string> own_roots{};
};

// Refuses a URI whose scheme names a host that is not ours; `field` is "source" or "artifact_location".
core::Result<void> check_host(std::string_view uri, std::string_view field, const SourceOptions& options);

}  // namespace starcast::tracking
