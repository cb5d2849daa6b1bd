// Limits and rules of MLflow's names and values (mlflow.md 4.3); each error is MLflow's text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace starcast::tracking {

inline constexpr std::size_t kKeyChars = 250;
inline constexpr std::size_t kParamValueChars = 6000;
inline constexpr std::size_t kRunTagValueChars = 8000;
inline constexpr std::size_t kExperimentTagValueChars = 20'000;
inline constexpr std::size_t kExperimentNameChars = 500;
inline constexpr std::size_t kArtifactLocationChars = 2048;
inline constexpr std::size_t kRegistryTagValueChars = 100'000;
inline constexpr std::size_t kBatchMetrics = 1000;
inline constexpr std::size_t kBatchParams = 100;
inline constexpr std::size_t kBatchTags = 100;
inline constexpr std::size_t kBatchItems = 1000;

// `^[/\w.\- :]*$` with Unicode \w, the normal-path rule, at most kKeyChars characters, no NUL. `path` names
// the field in the message ("params[0].key").
core::Result<void> check_metric_name(std::string_view name, std::string_view path);
core::Result<void> check_param_name(std::string_view name, std::string_view path);
core::Result<void> check_tag_name(std::string_view name, std::string_view path);
core::Result<void> check_run_id(std::string_view run_id);
// An integer; "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."
core::Result<std::int64_t> parse_experiment_id(std::string_view id);
core::Result<void> check_experiment_name(std::string_view name);
core::Result<void> check_model_name(std::string_view name);
core::Result<void> check_alias(std::string_view alias);
core::Result<std::int64_t> parse_model_version(std::string_view version);
// Values longer than `chars_max` characters are cut, or refused when `truncate` is off.
core::Result<std::string> fit_value(std::string value, std::size_t chars_max, bool truncate,
                                    std::string_view what);

}  // namespace starcast::tracking
