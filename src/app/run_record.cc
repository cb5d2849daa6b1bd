#include "app/run_record.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "app/artifact_transfer.h"
#include "codec/digest.h"
#include "os/path.h"
#include "tracking/api/wire.h"
#include "tracking/names.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Result;
using http::Method;
using tracking::Connection;

namespace {

template <typename Entity>
JsonArray pairs_json(const std::vector<Entity>& entities) {
  JsonArray array;
  for (const Entity& entity : entities)
    array.push_back(JsonObject{{"key", entity.key}, {"value", entity.value}});
  return array;
}

template <typename Entity>
Result<std::vector<Entity>> pairs_of(const Json& json, std::string_view name) {
  std::vector<Entity> entities;
  const JsonArray* const array = TRY(json.array_at(name));
  for (const Json& element : *array) {
    Entity entity;
    entity.key = TRY(element.string_at("key"));
    entity.value = TRY(element.string_at("value"));
    entities.push_back(std::move(entity));
  }
  return entities;
}

Json metric_json(const tracking::Metric& metric) {
  return JsonObject{{"key", metric.key},
                    {"value", tracking::api::number(metric.value)},
                    {"timestamp", metric.timestamp},
                    {"step", metric.step}};
}

JsonObject dataset_json(const tracking::Dataset& dataset) {
  return JsonObject{{"name", dataset.name},
                    {"digest", dataset.digest},
                    {"source_type", dataset.source_type},
                    {"source", dataset.source}};
}

// A text inside nested objects: "run", "info", "run_id".
Result<std::string> text_at(const Json& json, std::initializer_list<std::string_view> names) {
  const Json* here = &json;
  for (const std::string_view name : names) here = TRY(here->at(name));
  return here->as_string();
}

Result<std::string> experiment_id_of(const std::string& name, Connection& connection) {
  const auto find = [&] {
    return connection.call(Method::kGet, "2.0/mlflow/experiments/get-by-name", {{"experiment_name", name}});
  };
  Result<Json> found = find();
  if (!found && found.error().code() == core::ErrorCode::kNotFound) {
    const Result<Json> made =
        connection.call(Method::kPost, "2.0/mlflow/experiments/create", {{"name", name}});
    if (made) return made->string_at("experiment_id");
    if (made.error().code() != core::ErrorCode::kAlreadyExists) return core::Error(made.error());
    found = find();  // another training was first
  }
  const Json experiment = TRY(std::move(found));
  const std::string stage = TRY(text_at(experiment, {"experiment", "lifecycle_stage"}));
  if (stage != "active") {
    return core::Error(
        core::ErrorCode::kFailedPrecondition,
        fmt::format("experiment '{}' is deleted: restore it (starcast experiments restore), or name another "
                    "one in MLFLOW_EXPERIMENT_NAME",
                    name));
  }
  return text_at(experiment, {"experiment", "experiment_id"});
}

Result<std::string> log_model(const RunRecord& record, const std::string& experiment_id,
                              const std::string& run_id, Connection& connection, const Context& context) {
  const Json made = TRY(connection.call(Method::kPost, "2.0/mlflow/logged-models",
                                        {{"experiment_id", experiment_id},
                                         {"name", record.model_name},
                                         {"source_run_id", run_id},
                                         {"params", pairs_json(record.params)}}));
  const std::string model_id = TRY(text_at(made, {"model", "info", "model_id"}));
  const std::string place = TRY(text_at(made, {"model", "info", "artifact_uri"}));
  TRY(upload_artifacts(record.package_folder, place, connection, context));
  TRY(connection.call(Method::kPatch, fmt::format("2.0/mlflow/logged-models/{}", model_id),
                      {{"model_id", model_id}, {"status", "LOGGED_MODEL_READY"}}));
  TRY(connection.call(
      Method::kPost, "2.0/mlflow/runs/outputs",
      {{"run_id", run_id}, {"models", JsonArray{JsonObject{{"model_id", model_id}, {"step", 0}}}}}));
  return model_id;
}

Result<void> log_batches(const RunRecord& record, const std::string& run_id, Connection& connection) {
  std::size_t metrics = 0;
  std::size_t params = 0;
  while (metrics < record.metrics.size() || params < record.params.size()) {
    JsonArray metric_array;
    JsonArray param_array;
    while (params < record.params.size() && param_array.size() < tracking::kBatchParams) {
      const tracking::Param& param = record.params[params++];
      param_array.push_back(JsonObject{{"key", param.key}, {"value", param.value}});
    }
    while (metrics < record.metrics.size() &&
           metric_array.size() + param_array.size() < tracking::kBatchItems) {
      metric_array.push_back(metric_json(record.metrics[metrics++]));
    }
    TRY(connection.call(
        Method::kPost, "2.0/mlflow/runs/log-batch",
        {{"run_id", run_id}, {"metrics", std::move(metric_array)}, {"params", std::move(param_array)}}));
  }
  return {};
}

}  // namespace

