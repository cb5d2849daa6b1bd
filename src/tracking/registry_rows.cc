#include "tracking/registry_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "codec/utf8.h"
#include "core/strings.h"
#include "tracking/model_versions.h"
#include "tracking/names.h"
#include "tracking/registered_models.h"
#include "tracking/run_rows.h"

namespace starcast::tracking {
namespace {

constexpr std::string_view kPromptTextTag = "mlflow.prompt.text";

std::string key_of(std::string_view name, std::int64_t version) {
  return fmt::format("{}\n{}", version, name);
}

// "WITH k(name, version) AS (VALUES …) `rest`", for one of few numbers of keys.
std::string with_keys(std::size_t count, std::string_view rest) {
  std::string sql = "WITH k(name, version) AS (VALUES (?, CAST(? AS INTEGER))";
  for (std::size_t i = 1; i < count; ++i) sql += ", (?, ?)";
  sql += ") ";
  sql += rest;
  return sql;
}

// Runs `rest` over all of `keys` (anything with .name and .version), many at a time.
template <typename Keys>
core::Result<void> query_keys(sql::Session& session, const Keys& keys, std::string_view rest,
                              const std::function<core::Result<void>(const sql::Row&)>& row) {
  constexpr std::size_t kMany = 200;
  constexpr std::size_t kFew = 10;
  for (std::size_t done = 0; done < keys.size();) {
    const std::size_t left = keys.size() - done;
    const std::size_t places = left == 1 ? 1 : left <= kFew ? kFew : kMany;
    std::vector<sql::Value> values;
    values.reserve(2 * places);
    for (std::size_t i = 0; i < places; ++i) {
      const bool filler = done + i >= keys.size();  // no version is 0
      values.emplace_back(filler ? std::string() : keys[done + i].name);
      values.emplace_back(filler ? std::int64_t{0} : keys[done + i].version);
    }
    TRY(session.query(with_keys(places, rest), values, row));
    done += places;
  }
  return {};
}

core::Error version_not_found(std::string_view name, std::int64_t version) {
  return core::Error(core::ErrorCode::kNotFound,
                     fmt::format("Model Version (name={}, version={}) not found", name, version));
}

core::Result<std::vector<ModelVersion>> query_versions(sql::Session& session,
                                                       std::span<const VersionKey> keys) {
  std::unordered_map<std::string, ModelVersion> found;
  const std::string sql = fmt::format(
      "SELECT {} FROM k CROSS JOIN model_versions v WHERE v.workspace = 'default' AND v.name = k.name AND "
      "v.version = k.version AND v.current_stage <> 'Deleted_Internal'",
      kVersionColumns);
  TRY(query_keys(session, keys, sql, [&](const sql::Row& row) -> core::Result<void> {
    ModelVersion version = read_version(row);
    std::string key = key_of(version.name, version.version);
    found.insert_or_assign(std::move(key), std::move(version));
    return {};
  }));
  std::vector<ModelVersion> versions;
  versions.reserve(found.size());
  for (const VersionKey& key : keys) {
    const auto at = found.find(key_of(key.name, key.version));
    if (at == found.end()) continue;
    versions.push_back(std::move(at->second));
    found.erase(at);
  }
  return versions;
}

}  // namespace

ModelVersion read_version(const sql::Row& row) {
  ModelVersion version;
  version.name = row.string(0);
  version.version = row.integer(1);
  version.creation_time = row.integer(2);
  version.last_update_time = row.integer(3);
  version.description = row.optional_string(4);
  version.user_id = row.string(5);
  version.stage = row.string(6);
  version.source = row.string(7);
  version.run_id = row.optional_string(8);
  version.status = row.string(9);
  version.status_message = row.string(10);
  version.run_link = row.optional_string(11);
  version.storage_location = row.string(12);
  return version;
}

core::Result<void> add_version_tags(sql::Session& session, std::vector<ModelVersion>& versions) {
  std::unordered_map<std::string, ModelVersion*> by_key;
  for (ModelVersion& version : versions) by_key.emplace(key_of(version.name, version.version), &version);
  return query_keys(
      session, versions,
      "SELECT t.name, t.version, t.\"key\", t.value FROM k CROSS JOIN model_version_tags t WHERE "
      "t.workspace = 'default' AND t.name = k.name AND t.version = k.version ORDER BY t.name, t.version, "
      "t.\"key\"",
      [&](const sql::Row& row) -> core::Result<void> {
        const auto at = by_key.find(key_of(row.text(0), row.integer(1)));
        if (at != by_key.end()) at->second->tags.push_back(Tag{row.string(2), row.string(3)});
        return {};
      });
}

core::Result<void> add_aliases(sql::Session& session, const std::string& name,
                               std::vector<ModelVersion>& versions) {
  return session.query(
      "SELECT alias, version FROM registered_model_aliases WHERE workspace = 'default' AND name = ? ORDER "
      "BY alias",
      {name}, [&](const sql::Row& row) -> core::Result<void> {
        const std::int64_t number = row.integer(1);
        for (ModelVersion& version : versions) {
          if (version.version == number) version.aliases.push_back(row.string(0));
        }
        return {};
      });
}

core::Result<std::vector<ModelVersion>> load_versions(sql::Session& session,
                                                      std::span<const VersionKey> keys) {
  std::vector<ModelVersion> versions = TRY(query_versions(session, keys));
  TRY(add_version_tags(session, versions));
  return versions;
}

core::Result<ModelVersion> load_version(sql::Session& session, const std::string& name,
                                        std::int64_t version) {
  const VersionKey key{name, version};
  std::vector<ModelVersion> found = TRY(load_versions(session, std::span<const VersionKey>(&key, 1)));
  if (found.empty()) return version_not_found(name, version);
  TRY(add_aliases(session, name, found));
  return std::move(found.front());
}

core::Result<void> require_version(sql::Session& session, const std::string& name, std::int64_t version) {
  std::size_t count = 0;
  TRY(session.query(
      "SELECT 1 FROM model_versions WHERE workspace = 'default' AND name = ? AND version = ? AND "
      "current_stage <> 'Deleted_Internal'",
      {name, version}, [&](const sql::Row&) -> core::Result<void> {
        ++count;
        return {};
      }));
  if (count == 0) return version_not_found(name, version);
  return {};
}

core::Error model_not_found(std::string_view name) {
  return core::Error(core::ErrorCode::kNotFound,
                     fmt::format("Registered Model with name={} not found", name));
}

core::Result<void> require_model(sql::Session& session, const std::string& name) {
  std::size_t count = 0;
  TRY(session.query("SELECT 1 FROM registered_models WHERE workspace = 'default' AND name = ?", {name},
                    [&](const sql::Row&) -> core::Result<void> {
                      ++count;
                      return {};
                    }));
  if (count == 0) return model_not_found(name);
  return {};
}

core::Result<ModelKind> kind_of_model(sql::Session& session, const std::string& name) {
  ModelKind kind = ModelKind::kModel;
  TRY(session.query(
      "SELECT value FROM registered_model_tags WHERE workspace = 'default' AND name = ? AND \"key\" = ?",
      {name, std::string(kIsPromptTag)}, [&](const sql::Row& row) -> core::Result<void> {
        if (core::ascii_lower(row.text(0)) == "true") kind = ModelKind::kPrompt;
        return {};
      }));
  return kind;
}

ModelKind kind_of_tags(const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    if (tag.key == kIsPromptTag && core::ascii_lower(tag.value) == "true") return ModelKind::kPrompt;
  }
  return ModelKind::kModel;
}

