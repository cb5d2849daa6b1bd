#include "tracking/registered_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/strings.h"
#include "tracking/in_list.h"
#include "tracking/model_versions.h"
#include "tracking/names.h"
#include "tracking/registry_rows.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

std::vector<sql::Value> values_of(std::span<const std::string> names) {
  return std::vector<sql::Value>(names.begin(), names.end());
}

// One a stage and model, with tags; by name, then version.
core::Result<std::vector<ModelVersion>> load_latest(sql::Session& session,
                                                    std::span<const std::string> names) {
  std::vector<ModelVersion> versions;
  // The newest numbers first: the other way round, SQLite would read every version there is.
  const std::string before = fmt::format(
      "SELECT {} FROM (SELECT name, current_stage, MAX(version) AS newest FROM model_versions WHERE "
      "workspace = 'default' AND current_stage <> 'Deleted_Internal' AND name",
      kVersionColumns);
  TRY(query_in(session, before,
               " GROUP BY name, current_stage) l CROSS JOIN model_versions v WHERE v.workspace = 'default' "
               "AND v.name = l.name AND v.version = l.newest ORDER BY v.name, v.version",
               values_of(names), [&](const sql::Row& row) -> core::Result<void> {
                 versions.push_back(read_version(row));
                 return {};
               }));
  TRY(add_version_tags(session, versions));
  return versions;
}

core::Result<RegisteredModel> load_model(sql::Session& session, const std::string& name) {
  std::vector<RegisteredModel> models = TRY(load_models(session, std::span<const std::string>(&name, 1)));
  if (models.empty()) return model_not_found(name);
  return std::move(models.front());
}

core::Error name_is_taken(const std::string& name, ModelKind old_kind, ModelKind new_kind) {
  const std::string_view old_text = old_kind == ModelKind::kPrompt ? "prompt" : "registered model";
  const std::string_view new_text = new_kind == ModelKind::kPrompt ? "prompt" : "registered model";
  if (old_kind != new_kind) {
    return core::Error(
        core::ErrorCode::kAlreadyExists,
        fmt::format("Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does "
                    "not allow creating a model and a prompt with the same name.",
                    new_text, python_repr(name), old_text));
  }
  return core::Error(core::ErrorCode::kAlreadyExists,
                     fmt::format("{} (name={}) already exists.",
                                 new_kind == ModelKind::kPrompt ? "Prompt" : "Registered Model", name));
}

core::Result<void> store_tag(sql::Session& session, const std::string& name, const Tag& tag) {
  TRY(session.execute(
      "INSERT INTO registered_model_tags (workspace, name, \"key\", value) VALUES ('default', ?, ?, ?) ON "
      "CONFLICT (workspace, \"key\", name) DO UPDATE SET value = excluded.value",
      {name, tag.key, tag.value}));
  return {};
}

core::Result<void> check_description(const std::string& description) {
  TRY(check_text(description, "description"));
  TRY(fit_value(description, kRegistryTagValueChars, false, "description"));
  return {};
}

// "latest" and "v1" can be asked for, though nobody can set them.
core::Result<void> check_alias_to_find(const std::string& alias) {
  const core::Result<void> checked = check_alias(alias);
  if (checked) return {};
  const std::string lower = core::ascii_lower(alias);
  const bool numbered =
      lower.size() > 1 && lower[0] == 'v' && lower.find_first_not_of("0123456789", 1) == std::string::npos;
  if (lower == "latest" || numbered) return {};
  return checked;
}

}  // namespace

