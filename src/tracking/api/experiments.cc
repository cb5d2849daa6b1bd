#include "tracking/api/experiments.h"

#include <fmt/format.h>

#include "tracking/api/json_text.h"
#include "tracking/api/run_json.h"
#include "tracking/experiments.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Response;

Response experiment_response(const Experiment& experiment) {
  std::string body;
  append_json(ObjectText(body).member("experiment"), experiment);
  return json_text_response(std::move(body));
}

Result<Response> create(Experiments& experiments, const Fields& fields) {
  NewExperiment experiment;
  experiment.name = TRY(fields.required_text("name"));
  experiment.artifact_location = TRY(fields.text_or("artifact_location", ""));
  const std::vector<Fields> tags = TRY(fields.messages("tags"));
  for (const Fields& tag : tags) {
    Tag& read = experiment.tags.emplace_back();
    read.key = TRY(tag.text_or("key", ""));
    read.value = TRY(tag.text_or("value", ""));
  }
  const std::int64_t id = TRY(experiments.create(experiment));
  return json_text_response(fmt::format(R"({{"experiment_id":"{}"}})", id));
}

Result<Response> get(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  return experiment_response(TRY(experiments.find(id)));
}

Result<Response> get_by_name(Experiments& experiments, const Fields& fields) {
  const std::string name = TRY(fields.required_text("experiment_name"));
  return experiment_response(TRY(experiments.find_by_name(name)));
}

Result<Response> remove(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  TRY(experiments.remove(id));
  return empty_response();
}

Result<Response> restore(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  TRY(experiments.restore(id));
  return empty_response();
}

Result<Response> update(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  const std::string name = TRY(fields.required_text("new_name"));
  TRY(experiments.rename(id, name));
  return empty_response();
}

Result<Response> set_tag(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  Tag tag;
  tag.key = TRY(fields.required_text("key"));
  tag.value = TRY(fields.text_or("value", ""));
  TRY(experiments.set_tag(id, tag));
  return empty_response();
}

Result<Response> delete_tag(Experiments& experiments, const Fields& fields) {
  const std::string id = TRY(fields.required_text("experiment_id"));
  const std::string key = TRY(fields.required_text("key"));
  TRY(experiments.delete_tag(id, key));
  return empty_response();
}

}  // namespace

void add_experiment_routes(const Mount& mount, Store& store, SourceOptions options) {
  using Call = Result<Response> (*)(Experiments&, const Fields&);
  const auto add = [&](http::Method method, std::string_view path, http::Permission permission,
                       std::string_view rpc, Call call) {
    mount.add("2.0", method, path, permission, "experiments", rpc,
              [&store, options, call](const http::Request& request) -> Result<Response> {
                const Fields fields = TRY(Fields::of(request));
                Experiments experiments(store, options);
                return call(experiments, fields);
              });
  };
  using http::Method;
  using http::Permission;
  add(Method::kPost, "/mlflow/experiments/create", Permission::kCreate, "createExperiment", create);
  add(Method::kGet, "/mlflow/experiments/get", Permission::kRead, "getExperiment", get);
  add(Method::kGet, "/mlflow/experiments/get-by-name", Permission::kRead, "getExperimentByName", get_by_name);
  add(Method::kPost, "/mlflow/experiments/delete", Permission::kDelete, "deleteExperiment", remove);
  add(Method::kPost, "/mlflow/experiments/restore", Permission::kDelete, "restoreExperiment", restore);
  add(Method::kPost, "/mlflow/experiments/update", Permission::kEdit, "updateExperiment", update);
  add(Method::kPost, "/mlflow/experiments/set-experiment-tag", Permission::kEdit, "setExperimentTag",
      set_tag);
  add(Method::kPost, "/mlflow/experiments/delete-experiment-tag", Permission::kEdit, "deleteExperimentTag",
      delete_tag);
}

}  // namespace starcast::tracking::api
