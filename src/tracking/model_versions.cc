#include "tracking/model_versions.h"

#include <fmt/format.h>

#include <utility>

#include "core/strings.h"
#include "tracking/logged_models.h"
#include "tracking/names.h"
#include "tracking/registry_rows.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

constexpr std::size_t kDescriptionChars = kRegistryTagValueChars;
constexpr std::size_t kLinkChars = 2048;
constexpr std::size_t kRunIdChars = 256;

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

core::Result<void> check_field(const std::string& value, std::size_t chars_max, std::string_view field) {
  TRY(check_text(value, field));
  TRY(fit_value(value, chars_max, false, field));
  return {};
}

// Where a version comes from, all of it checked.
struct Origin {
  std::string source{};
  std::string storage_location{};
  std::string run_id{};
  std::optional<LoggedModel> model{};  // to be told of the version
};

core::Result<std::optional<std::string>> find_run_artifacts(sql::Session& session,
                                                            const std::string& run_id) {
  std::optional<std::string> artifact_uri;
  TRY(session.query("SELECT artifact_uri FROM runs WHERE run_uuid = ?", {run_id},
                    [&](const sql::Row& row) -> core::Result<void> {
                      artifact_uri = row.string(0);
                      return {};
                    }));
  return artifact_uri;
}

core::Result<SourceOwner> find_owner(sql::Session& session, const std::string& run_id,
                                     const std::string& model_id) {
  SourceOwner owner;
  if (model_id.empty()) {
    owner.id = run_id;
    if (!run_id.empty()) owner.artifact_uri = TRY(find_run_artifacts(session, run_id));
    return owner;
  }
  owner.kind = SourceOwner::Kind::kLoggedModel;
  owner.id = model_id;
  const core::Result<LoggedModel> model = require_logged_model(session, model_id, Deleted::kHidden);
  if (model) {
    owner.artifact_uri = model->artifact_location;
  } else if (model.error().code() != core::ErrorCode::kNotFound) {
    return model.error();
  }
  return owner;
}

core::Result<std::int64_t> resolve_version(sql::Session& session, const ModelsUri& uri) {
  if (uri.version) return *uri.version;
  if (!uri.alias.empty()) return resolve_alias(session, uri.name, uri.alias);
  const std::string stage = uri.stage.empty() ? "" : TRY(canonical_stage(uri.stage));
  const std::optional<std::int64_t> newest = TRY(newest_version(session, uri.name, stage));
  if (newest) return *newest;
  const std::string with_stage = stage.empty() ? "" : fmt::format(" and stage '{}'", uri.stage);
  return invalid(fmt::format("No versions of model with name '{}'{} found", uri.name, with_stage));
}

// A source "models:/name/1" is followed: run and storage location are those of that version.
core::Result<Origin> origin_of_version(sql::Session& session, const NewModelVersion& wanted,
                                       const ModelsUri& uri) {
  TRY(check_model_name(uri.name));
  TRY(require_model(session, uri.name));
  if (TRY(kind_of_model(session, uri.name)) == ModelKind::kPrompt) {
    return invalid_source(wanted.source, "Prompt versions cannot be used as model version sources.");
  }
  const std::int64_t number = TRY(resolve_version(session, uri));
  const ModelVersion version = TRY(load_version(session, uri.name, number));
  const std::string run_id = version.run_id.value_or("");
  if (wanted.run_id.value_or(run_id) != run_id || !wanted.model_id.value_or("").empty()) {
    return invalid_source(
        wanted.source, "The run_id and model_id request parameters must match the referenced model version.");
  }
  Origin origin;
  origin.source = fmt::format("models:/{}/{}", uri.name, number);
  origin.storage_location = version.storage_location.empty() ? version.source : version.storage_location;
  origin.run_id = run_id;
  return origin;
}