core::Result<std::vector<RegisteredModel>> load_models(sql::Session& session,
                                                       std::span<const std::string> names) {
  const std::vector<sql::Value> values = values_of(names);
  std::unordered_map<std::string, RegisteredModel> found;
  TRY(query_in(
      session,
      "SELECT name, creation_time, last_updated_time, description FROM registered_models WHERE workspace = "
      "'default' AND name",
      "", values, [&](const sql::Row& row) -> core::Result<void> {
        RegisteredModel model;
        model.name = row.string(0);
        model.creation_time = row.integer(1);
        model.last_update_time = row.integer(2);
        model.description = row.string(3);
        found.insert_or_assign(model.name, std::move(model));
        return {};
      }));
  TRY(query_in(session,
               "SELECT name, \"key\", value FROM registered_model_tags WHERE workspace = 'default' AND name",
               " ORDER BY name, \"key\"", values, [&](const sql::Row& row) -> core::Result<void> {
                 const auto at = found.find(row.string(0));
                 if (at != found.end()) at->second.tags.push_back(Tag{row.string(1), row.string(2)});
                 return {};
               }));
  TRY(query_in(
      session,
      "SELECT name, alias, version FROM registered_model_aliases WHERE workspace = 'default' AND name",
      " ORDER BY name, alias", values, [&](const sql::Row& row) -> core::Result<void> {
        const auto at = found.find(row.string(0));
        if (at != found.end()) at->second.aliases.push_back(ModelAlias{row.string(1), row.integer(2)});
        return {};
      }));
  std::vector<ModelVersion> latest = TRY(load_latest(session, names));
  for (ModelVersion& version : latest) {
    const auto at = found.find(version.name);
    if (at != found.end()) at->second.latest_versions.push_back(std::move(version));
  }
  std::vector<RegisteredModel> models;
  models.reserve(found.size());
  for (const std::string& name : names) {
    const auto at = found.find(name);
    if (at == found.end()) continue;
    models.push_back(std::move(at->second));
    found.erase(at);
  }
  return models;
}

core::Result<RegisteredModel> RegisteredModels::create(const NewRegisteredModel& model) {
  TRY(check_model_name(model.name));
  TRY(check_description(model.description));
  const std::vector<Tag> tags = TRY(checked_tags(model.tags));
  const std::int64_t now = store_.now_ms();
  return write_value<RegisteredModel>(
      store_.database(), [&](sql::Session& session) -> core::Result<RegisteredModel> {
        const core::Result<void> there = require_model(session, model.name);
        if (there) {
          const ModelKind old_kind = TRY(kind_of_model(session, model.name));
          return name_is_taken(model.name, old_kind, kind_of_tags(tags));
        }
        if (there.error().code() != core::ErrorCode::kNotFound) return there.error();
        TRY(session.execute(
            "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, "
            "description) VALUES ('default', ?, ?, ?, ?)",
            {model.name, now, now, model.description}));
        for (const Tag& tag : tags) TRY(store_tag(session, model.name, tag));
        return load_model(session, model.name);
      });
}

core::Result<RegisteredModel> RegisteredModels::find(const std::string& name) {
  TRY(check_model_name(name));
  return read_value<RegisteredModel>(
      store_.database(),
      [&](sql::Session& session) -> core::Result<RegisteredModel> { return load_model(session, name); });
}

core::Result<RegisteredModel> RegisteredModels::rename(const std::string& name, const std::string& new_name) {
  TRY(check_model_name(name));
  if (core::trimmed(new_name).empty()) return invalid("Missing value for required parameter 'new_name'.");
  TRY(check_model_name(new_name));
  const std::int64_t now = store_.now_ms();
  return write_value<RegisteredModel>(
      store_.database(), [&](sql::Session& session) -> core::Result<RegisteredModel> {
        TRY(require_model(session, name));
        if (new_name != name) {
          const core::Result<void> taken = require_model(session, new_name);
          if (taken) return name_is_taken(new_name, ModelKind::kModel, ModelKind::kModel);
          if (taken.error().code() != core::ErrorCode::kNotFound) return taken.error();
        }
        // The foreign keys take versions, tags and aliases along.
        TRY(
            session.execute("UPDATE registered_models SET name = ?, last_updated_time = ? WHERE workspace "
                            "= 'default' AND name = ?",
                            {new_name, now, name}));
        TRY(session.execute(
            "UPDATE model_versions SET last_updated_time = ? WHERE workspace = 'default' AND name = ?",
            {now, new_name}));
        return load_model(session, new_name);
      });
}