core::Result<std::optional<std::int64_t>> newest_version(sql::Session& session, const std::string& name,
                                                         std::string_view stage) {
  std::optional<std::int64_t> newest;
  const auto read = [&](const sql::Row& row) -> core::Result<void> {
    newest = row.optional_integer(0);
    return {};
  };
  if (stage.empty()) {
    TRY(
        session.query("SELECT MAX(version) FROM model_versions WHERE workspace = 'default' AND name = ? "
                      "AND current_stage <> 'Deleted_Internal'",
                      {name}, read));
  } else {
    TRY(
        session.query("SELECT MAX(version) FROM model_versions WHERE workspace = 'default' AND name = ? "
                      "AND current_stage = ?",
                      {name, std::string(stage)}, read));
  }
  return newest;
}

core::Result<std::int64_t> resolve_alias(sql::Session& session, const std::string& name,
                                         const std::string& alias) {
  TRY(require_model(session, name));
  if (core::ascii_lower(alias) == "latest") {
    const std::optional<std::int64_t> newest = TRY(newest_version(session, name, ""));
    if (!newest) {
      return core::Error(core::ErrorCode::kNotFound,
                         fmt::format("Latest version not found for model {}.", name));
    }
    return *newest;
  }
  std::optional<std::int64_t> version;
  TRY(session.query(
      "SELECT version FROM registered_model_aliases WHERE workspace = 'default' AND name = ? AND alias = ?",
      {name, alias}, [&](const sql::Row& row) -> core::Result<void> {
        version = row.integer(0);
        return {};
      }));
  if (!version) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("Registered model alias {} not found.", alias));
  }
  return *version;
}

core::Result<void> check_registry_tag(const Tag& tag) {
  TRY(check_tag_name(tag.key, "key"));
  TRY(check_text(tag.value, "value"));
  if (tag.key == kPromptTextTag && !fit_value(tag.value, kRegistryTagValueChars, false, "value")) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("Prompt text exceeds max length of {} characters.", kRegistryTagValueChars));
  }
  TRY(fit_value(tag.value, kRegistryTagValueChars, false, "value"));
  return {};
}

core::Result<std::vector<Tag>> checked_tags(const std::vector<Tag>& tags) {
  std::map<std::string, std::string> by_key;
  for (const Tag& tag : tags) {
    TRY(check_registry_tag(tag));
    by_key.insert_or_assign(tag.key, tag.value);
  }
  std::vector<Tag> last;
  last.reserve(by_key.size());
  for (const auto& [key, value] : by_key) last.push_back(Tag{key, value});
  return last;
}

core::Result<void> touch_model(sql::Session& session, const std::string& name, std::int64_t now_ms) {
  TRY(session.execute(
      "UPDATE registered_models SET last_updated_time = ? WHERE workspace = 'default' AND name = ?",
      {now_ms, name}));
  return {};
}

}  // namespace starcast::tracking