core::Result<Origin> origin_of(sql::Session& session, const NewModelVersion& wanted, ModelKind kind) {
  ModelsUri named;
  if (kind == ModelKind::kModel && is_models_uri(wanted.source)) {
    named = TRY(parse_models_uri(wanted.source));
    if (named.model_id.empty()) return origin_of_version(session, wanted, named);
  }
  Origin origin;
  origin.source = wanted.source;
  origin.storage_location = wanted.source;
  origin.run_id = wanted.run_id.value_or("");
  const std::string model_id = wanted.model_id.value_or("");
  if (kind == ModelKind::kModel) {
    const SourceOwner owner = TRY(find_owner(session, origin.run_id, model_id));
    TRY(check_source_owner(wanted.source, owner));
  }
  if (model_id.empty()) return origin;
  core::Result<LoggedModel> model = require_logged_model(session, model_id, Deleted::kHidden);
  if (!model) {
    if (named.model_id.empty() || model.error().code() != core::ErrorCode::kNotFound) return model.error();
    return invalid(
        fmt::format("Unable to fetch model from model URI source artifact location '{}'. Error: {}",
                    wanted.source, model.error().message()));
  }
  if (!named.model_id.empty()) origin.storage_location = model->artifact_location;
  if (origin.run_id.empty()) origin.run_id = model->source_run_id;
  if (kind == ModelKind::kModel) origin.model = std::move(model).value();
  return origin;
}

core::Result<std::int64_t> next_version(sql::Session& session, const std::string& name) {
  std::int64_t last = 0;  // deleted ones count: a number is never given again
  TRY(session.query("SELECT MAX(version) FROM model_versions WHERE workspace = 'default' AND name = ?",
                    {name}, [&](const sql::Row& row) -> core::Result<void> {
                      last = row.integer(0);
                      return {};
                    }));
  return last + 1;
}

core::Result<void> store_tag(sql::Session& session, const std::string& name, std::int64_t version,
                             const Tag& tag) {
  TRY(session.execute(
      "INSERT INTO model_version_tags (workspace, name, version, \"key\", value) VALUES ('default', ?, ?, "
      "?, ?) ON CONFLICT (workspace, \"key\", name, version) DO UPDATE SET value = excluded.value",
      {name, version, tag.key, tag.value}));
  return {};
}

}  // namespace

core::Result<std::string> canonical_stage(std::string_view stage) {
  const std::string lower = core::ascii_lower(stage);
  for (const std::string_view known : kStages) {
    if (core::ascii_lower(known) == lower) return std::string(known);
  }
  return invalid(
      fmt::format("Invalid Model Version stage: {}. Value must be one of None, Staging, Production, "
                  "Archived.",
                  stage));
}

core::Result<ModelVersion> ModelVersions::create(const NewModelVersion& wanted) {
  TRY(check_model_name(wanted.name));
  const std::vector<Tag> tags = TRY(checked_tags(wanted.tags));
  const ModelKind kind = kind_of_tags(tags);
  if (kind == ModelKind::kPrompt) TRY(check_prompt_source(wanted.source));
  TRY(check_source_text(wanted.source, options_));
  TRY(check_field(wanted.description, kDescriptionChars, "description"));
  TRY(check_field(wanted.run_link, kLinkChars, "run_link"));
  TRY(check_field(wanted.run_id.value_or(""), kRunIdChars, "run_id"));
  const std::int64_t now = store_.now_ms();
  return write_value<ModelVersion>(
      store_.database(), [&](sql::Session& session) -> core::Result<ModelVersion> {
        const Origin origin = TRY(origin_of(session, wanted, kind));
        TRY(require_model(session, wanted.name));
        const std::int64_t version = TRY(next_version(session, wanted.name));
        TRY(
            session.execute("INSERT INTO model_versions (workspace, name, version, creation_time, "
                            "last_updated_time, description, current_stage, source, run_id, status, "
                            "run_link, storage_location) VALUES ('default', ?, ?, ?, ?, ?, 'None', ?, ?, "
                            "'READY', ?, ?)",
                            {wanted.name, version, now, now, wanted.description, origin.source, origin.run_id,
                             wanted.run_link, origin.storage_location}));
        for (const Tag& tag : tags) TRY(store_tag(session, wanted.name, version, tag));
        TRY(touch_model(session, wanted.name, now));
        if (origin.model) TRY(note_model_version(session, *origin.model, wanted.name, version));
        return load_version(session, wanted.name, version);
      });
}

