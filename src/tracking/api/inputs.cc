#include "tracking/api/inputs.h"

#include "tracking/inputs.h"
#include "tracking/uri.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Response;

Result<DatasetInput> input_of(const Fields& fields) {
  DatasetInput input;
  const std::vector<Fields> tags = TRY(fields.messages("tags"));
  for (const Fields& tag : tags) {
    Tag& read = input.tags.emplace_back();
    read.key = TRY(tag.required_text("key"));
    read.value = TRY(tag.text_or("value", ""));
  }
  const std::optional<Fields> dataset = TRY(fields.message("dataset"));
  if (!dataset) return missing_parameter("dataset");
  input.dataset.name = TRY(dataset->required_text("name"));
  input.dataset.digest = TRY(dataset->required_text("digest"));
  input.dataset.source_type = TRY(dataset->required_text("source_type"));
  input.dataset.source = without_passwords(TRY(dataset->text_or("source", "")));
  input.dataset.schema = TRY(dataset->text("schema"));
  input.dataset.profile = TRY(dataset->text("profile"));
  return input;
}

Result<Response> log_inputs(Inputs& inputs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  std::vector<DatasetInput> datasets;
  const std::vector<Fields> given_datasets = TRY(fields.messages("datasets"));
  for (const Fields& dataset : given_datasets) datasets.push_back(TRY(input_of(dataset)));
  std::vector<std::string> model_ids;
  const std::vector<Fields> given_models = TRY(fields.messages("models"));
  for (const Fields& model : given_models) model_ids.push_back(TRY(model.required_text("model_id")));
  TRY(inputs.log_inputs(run_id, datasets, model_ids));
  return empty_response();
}

Result<Response> log_outputs(Inputs& inputs, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  if (!fields.has("models")) return missing_parameter("models");
  std::vector<ModelOutput> models;
  const std::vector<Fields> given = TRY(fields.messages("models"));
  for (const Fields& model : given) {
    ModelOutput& read = models.emplace_back();
    read.model_id = TRY(model.required_text("model_id"));
    read.step = TRY(model.integer_or("step", 0));
  }
  TRY(inputs.log_outputs(run_id, models));
  return empty_response();
}

}  // namespace

void add_input_routes(const Mount& mount, Store& store) {
  using Call = Result<Response> (*)(Inputs&, const Fields&);
  const auto handler = [&store](Call call) {
    return [&store, call](const http::Request& request) -> Result<Response> {
      const Fields fields = TRY(Fields::of(request));
      Inputs inputs(store);
      return call(inputs, fields);
    };
  };
  mount.add("2.0", http::Method::kPost, "/mlflow/runs/log-inputs", http::Permission::kEdit, "runs",
            "logInputs", handler(log_inputs));
  mount.add("2.0", http::Method::kPost, "/mlflow/runs/outputs", http::Permission::kEdit, "runs", "logOutputs",
            handler(log_outputs));
}

}  // namespace starcast::tracking::api
