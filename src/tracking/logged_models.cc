#include "tracking/logged_models.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "codec/json.h"
#include "tracking/artifact_location.h"
#include "tracking/in_list.h"
#include "tracking/names.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

constexpr std::string_view kModelVersionsTag = "mlflow.modelVersions";
constexpr std::size_t kNameChars = 500;
constexpr std::size_t kModelTypeChars = 500;
constexpr std::size_t kSourceRunChars = 32;
constexpr std::size_t kItemKeyChars = 255;

constexpr std::string_view kColumns =
    "model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, "
    "status, lifecycle_stage, model_type, source_run_id, status_message";

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

core::Error not_found(const std::string& id) {
  return core::Error(core::ErrorCode::kNotFound, fmt::format("Logged model with ID '{}' not found.", id));
}

LoggedModelStatus status_of(std::int64_t stored) {
  const bool known = stored >= 1 && stored <= 3;
  return known ? static_cast<LoggedModelStatus>(stored) : LoggedModelStatus::kUnspecified;
}

LoggedModel read_model(const sql::Row& row) {
  LoggedModel model;
  model.id = row.string(0);
  model.experiment_id = row.integer(1);
  model.name = row.string(2);
  model.artifact_location = row.string(3);
  model.creation_time = row.integer(4);
  model.last_update_time = row.integer(5);
  model.status = status_of(row.integer(6));
  model.lifecycle_stage = row.string(7);
  model.model_type = row.string(8);
  model.source_run_id = row.string(9);
  model.status_message = row.string(10);
  return model;
}

Metric read_metric(const sql::Row& row) {
  Metric metric;
  metric.model_id = row.string(0);
  metric.key = row.string(1);
  metric.value = row.is_null(2) ? std::numeric_limits<double>::quiet_NaN() : row.real(2);
  metric.timestamp = row.integer(3);
  metric.step = row.integer(4);
  metric.run_id = row.string(5);
  metric.dataset_name = row.string(6);
  metric.dataset_digest = row.string(7);
  return metric;
}

core::Result<LoggedModel> load_one(sql::Session& session, const std::string& id) {
  std::vector<LoggedModel> models = TRY(load_logged_models(session, std::span<const std::string>(&id, 1)));
  if (models.empty()) return not_found(id);
  return std::move(models.front());
}

core::Result<void> check_model_name_of_run(const std::string& name) {
  if (name.find_first_of("/:.%\"'") != std::string::npos) {
    return invalid(
        fmt::format("Invalid model name ({}) provided. Model name must be a non-empty string and cannot "
                    "contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
                    python_repr(name)));
  }
  TRY(check_text(name, "name"));
  TRY(fit_value(name, kNameChars, false, "name"));
  return {};
}

core::Result<void> check_item(const std::string& key, const std::string& value, std::string_view list,
                              std::size_t index) {
  const std::string path = fmt::format("{}[{}].key", list, index);
  if (key.empty()) return invalid(fmt::format("Missing value for required parameter '{}'.", path));
  TRY(check_text(key, path));
  TRY(fit_value(key, kItemKeyChars, false, path));
  TRY(check_text(value, fmt::format("{}[{}].value", list, index)));
  return {};
}

// Of equal keys the last one stays.
core::Result<std::map<std::string, std::string>> checked_tags(const std::vector<Tag>& tags) {
  std::map<std::string, std::string> by_key;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    TRY(check_item(tags[i].key, tags[i].value, "tags", i));
    by_key.insert_or_assign(tags[i].key, tags[i].value);
  }
  return by_key;
}

// A key may come twice only with the same value.
core::Result<std::map<std::string, std::string>> checked_params(const std::vector<Param>& params) {
  std::map<std::string, std::string> by_key;
  for (std::size_t i = 0; i < params.size(); ++i) {
    TRY(check_item(params[i].key, params[i].value, "params", i));
    const auto [at, is_new] = by_key.emplace(params[i].key, params[i].value);
    if (!is_new && at->second != params[i].value) {
      return invalid(
          fmt::format("Duplicate parameter keys have been submitted: [{}]. Please ensure the request "
                      "contains only one param value per param key.",
                      python_repr(params[i].key)));
    }
  }
  return by_key;
}

core::Result<void> store_tag(sql::Session& session, const LoggedModel& model, const std::string& key,
                             const std::string& value) {
  TRY(session.execute(
      "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?) ON "
      "CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
      {model.id, model.experiment_id, key, value}));
  return {};
}

core::Result<void> store_param(sql::Session& session, const LoggedModel& model, const std::string& key,
                               const std::string& value) {
  TRY(session.execute(
      "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) VALUES (?, ?, ?, "
      "?)",
      {model.id, model.experiment_id, key, value}));
  return {};
}