core::Result<RegisteredModel> RegisteredModels::describe(const std::string& name,
                                                         const std::string& description) {
  TRY(check_model_name(name));
  TRY(check_description(description));
  const std::int64_t now = store_.now_ms();
  return write_value<RegisteredModel>(
      store_.database(), [&](sql::Session& session) -> core::Result<RegisteredModel> {
        TRY(require_model(session, name));
        TRY(session.execute(
            "UPDATE registered_models SET description = ?, last_updated_time = ? WHERE workspace = "
            "'default' AND name = ?",
            {description, now, name}));
        return load_model(session, name);
      });
}

core::Result<void> RegisteredModels::remove(const std::string& name) {
  TRY(check_model_name(name));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_model(session, name));
    TRY(session.execute("DELETE FROM model_version_tags WHERE workspace = 'default' AND name = ?", {name}));
    TRY(session.execute("DELETE FROM model_versions WHERE workspace = 'default' AND name = ?", {name}));
    TRY(session.execute("DELETE FROM registered_model_tags WHERE workspace = 'default' AND name = ?",
                        {name}));
    TRY(session.execute("DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = ?",
                        {name}));
    TRY(session.execute("DELETE FROM registered_models WHERE workspace = 'default' AND name = ?", {name}));
    return {};
  });
}

core::Result<std::vector<ModelVersion>> RegisteredModels::latest_versions(
    const std::string& name, const std::vector<std::string>& stages) {
  TRY(check_model_name(name));
  std::vector<std::string> wanted;
  for (const std::string& stage : stages) wanted.push_back(TRY(canonical_stage(stage)));
  using Versions = std::vector<ModelVersion>;
  return read_value<Versions>(store_.database(), [&](sql::Session& session) -> core::Result<Versions> {
    TRY(require_model(session, name));
    Versions latest = TRY(load_latest(session, std::span<const std::string>(&name, 1)));
    if (!wanted.empty()) {
      std::erase_if(latest, [&](const ModelVersion& version) {
        return std::find(wanted.begin(), wanted.end(), version.stage) == wanted.end();
      });
    }
    TRY(add_aliases(session, name, latest));
    return latest;
  });
}

core::Result<void> RegisteredModels::set_tag(const std::string& name, const Tag& tag) {
  TRY(check_model_name(name));
  TRY(check_registry_tag(tag));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_model(session, name));
    return store_tag(session, name, tag);
  });
}

core::Result<void> RegisteredModels::delete_tag(const std::string& name, const std::string& key) {
  TRY(check_model_name(name));
  TRY(check_tag_name(key, "key"));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_model(session, name));
    TRY(session.execute(
        "DELETE FROM registered_model_tags WHERE workspace = 'default' AND name = ? AND \"key\" = ?",
        {name, key}));
    return {};
  });
}

core::Result<void> RegisteredModels::set_alias(const std::string& name, const std::string& alias,
                                               const std::string& version) {
  TRY(check_model_name(name));
  TRY(check_alias(alias));
  const std::int64_t number = TRY(parse_model_version(version));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_version(session, name, number));
    TRY(
        session.execute("INSERT INTO registered_model_aliases (workspace, name, alias, version) VALUES "
                        "('default', ?, ?, ?) ON CONFLICT (workspace, name, alias) DO UPDATE SET version = "
                        "excluded.version",
                        {name, alias, number}));
    return {};
  });
}

core::Result<void> RegisteredModels::delete_alias(const std::string& name, const std::string& alias) {
  TRY(check_model_name(name));
  TRY(check_alias_to_find(alias));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_model(session, name));
    TRY(session.execute(
        "DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = ? AND alias = ?",
        {name, alias}));
    return {};
  });
}

core::Result<ModelVersion> RegisteredModels::version_by_alias(const std::string& name,
                                                              const std::string& alias) {
  TRY(check_model_name(name));
  TRY(check_alias_to_find(alias));
  return read_value<ModelVersion>(store_.database(),
                                  [&](sql::Session& session) -> core::Result<ModelVersion> {
                                    const std::int64_t version = TRY(resolve_alias(session, name, alias));
                                    return load_version(session, name, version);
                                  });
}

}  // namespace starcast::tracking
