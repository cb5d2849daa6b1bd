#include "tracking/imports.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/strings.h"
#include "tracking/artifact_location.h"
#include "tracking/in_list.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

using core::Result;
using sql::Value;

template <typename T>
Value or_null(const std::optional<T>& value) {
  if (!value) return nullptr;
  return *value;
}

Value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& known, const std::string& text,
                   std::string_view fallback) {
  return std::find(known.begin(), known.end(), text) == known.end() ? std::string(fallback) : text;
}

constexpr std::array<std::string_view, 5> kStatuses{"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
constexpr std::array<std::string_view, 5> kSourceTypes{"NOTEBOOK", "JOB", "LOCAL", "UNKNOWN", "PROJECT"};

std::string stage_of(const std::string& stage) {
  return stage == "deleted" ? "deleted" : "active";
}

double finite(double value) {
  if (std::isnan(value)) return 0;
  return std::clamp(value, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

Result<std::optional<std::string>> find_text(sql::Session& session, std::string_view sql,
                                             std::initializer_list<Value> values) {
  std::optional<std::string> found;
  TRY(session.query(sql, values, [&](const sql::Row& row) {
    found = row.string(0);
    return Result<void>();
  }));
  return found;
}

Result<void> add_points(sql::Session& session, const ImportedRun& imported, ImportCounts& counts) {
  const std::string& run = imported.run.id;
  for (const ImportedSeries& series : imported.series) {
    for (const ImportedPoint& point : series.points) {
      const std::int64_t is_nan = std::isnan(point.value) ? 1 : 0;
      const std::int64_t added =
          TRY(session.execute("INSERT INTO metrics (\"key\", value, timestamp, run_uuid, step, is_nan) "
                              "VALUES (?, ?, ?, ?, ?, ?) ON "
                              "CONFLICT DO NOTHING",
                              {series.key, finite(point.value), point.timestamp, run, point.step, is_nan}));
      counts.points += static_cast<std::size_t>(added);
    }
    if (series.points.empty()) continue;
    const auto is_before = [](const ImportedPoint& a, const ImportedPoint& b) {
      return std::tuple(a.step, a.timestamp, finite(a.value)) <
             std::tuple(b.step, b.timestamp, finite(b.value));
    };
    const ImportedPoint& latest = *std::max_element(series.points.begin(), series.points.end(), is_before);
    TRY(
        session.execute("INSERT INTO latest_metrics (\"key\", value, timestamp, step, is_nan, run_uuid) "
                        "VALUES (?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT DO NOTHING",
                        {series.key, finite(latest.value), latest.timestamp, latest.step,
                         std::int64_t{std::isnan(latest.value) ? 1 : 0}, run}));
  }
  return {};
}

// The dataset's id in this store, where one of that name and digest may be known already.
Result<std::string> add_dataset(sql::Session& session, const ImportedLink& link, std::int64_t experiment_id) {
  const Dataset& dataset = link.dataset;
  TRY(session.execute(
      "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, "
      "dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {link.dataset_id, experiment_id, dataset.name, dataset.digest, dataset.source_type, dataset.source,
       or_null(dataset.schema), or_null(dataset.profile)}));
  const auto found = TRY(find_text(
      session, "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
      {experiment_id, dataset.name, dataset.digest}));
  return found.value_or(link.dataset_id);
}

Result<void> add_link(sql::Session& session, const ImportedRun& imported, const ImportedLink& link,
                      const std::string& id) {
  const auto insert = [&](std::string source_type, const std::string& source, std::string type,
                          const std::string& destination) {
    return session.execute(
        "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) "
        "VALUES "
        "(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        {id, std::move(source_type), source, std::move(type), destination, link.step});
  };
  const std::string& run = imported.run.id;
  switch (link.kind) {
    case ImportedLink::Kind::kModelInput:
      TRY(insert("RUN_INPUT", run, "MODEL_INPUT", link.model_id));
      return {};
    case ImportedLink::Kind::kModelOutput:
      TRY(insert("RUN_OUTPUT", run, "MODEL_OUTPUT", link.model_id));
      return {};
    case ImportedLink::Kind::kDataset:
      break;
  }
  const std::string dataset = TRY(add_dataset(session, link, imported.run.experiment_id));
  TRY(insert("DATASET", dataset, "RUN", run));
  for (const Tag& tag : link.tags) {
    TRY(session.execute(
        "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        {id, tag.key, tag.value}));
  }
  return {};
}

Result<void> add_run(sql::Session& session, const Store& store, const ImportedRun& imported,
                     ImportCounts& counts) {
  const Run& run = imported.run;
  const std::int64_t added = TRY(session.execute(
      "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, "
      "start_time, "
      "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) VALUES (?, ?, "
      "?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {run.id, run.name, one_of(kSourceTypes, imported.source_type, "UNKNOWN"), imported.source_name,
       imported.entry_point_name, run.user_id, one_of(kStatuses, run.status, "FINISHED"), run.start_time,
       or_null(run.end_time), imported.source_version, stage_of(run.lifecycle_stage), run.artifact_uri,
       run.experiment_id, or_null(imported.deleted_time)}));
  if (added == 0) return {};
  counts.runs += 1;
  for (const Param& param : run.params) {
    TRY(session.execute(
        "INSERT INTO params (\"key\", value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        {param.key, param.value, run.id}));
    counts.params += 1;
  }
  for (const Tag& tag : run.tags) {
    TRY(session.execute("INSERT INTO tags (\"key\", value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        {tag.key, tag.value, run.id}));
    counts.tags += 1;
  }
  TRY(add_points(session, imported, counts));
  for (const ImportedLink& link : imported.links) TRY(add_link(session, imported, link, store.new_id()));
  return {};
}

Result<void> add_model(sql::Session& session, const ImportedModel& imported, ImportCounts& counts) {
  const LoggedModel& model = imported.model;
  const std::int64_t added = TRY(session.execute(
      "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
      "last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id, status_message) VALUES "
      "(?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {model.id, model.experiment_id, model.name, model.artifact_location, model.creation_time,
       model.last_update_time, imported.status_number, stage_of(model.lifecycle_stage),
       text_or_null(model.model_type), text_or_null(model.source_run_id),
       text_or_null(model.status_message)}));
  if (added == 0) return {};
  counts.models += 1;
  for (const Param& param : model.params) {
    TRY(
        session.execute("INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) "
                        "VALUES (?, ?, ?, ?) ON "
                        "CONFLICT DO NOTHING",
                        {model.id, model.experiment_id, param.key, param.value}));
  }
  for (const Tag& tag : model.tags) {
    TRY(session.execute(
        "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?) ON "
        "CONFLICT DO NOTHING",
        {model.id, model.experiment_id, tag.key, tag.value}));
  }
  for (const Metric& metric : model.metrics) {  // of runs that are here: a foreign key
    const Value value = std::isnan(metric.value) ? Value(nullptr) : Value(finite(metric.value));
    TRY(session.execute(
        "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, "
        "metric_value, "
        "experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest) SELECT ?, ?, ?, ?, ?, ?, "
        "run_uuid, "
        "(SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?), ?, ? FROM "
        "runs "
        "WHERE run_uuid = ? ON CONFLICT DO NOTHING",
        {model.id, metric.key, metric.timestamp, metric.step, value, model.experiment_id, model.experiment_id,
         metric.dataset_name, metric.dataset_digest, text_or_null(metric.dataset_name),
         text_or_null(metric.dataset_digest), metric.run_id}));
  }
  return {};
}

// "<anything>/<id>/artifacts<rest>" becomes the place of the run or logged model <id>, and the rest.
Result<std::string> moved_source(sql::Session& session, const std::string& source) {
  constexpr std::string_view kArtifacts = "/artifacts";
  for (std::size_t at = source.find(kArtifacts); at != std::string::npos;
       at = source.find(kArtifacts, at + 1)) {
    const std::string_view before = std::string_view(source).substr(0, at);
    const std::string_view rest = std::string_view(source).substr(at + kArtifacts.size());
    if (!rest.empty() && rest.front() != '/') continue;
    const std::string id(before.substr(before.rfind('/') + 1));  // npos + 1 is 0
    const auto place = TRY(find_text(session,
                                     "SELECT artifact_uri FROM runs WHERE run_uuid = ? UNION ALL SELECT "
                                     "artifact_location FROM logged_models WHERE model_id = ?",
                                     {id, id}));
    if (place) return rest.empty() ? *place : location_below(*place, rest.substr(1));
  }
  return source;
}

Result<void> add_version(sql::Session& session, const ModelVersion& version, ImportCounts& counts) {
  const std::string source = TRY(moved_source(session, version.source));
  const std::string storage = TRY(moved_source(session, version.storage_location));
  const std::int64_t added = TRY(session.execute(
      "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, "
      "current_stage, source, run_id, status, status_message, run_link, storage_location, workspace) VALUES "
      "(?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'default') ON CONFLICT DO NOTHING",
      {version.name, version.version, version.creation_time, version.last_update_time,
       or_null(version.description), text_or_null(version.user_id), version.stage, source,
       or_null(version.run_id), version.status, text_or_null(version.status_message),
       or_null(version.run_link), text_or_null(storage)}));
  if (added == 0) {
    counts.versions_there += 1;
    return {};
  }
  counts.versions += 1;
  for (const Tag& tag : version.tags) {
    TRY(
        session.execute("INSERT INTO model_version_tags (\"key\", value, name, version, workspace) VALUES "
                        "(?, ?, ?, ?, 'default') ON "
                        "CONFLICT DO NOTHING",
                        {tag.key, tag.value, version.name, version.version}));
  }
  return {};
}

Result<ImportCounts> add_registered(sql::Session& session, const RegisteredModel& model) {
  ImportCounts counts;
  const std::int64_t added = TRY(session.execute(
      "INSERT INTO registered_models (name, creation_time, last_updated_time, description, workspace) VALUES "
      "(?, ?, "
      "?, ?, 'default') ON CONFLICT DO NOTHING",
      {model.name, model.creation_time, model.last_update_time, text_or_null(model.description)}));
  counts.registered_models += static_cast<std::size_t>(added);
  for (const Tag& tag : model.tags) {
    TRY(
        session.execute("INSERT INTO registered_model_tags (\"key\", value, name, workspace) VALUES (?, ?, "
                        "?, 'default') ON CONFLICT "
                        "DO NOTHING",
                        {tag.key, tag.value, model.name}));
  }
  for (const ModelVersion& version : model.latest_versions) TRY(add_version(session, version, counts));
  for (const ModelAlias& alias : model.aliases) {
    const std::int64_t aliased = TRY(session.execute(
        "INSERT INTO registered_model_aliases (alias, version, name, workspace) SELECT ?, version, name, "
        "'default' "
        "FROM model_versions WHERE workspace = 'default' AND name = ? AND version = ? ON CONFLICT DO NOTHING",
        {alias.alias, model.name, alias.version}));
    counts.aliases += static_cast<std::size_t>(aliased);
  }
  return counts;
}

Result<ImportedExperiment> place_experiment(sql::Session& session, const Experiment& experiment,
                                            const std::string& root) {
  ImportedExperiment placed;
  bool found = false;
  const auto take = [&](const sql::Row& row) {
    found = true;
    placed.id = row.integer(0);
    placed.artifact_location = row.string(1);
    return Result<void>();
  };
  TRY(session.query(
      "SELECT experiment_id, artifact_location FROM experiments WHERE workspace = 'default' AND name = ?",
      {experiment.name}, take));
  if (found) return placed;
  const auto taken =
      TRY(find_text(session, "SELECT name FROM experiments WHERE experiment_id = ?", {experiment.id}));
  placed.is_new = true;
  placed.id = experiment.id;
  if (taken || experiment.id < 0) {
    TRY(session.query("SELECT coalesce(max(experiment_id), 0) + 1 FROM experiments", {},
                      [&](const sql::Row& row) {
                        placed.id = row.integer(0);
                        return Result<void>();
                      }));
  }
  placed.artifact_location = experiment.artifact_location.empty()
                                 ? location_below(root, std::to_string(placed.id))
                                 : experiment.artifact_location;
  TRY(session.execute(
      "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
      "last_update_time, workspace) VALUES (?, ?, ?, ?, ?, ?, 'default')",
      {placed.id, experiment.name, placed.artifact_location, stage_of(experiment.lifecycle_stage),
       experiment.creation_time, experiment.last_update_time}));
  for (const Tag& tag : experiment.tags) {
    TRY(session.execute(
        "INSERT INTO experiment_tags (\"key\", value, experiment_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        {tag.key, tag.value, placed.id}));
  }
  return placed;
}

Result<std::set<std::string>> known(Store& store, std::string_view before, std::span<const std::string> ids) {
  const std::vector<Value> values(ids.begin(), ids.end());
  return read_value<std::set<std::string>>(
      store.database(), [&](sql::Session& session) -> Result<std::set<std::string>> {
        std::set<std::string> found;
        TRY(query_in(session, before, "", values, [&](const sql::Row& row) {
          found.insert(row.string(0));
          return Result<void>();
        }));
        return found;
      });
}

}  // namespace

std::size_t ImportedRun::point_count() const {
  std::size_t count = 0;
  for (const ImportedSeries& one : series) count += one.points.size();
  return count;
}

void ImportCounts::add(const ImportCounts& other) {
  runs += other.runs;
  points += other.points;
  params += other.params;
  tags += other.tags;
  models += other.models;
  registered_models += other.registered_models;
  versions += other.versions;
  aliases += other.aliases;
  versions_there += other.versions_there;
}

Result<ImportedExperiment> Imports::add_experiment(const Experiment& experiment) {
  const auto place = [&](sql::Session& session) {
    return place_experiment(session, experiment, store_.options().default_artifact_root);
  };
  return write_value<ImportedExperiment>(store_.database(), place);
}

Result<std::set<std::string>> Imports::known_runs(std::span<const std::string> ids) {
  return known(store_, "SELECT run_uuid FROM runs WHERE run_uuid", ids);
}

Result<std::set<std::string>> Imports::known_models(std::span<const std::string> ids) {
  return known(store_, "SELECT model_id FROM logged_models WHERE model_id", ids);
}

Result<ImportCounts> Imports::add_runs(std::span<const ImportedRun> runs) {
  const auto add = [&](sql::Session& session) -> Result<ImportCounts> {
    ImportCounts counts;
    for (const ImportedRun& run : runs) TRY(add_run(session, store_, run, counts), run.run.id);
    return counts;
  };
  return write_value<ImportCounts>(store_.database(), add);
}

Result<ImportCounts> Imports::add_models(std::span<const ImportedModel> models) {
  const auto add = [&](sql::Session& session) -> Result<ImportCounts> {
    ImportCounts counts;
    for (const ImportedModel& model : models) TRY(add_model(session, model, counts), model.model.id);
    return counts;
  };
  return write_value<ImportCounts>(store_.database(), add);
}

Result<ImportCounts> Imports::add_registered_model(const RegisteredModel& model) {
  const auto add = [&](sql::Session& session) { return add_registered(session, model); };
  return write_value<ImportCounts>(store_.database(), add);
}

}  // namespace starcast::tracking