// The place of an experiment's artifacts; it must be there and active.
core::Result<std::string> active_experiment_location(sql::Session& session, std::int64_t id) {
  std::optional<std::string> location;
  std::string stage;
  TRY(session.query("SELECT artifact_location, lifecycle_stage FROM experiments WHERE experiment_id = ?",
                    {id}, [&](const sql::Row& row) -> core::Result<void> {
                      location = row.string(0);
                      stage = row.string(1);
                      return {};
                    }));
  if (!location) {
    return core::Error(core::ErrorCode::kNotFound, fmt::format("No Experiment with id={} exists", id));
  }
  if (stage != "active") {
    return invalid(
        fmt::format("The experiment {} must be in the 'active' state. Current state is {}.", id, stage));
  }
  return std::move(*location);
}

bool is_version(const codec::Json& item, const std::string& name, std::int64_t version) {
  const codec::Json* item_name = item.find("name");
  const codec::Json* item_version = item.find("version");
  if (!item_name || !item_version || *item_name != codec::Json(name)) return false;
  return *item_version == codec::Json(version) || *item_version == codec::Json(fmt::format("{}", version));
}

}  // namespace

core::Result<std::vector<LoggedModel>> load_logged_models(sql::Session& session,
                                                          std::span<const std::string> ids) {
  const std::vector<sql::Value> values(ids.begin(), ids.end());
  std::unordered_map<std::string, LoggedModel> found;
  TRY(query_in(session, fmt::format("SELECT {} FROM logged_models WHERE model_id", kColumns), "", values,
               [&](const sql::Row& row) -> core::Result<void> {
                 LoggedModel model = read_model(row);
                 std::string id = model.id;
                 found.insert_or_assign(std::move(id), std::move(model));
                 return {};
               }));
  TRY(query_in(session, "SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id",
               " ORDER BY model_id, tag_key", values, [&](const sql::Row& row) -> core::Result<void> {
                 const auto at = found.find(row.string(0));
                 if (at != found.end()) at->second.tags.push_back(Tag{row.string(1), row.string(2)});
                 return {};
               }));
  TRY(query_in(session, "SELECT model_id, param_key, param_value FROM logged_model_params WHERE model_id",
               " ORDER BY model_id, param_key", values, [&](const sql::Row& row) -> core::Result<void> {
                 const auto at = found.find(row.string(0));
                 if (at != found.end()) at->second.params.push_back(Param{row.string(1), row.string(2)});
                 return {};
               }));
  TRY(query_in(
      session,
      "SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, "
      "dataset_digest FROM logged_model_metrics WHERE model_id",
      " ORDER BY model_id, metric_name, metric_timestamp_ms, metric_step, run_id", values,
      [&](const sql::Row& row) -> core::Result<void> {
        const auto at = found.find(row.string(0));
        if (at != found.end()) at->second.metrics.push_back(read_metric(row));
        return {};
      }));
  std::vector<LoggedModel> models;
  models.reserve(found.size());
  for (const std::string& id : ids) {
    const auto at = found.find(id);
    if (at == found.end()) continue;
    models.push_back(std::move(at->second));
    found.erase(at);
  }
  return models;
}

core::Result<LoggedModel> require_logged_model(sql::Session& session, const std::string& id,
                                               Deleted deleted) {
  std::optional<LoggedModel> model;
  TRY(session.query(fmt::format("SELECT {} FROM logged_models WHERE model_id = ?", kColumns), {id},
                    [&](const sql::Row& row) -> core::Result<void> {
                      model = read_model(row);
                      return {};
                    }));
  if (!model || (deleted == Deleted::kHidden && model->lifecycle_stage == "deleted")) return not_found(id);
  return std::move(*model);
}

core::Result<void> note_model_version(sql::Session& session, const LoggedModel& model,
                                      const std::string& name, std::int64_t version) {
  codec::Json versions(codec::JsonArray{});
  TRY(session.query("SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
                    {model.id, std::string(kModelVersionsTag)},
                    [&](const sql::Row& row) -> core::Result<void> {
                      core::Result<codec::Json> parsed =
                          codec::parse_json(row.text(0), {.dialect = codec::JsonDialect::kPython});
                      // Anything else was not written by MLflow, and would only stand in the way of
                      // registering.
                      if (parsed && parsed->is_array()) versions = std::move(parsed).value();
                      return {};
                    }));
  const codec::JsonArray* items = TRY(versions.as_array());
  for (const codec::Json& item : *items) {
    if (is_version(item, name, version)) return {};
  }
  codec::Json added;
  added.set("name", name);
  added.set("version", version);
  versions.push(std::move(added));
  return store_tag(session, model, std::string(kModelVersionsTag),
                   codec::to_text(versions, codec::JsonStyle::kPythonSorted));
}

