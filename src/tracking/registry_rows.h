// What registered models and their versions share: rows, checks and look-ups inside a transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/entities.h"

namespace starcast::tracking {

// Of a row of model_versions named v; read_version() reads them from column 0.
inline constexpr std::string_view kVersionColumns =
    "v.name, v.version, v.creation_time, v.last_updated_time, v.description, v.user_id, v.current_stage, "
    "v.source, v.run_id, v.status, v.status_message, v.run_link, v.storage_location";
ModelVersion read_version(const sql::Row& row);

// By key.
core::Result<void> add_version_tags(sql::Session& session, std::vector<ModelVersion>& versions);
// All `versions` belong to the model of that name; by alias.
core::Result<void> add_aliases(sql::Session& session, const std::string& name,
                               std::vector<ModelVersion>& versions);

// With tags and aliases: "Model Version (name=x, version=1) not found".
core::Result<ModelVersion> load_version(sql::Session& session, const std::string& name, std::int64_t version);
// The same as a check: the version must be there and not deleted.
core::Result<void> require_version(sql::Session& session, const std::string& name, std::int64_t version);
// "Registered Model with name=x not found".
core::Result<void> require_model(sql::Session& session, const std::string& name);
core::Error model_not_found(std::string_view name);

enum class ModelKind { kModel, kPrompt };
core::Result<ModelKind> kind_of_model(sql::Session& session, const std::string& name);
ModelKind kind_of_tags(const std::vector<Tag>& tags);

// The model's newest version, of all stages when `stage` is ""; absent when there is none.
core::Result<std::optional<std::int64_t>> newest_version(sql::Session& session, const std::string& name,
                                                         std::string_view stage);
// Which version an alias means, "latest" included; the model must be there.
core::Result<std::int64_t> resolve_alias(sql::Session& session, const std::string& name,
                                         const std::string& alias);

// Refuses names and values that MLflow refuses; of equal keys the last one stays.
core::Result<std::vector<Tag>> checked_tags(const std::vector<Tag>& tags);
core::Result<void> check_registry_tag(const Tag& tag);

core::Result<void> touch_model(sql::Session& session, const std::string& name, std::int64_t now_ms);

}  // namespace starcast::tracking