core::Result<ModelVersion> ModelVersions::find(const std::string& name, const std::string& version) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  return read_value<ModelVersion>(store_.database(),
                                  [&](sql::Session& session) -> core::Result<ModelVersion> {
                                    return load_version(session, name, number);
                                  });
}

core::Result<ModelVersion> ModelVersions::describe(const std::string& name, const std::string& version,
                                                   const std::optional<std::string>& description) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  TRY(check_field(description.value_or(""), kDescriptionChars, "description"));
  const std::int64_t now = store_.now_ms();
  const sql::Value text = description ? sql::Value(*description) : sql::Value(nullptr);
  return write_value<ModelVersion>(
      store_.database(), [&](sql::Session& session) -> core::Result<ModelVersion> {
        TRY(require_version(session, name, number));
        TRY(session.execute(
            "UPDATE model_versions SET description = ?, last_updated_time = ? WHERE workspace = 'default' "
            "AND name = ? AND version = ?",
            {text, now, name, number}));
        return load_version(session, name, number);
      });
}

core::Result<ModelVersion> ModelVersions::transition(const std::string& name, const std::string& version,
                                                     const std::string& stage, ArchiveOthers archive) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  const std::string target = TRY(canonical_stage(stage));
  if (archive == ArchiveOthers::kYes && target != "Staging" && target != "Production") {
    return invalid(
        fmt::format("Model version transition cannot archive existing model versions because '{}' is not "
                    "an Active stage. Valid stages are ['Staging', 'Production']",
                    stage));
  }
  const std::int64_t now = store_.now_ms();
  return write_value<ModelVersion>(
      store_.database(), [&](sql::Session& session) -> core::Result<ModelVersion> {
        TRY(require_version(session, name, number));
        if (archive == ArchiveOthers::kYes) {
          TRY(session.execute(
              "UPDATE model_versions SET current_stage = 'Archived', last_updated_time = ? WHERE workspace "
              "= 'default' AND name = ? AND version <> ? AND current_stage = ?",
              {now, name, number, target}));
        }
        TRY(session.execute(
            "UPDATE model_versions SET current_stage = ?, last_updated_time = ? WHERE workspace = "
            "'default' AND name = ? AND version = ?",
            {target, now, name, number}));
        TRY(touch_model(session, name, now));
        return load_version(session, name, number);
      });
}

core::Result<void> ModelVersions::remove(const std::string& name, const std::string& version) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  const std::int64_t now = store_.now_ms();
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_version(session, name, number));
    TRY(session.execute(
        "DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = ? AND version = ?",
        {name, number}));
    TRY(session.execute(
        "UPDATE model_versions SET current_stage = 'Deleted_Internal', last_updated_time = ?, description "
        "= NULL, user_id = NULL, source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = "
        "'REDACTED-RUN-LINK', status_message = NULL WHERE workspace = 'default' AND name = ? AND version = "
        "?",
        {now, name, number}));
    return touch_model(session, name, now);
  });
}

core::Result<std::string> ModelVersions::download_uri(const std::string& name, const std::string& version) {
  ModelVersion found = TRY(find(name, version));
  return std::move(found.storage_location.empty() ? found.source : found.storage_location);
}

core::Result<void> ModelVersions::set_tag(const std::string& name, const std::string& version,
                                          const Tag& tag) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  TRY(check_registry_tag(tag));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_version(session, name, number));
    return store_tag(session, name, number, tag);
  });
}

core::Result<void> ModelVersions::delete_tag(const std::string& name, const std::string& version,
                                             const std::string& key) {
  TRY(check_model_name(name));
  const std::int64_t number = TRY(parse_model_version(version));
  TRY(check_tag_name(key, "key"));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_version(session, name, number));
    TRY(
        session.execute("DELETE FROM model_version_tags WHERE workspace = 'default' AND name = ? AND "
                        "version = ? AND \"key\" = ?",
                        {name, number, key}));
    return {};
  });
}

}  // namespace starcast::tracking
