#include "tracking/api/runs.h"

#include <utility>

#include "tracking/api/json_text.h"
#include "tracking/api/metric_fields.h"
#include "tracking/api/run_json.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Response;

Response run_response(const Run& run) {
  std::string body;
  append_json(ObjectText(body).member("run"), run);
  return json_text_response(std::move(body));
}

Result<Response> create(Runs& runs, const Fields& fields) {
  NewRun run;
  run.experiment_id = TRY(fields.required_text("experiment_id"));
  run.user_id = TRY(fields.text_or("user_id", ""));
  run.name = TRY(fields.text_or("run_name", ""));
  run.start_time = TRY(fields.integer_or("start_time", 0));
  const std::vector<Fields> tags = TRY(fields.messages("tags"));
  for (const Fields& tag : tags) {
    Tag& read = run.tags.emplace_back();
    read.key = TRY(tag.required_text("key"));
    read.value = TRY(tag.text_or("value", ""));
  }
  return run_response(TRY(runs.create(run)));
}

Result<Response> get(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  return run_response(TRY(runs.find(run_id)));
}

Result<Response> update(Runs& runs, const Fields& fields) {
  static const std::vector<std::string_view> statuses(std::begin(kRunStatuses), std::end(kRunStatuses));
  const std::string run_id = TRY(fields.run_id());
  RunChange change;
  change.status = TRY(fields.one_of("status", statuses));
  change.end_time = TRY(fields.integer("end_time"));
  change.name = TRY(fields.text("run_name"));
  const Run run = TRY(runs.update(run_id, change));
  std::string body;
  append_info_json(ObjectText(body).member("run_info"), run);
  return json_text_response(std::move(body));
}

Result<Response> remove(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  TRY(runs.remove(run_id));
  return empty_response();
}

Result<Response> restore(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  TRY(runs.restore(run_id));
  return empty_response();
}

Result<Response> log_param(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  Param param;
  param.key = TRY(fields.required_text("key"));
  param.value = TRY(fields.text_or("value", ""));
  TRY(runs.log_param(run_id, param));
  return empty_response();
}

Result<Response> set_tag(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  Tag tag;
  tag.key = TRY(fields.required_text("key"));
  tag.value = TRY(fields.text_or("value", ""));
  TRY(runs.set_tag(run_id, tag));
  return empty_response();
}

Result<Response> delete_tag(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  const std::string key = TRY(fields.required_text("key"));
  TRY(runs.delete_tag(run_id, key));
  return empty_response();
}

Result<Response> log_batch(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  TRY(check_batch_limits(fields.count("metrics"), fields.count("params"), fields.count("tags")));
  Batch batch;
  const std::vector<Fields> metrics = TRY(fields.messages("metrics"));
  const std::vector<Fields> params = TRY(fields.messages("params"));
  const std::vector<Fields> tags = TRY(fields.messages("tags"));
  batch.metrics.reserve(metrics.size());
  for (const Fields& metric : metrics) batch.metrics.push_back(TRY(metric_of(metric)));
  for (const Fields& param : params) {
    Param& read = batch.params.emplace_back();
    read.key = TRY(param.required_text("key"));
    read.value = TRY(param.text_or("value", ""));
  }
  for (const Fields& tag : tags) {
    Tag& read = batch.tags.emplace_back();
    read.key = TRY(tag.required_text("key"));
    read.value = TRY(tag.text_or("value", ""));
  }
  TRY(runs.log_batch(run_id, std::move(batch)));
  return empty_response();
}

Result<Response> log_model(Runs& runs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  const std::string model_json = TRY(fields.required_text("model_json"));
  TRY(runs.log_model(run_id, model_json));
  return empty_response();
}

}  // namespace

void add_run_routes(const Mount& mount, Store& store, RunOptions options) {
  using Call = Result<Response> (*)(Runs&, const Fields&);
  const auto add = [&](http::Method method, std::string_view path, http::Permission permission,
                       std::string_view rpc, Call call) {
    mount.add("2.0", method, path, permission, "runs", rpc,
              [&store, options, call](const http::Request& request) -> Result<Response> {
                const Fields fields = TRY(Fields::of(request));
                Runs runs(store, options);
                return call(runs, fields);
              });
  };
  using http::Method;
  using http::Permission;
  add(Method::kPost, "/mlflow/runs/create", Permission::kEdit, "createRun", create);
  add(Method::kGet, "/mlflow/runs/get", Permission::kRead, "getRun", get);
  add(Method::kPost, "/mlflow/runs/update", Permission::kEdit, "updateRun", update);
  add(Method::kPost, "/mlflow/runs/delete", Permission::kDelete, "deleteRun", remove);
  add(Method::kPost, "/mlflow/runs/restore", Permission::kDelete, "restoreRun", restore);
  add(Method::kPost, "/mlflow/runs/log-parameter", Permission::kEdit, "logParam", log_param);
  add(Method::kPost, "/mlflow/runs/set-tag", Permission::kEdit, "setTag", set_tag);
  add(Method::kPost, "/mlflow/runs/delete-tag", Permission::kEdit, "deleteTag", delete_tag);
  add(Method::kPost, "/mlflow/runs/log-batch", Permission::kEdit, "logBatch", log_batch);
  add(Method::kPost, "/mlflow/runs/log-model", Permission::kEdit, "logModel", log_model);
}

}  // namespace starcast::tracking::api