Json to_json(const RunRecord& record) {
  JsonArray metrics;
  for (const tracking::Metric& metric : record.metrics) metrics.push_back(metric_json(metric));
  JsonArray datasets;
  for (const tracking::Dataset& dataset : record.datasets) datasets.push_back(dataset_json(dataset));
  return JsonObject{{"key", record.key},
                    {"experiment", record.experiment},
                    {"run_name", record.run_name},
                    {"user", record.user},
                    {"status", record.status},
                    {"start_time", record.start_time},
                    {"end_time", record.end_time},
                    {"params", pairs_json(record.params)},
                    {"metrics", std::move(metrics)},
                    {"tags", pairs_json(record.tags)},
                    {"datasets", std::move(datasets)},
                    {"model_name", record.model_name},
                    {"package_folder", record.package_folder}};
}

Result<RunRecord> run_record_of(const Json& json) {
  RunRecord record;
  record.key = TRY(json.string_at("key"));
  record.experiment = TRY(json.string_at("experiment"));
  record.run_name = TRY(json.string_at("run_name"));
  record.user = TRY(json.string_at("user"));
  record.status = TRY(json.string_at("status"));
  record.start_time = TRY(json.int_at("start_time"));
  record.end_time = TRY(json.int_at("end_time"));
  record.params = TRY(pairs_of<tracking::Param>(json, "params"));
  record.tags = TRY(pairs_of<tracking::Tag>(json, "tags"));
  const JsonArray* const metrics = TRY(json.array_at("metrics"));
  for (const Json& element : *metrics) {
    const tracking::api::Fields fields = tracking::api::Fields::of_json(element);
    tracking::Metric metric;
    metric.key = TRY(fields.required_text("key"));
    metric.value = TRY(fields.required_real("value"));
    metric.timestamp = TRY(fields.required_integer("timestamp"));
    metric.step = TRY(fields.required_integer("step"));
    record.metrics.push_back(std::move(metric));
  }
  const JsonArray* const datasets = TRY(json.array_at("datasets"));
  for (const Json& element : *datasets) {
    tracking::Dataset dataset;
    dataset.name = TRY(element.string_at("name"));
    dataset.digest = TRY(element.string_at("digest"));
    dataset.source_type = TRY(element.string_at("source_type"));
    dataset.source = TRY(element.string_at("source"));
    record.datasets.push_back(std::move(dataset));
  }
  record.model_name = TRY(json.string_at("model_name"));
  record.package_folder = TRY(json.string_at("package_folder"));
  return record;
}

Result<SentRun> send_run(const RunRecord& record, Connection& connection, const Context& context) {
  SentRun sent;
  sent.experiment_id = TRY(experiment_id_of(record.experiment, connection));
  const Json known = TRY(connection.call(Method::kPost, "2.0/mlflow/runs/search",
                                         {{"experiment_ids", JsonArray{Json(sent.experiment_id)}},
                                          {"filter", fmt::format("tags.`{}` = '{}'", kRecordTag, record.key)},
                                          {"max_results", 10}}));
  if (const Json* const runs = known.find("runs")) {
    const JsonArray* const array = TRY(runs->as_array());
    for (const Json& run : *array) {
      const std::string run_id = TRY(text_at(run, {"info", "run_id"}));
      const std::string status = TRY(text_at(run, {"info", "status"}));
      if (status != "RUNNING") {
        sent.run_id = run_id;
        return sent;
      }
      TRY(connection.call(Method::kPost, "2.0/mlflow/runs/delete", {{"run_id", run_id}}));
    }
  }

  JsonArray tags = pairs_json(record.tags);
  tags.push_back(JsonObject{{"key", kRecordTag}, {"value", record.key}});
  JsonObject create{{"experiment_id", sent.experiment_id},
                    {"user_id", record.user},
                    {"start_time", record.start_time},
                    {"tags", std::move(tags)}};
  if (!record.run_name.empty()) create.emplace_back("run_name", record.run_name);
  const Json made = TRY(connection.call(Method::kPost, "2.0/mlflow/runs/create", create));
  sent.run_id = TRY(text_at(made, {"run", "info", "run_id"}));
  TRY(log_batches(record, sent.run_id, connection));
  if (!record.datasets.empty()) {
    JsonArray datasets;
    for (const tracking::Dataset& dataset : record.datasets) {
      datasets.push_back(
          JsonObject{{"dataset", dataset_json(dataset)},
                     {"tags", JsonArray{JsonObject{{"key", "mlflow.data.context"}, {"value", "training"}}}}});
    }
    TRY(connection.call(Method::kPost, "2.0/mlflow/runs/log-inputs",
                        {{"run_id", sent.run_id}, {"datasets", std::move(datasets)}}));
  }
  if (!record.package_folder.empty()) {
    sent.model_id = TRY(log_model(record, sent.experiment_id, sent.run_id, connection, context));
  }
  // Last: a run that ended is a run that is whole.
  TRY(connection.call(Method::kPost, "2.0/mlflow/runs/update",
                      {{"run_id", sent.run_id}, {"status", record.status}, {"end_time", record.end_time}}));
  return sent;
}

Result<std::string> package_sum(const std::string& folder, const Context& context) {
  const std::string sums = TRY(context.files.read(os::joined(folder, "SHA256SUMS")));
  return codec::sha256_hex(sums);
}

}  // namespace starcast::app