core::Result<LoggedModel> LoggedModels::create(const NewLoggedModel& wanted) {
  TRY(check_model_name_of_run(wanted.name));
  TRY(check_text(wanted.model_type, "model_type"));
  TRY(fit_value(wanted.model_type, kModelTypeChars, false, "model_type"));
  TRY(check_text(wanted.source_run_id, "source_run_id"));
  TRY(fit_value(wanted.source_run_id, kSourceRunChars, false, "source_run_id"));
  const std::map<std::string, std::string> tags = TRY(checked_tags(wanted.tags));
  const std::map<std::string, std::string> params = TRY(checked_params(wanted.params));
  LoggedModel model;
  model.id = "m-" + store_.new_id();
  model.experiment_id = wanted.experiment_id;
  model.name = wanted.name.empty() ? store_.new_run_name() : wanted.name;
  const std::int64_t now = store_.now_ms();
  return write_value<LoggedModel>(store_.database(), [&](sql::Session& session) -> core::Result<LoggedModel> {
    const std::string root = TRY(active_experiment_location(session, wanted.experiment_id));
    TRY(session.execute(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, "
        "creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type, "
        "source_run_id) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
        {model.id, model.experiment_id, model.name,
         location_below(root, fmt::format("models/{}/artifacts", model.id)), now, now,
         static_cast<std::int64_t>(LoggedModelStatus::kPending), wanted.model_type, wanted.source_run_id}));
    for (const auto& [key, value] : params) TRY(store_param(session, model, key, value));
    for (const auto& [key, value] : tags) TRY(store_tag(session, model, key, value));
    return load_one(session, model.id);
  });
}

core::Result<LoggedModel> LoggedModels::find(const std::string& id, Deleted deleted) {
  return read_value<LoggedModel>(store_.database(), [&](sql::Session& session) -> core::Result<LoggedModel> {
    LoggedModel model = TRY(load_one(session, id));
    if (deleted == Deleted::kHidden && model.lifecycle_stage == "deleted") return not_found(id);
    return model;
  });
}

core::Result<LoggedModel> LoggedModels::finalize(const std::string& id, LoggedModelStatus status) {
  const std::int64_t now = store_.now_ms();
  return write_value<LoggedModel>(store_.database(), [&](sql::Session& session) -> core::Result<LoggedModel> {
    TRY(session.execute(
        "UPDATE logged_models SET status = ?, last_updated_timestamp_ms = ? WHERE model_id = ?",
        {static_cast<std::int64_t>(status), now, id}));
    return load_one(session, id);
  });
}

core::Result<void> LoggedModels::remove(const std::string& id) {
  const std::int64_t now = store_.now_ms();
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    const std::int64_t changed =
        TRY(session.execute("UPDATE logged_models SET lifecycle_stage = 'deleted', "
                            "last_updated_timestamp_ms = ? WHERE model_id = ?",
                            {now, id}));
    if (changed == 0) return not_found(id);
    return {};
  });
}

core::Result<LoggedModel> LoggedModels::set_tags(const std::string& id, const std::vector<Tag>& tags) {
  const std::map<std::string, std::string> by_key = TRY(checked_tags(tags));
  return write_value<LoggedModel>(store_.database(), [&](sql::Session& session) -> core::Result<LoggedModel> {
    const LoggedModel model = TRY(require_logged_model(session, id, Deleted::kShown));
    for (const auto& [key, value] : by_key) TRY(store_tag(session, model, key, value));
    return load_one(session, id);
  });
}

core::Result<void> LoggedModels::delete_tag(const std::string& id, const std::string& key) {
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(require_logged_model(session, id, Deleted::kShown));
    const std::int64_t deleted =
        TRY(session.execute("DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", {id, key}));
    if (deleted == 0) {
      return core::Error(
          core::ErrorCode::kNotFound,
          fmt::format("No tag with key {} found for model with ID {}.", python_repr(key), python_repr(id)));
    }
    return {};
  });
}

core::Result<void> LoggedModels::log_params(const std::string& id, const std::vector<Param>& params) {
  const std::map<std::string, std::string> by_key = TRY(checked_params(params));
  return store_.database().write([&](sql::Session& session) -> core::Result<void> {
    const LoggedModel model = TRY(load_one(session, id));
    std::map<std::string, std::string> missing = by_key;
    for (const Param& stored : model.params) {
      const auto at = missing.find(stored.key);
      if (at == missing.end()) continue;
      if (at->second != stored.value) {
        return invalid(
            fmt::format("Changing param values is not allowed. Param with key='{}' was already logged with "
                        "value='{}' for model ID='{}'. Attempted logging new value '{}'.",
                        stored.key, stored.value, id, at->second));
      }
      missing.erase(at);
    }
    for (const auto& [key, value] : missing) TRY(store_param(session, model, key, value));
    return {};
  });
}

}  // namespace starcast::tracking
