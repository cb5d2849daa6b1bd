// Where a model version may come from: the checks of its `source` (mlflow.md 4.5, security.md 3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tracking/source_pattern.h"

namespace starcast::tracking {

// What the operator allows.
struct SourceOptions {
  // MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES, e.g. {"hdfs", "https"}.
  std::vector<std::string> allowed_host_schemes{};
  // URIs whose hosts are ours: the default artifact root and the artifact destination.
  std::vector<std::string> own_roots{};
  SourcePattern source_pattern{};
};

// Refuses a URI whose scheme names a host that is not ours; `field` is "source" or "artifact_location".
core::Result<void> check_host(std::string_view uri, std::string_view field, const SourceOptions& options);

// Refuses relative parts and NULs of a source that is no local path, however they are encoded.
core::Result<void> check_absolute(std::string_view source);

// What every source must be: not too long, without control characters, of the operator's pattern, with no
// foreign host.
core::Result<void> check_source_text(std::string_view source, const SourceOptions& options);

// Sources of prompts are one of MLflow's placeholders.
core::Result<void> check_prompt_source(std::string_view source);

// What "models:/…" names: a logged model, or a version of a registered model by exactly one of number, stage,
// alias and "latest".
struct ModelsUri {
  std::string model_id{};
  std::string name{};
  std::optional<std::int64_t> version{};
  std::string stage{};
  std::string alias{};
};
bool is_models_uri(std::string_view source);
core::Result<ModelsUri> parse_models_uri(std::string_view source);

// The place that a request says its source lies in.
struct SourceOwner {
  enum class Kind { kRun, kLoggedModel };
  Kind kind = Kind::kRun;
  std::string id{};  // "" : the request names none
  // Where its artifacts are; absent: there is no such run or model.
  std::optional<std::string> artifact_uri{};
};

// A local path, a runs:/ URI, a models:/m-… URI and an artifact of this server must lie inside its owner;
// all others only have to be absolute. "models:/name/1" is for whoever knows the registry to look up.
core::Result<void> check_source_owner(std::string_view source, const SourceOwner& owner);

// "Invalid model version source: '…'. <reason>"
core::Error invalid_source(std::string_view source, std::string_view reason);

}  // namespace starcast::tracking
