#include "tracking/api/run_json.h"

#include <fmt/format.h>

#include "tracking/api/json_text.h"

namespace starcast::tracking::api {
namespace {

// Of params and tags alike.
template <typename Item>
void append_pairs(std::string& out, const std::vector<Item>& items) {
  append_list(out, items, [](std::string& list, const Item& item) {
    ObjectText object(list);
    object.text("key", item.key);
    object.text("value", item.value);
  });
}

void append_dataset_input(std::string& out, const DatasetInput& input) {
  ObjectText object(out);
  if (!input.tags.empty()) append_pairs(object.member("tags"), input.tags);
  ObjectText dataset(object.member("dataset"));
  dataset.text("name", input.dataset.name);
  dataset.text("digest", input.dataset.digest);
  dataset.text("source_type", input.dataset.source_type);
  dataset.text("source", input.dataset.source);
  if (input.dataset.schema) dataset.text("schema", *input.dataset.schema);
  if (input.dataset.profile) dataset.text("profile", *input.dataset.profile);
}

void append_data(std::string& out, const Run& run) {
  ObjectText data(out);
  if (!run.metrics.empty()) {
    append_list(data.member("metrics"), run.metrics,
                [](std::string& list, const Metric& metric) { append_json(list, metric); });
  }
  if (!run.params.empty()) append_pairs(data.member("params"), run.params);
  if (!run.tags.empty()) append_pairs(data.member("tags"), run.tags);
}

void append_inputs(std::string& out, const Run& run) {
  ObjectText inputs(out);
  if (!run.dataset_inputs.empty()) {
    append_list(inputs.member("dataset_inputs"), run.dataset_inputs, append_dataset_input);
  }
  if (!run.model_inputs.empty()) {
    append_list(inputs.member("model_inputs"), run.model_inputs,
                [](std::string& list, const std::string& id) { ObjectText(list).text("model_id", id); });
  }
}

void append_outputs(std::string& out, const Run& run) {
  ObjectText outputs(out);
  if (run.model_outputs.empty()) return;
  append_list(outputs.member("model_outputs"), run.model_outputs,
              [](std::string& list, const ModelOutput& output) {
                ObjectText object(list);
                object.text("model_id", output.model_id);
                object.integer("step", output.step);
              });
}

}  // namespace

void append_json(std::string& out, const Experiment& experiment) {
  ObjectText object(out);
  object.text("experiment_id", fmt::format("{}", experiment.id));
  object.text("name", experiment.name);
  object.text("artifact_location", experiment.artifact_location);
  object.text("lifecycle_stage", experiment.lifecycle_stage);
  if (experiment.last_update_time != 0) object.integer("last_update_time", experiment.last_update_time);
  if (experiment.creation_time != 0) object.integer("creation_time", experiment.creation_time);
  if (!experiment.tags.empty()) append_pairs(object.member("tags"), experiment.tags);
  object.text("workspace", "default");
}

void append_info_json(std::string& out, const Run& run) {
  ObjectText info(out);
  info.text("run_uuid", run.id);
  info.text("experiment_id", fmt::format("{}", run.experiment_id));
  info.text("run_name", run.name);
  info.text("user_id", run.user_id);
  info.text("status", run.status);
  info.integer("start_time", run.start_time);
  if (run.end_time.value_or(0) != 0) info.integer("end_time", *run.end_time);
  info.text("artifact_uri", run.artifact_uri);
  info.text("lifecycle_stage", run.lifecycle_stage);
  info.text("run_id", run.id);
}

void append_json(std::string& out, const Run& run) {
  ObjectText object(out);
  append_info_json(object.member("info"), run);
  append_data(object.member("data"), run);
  append_inputs(object.member("inputs"), run);
  append_outputs(object.member("outputs"), run);
}

void append_json(std::string& out, const Metric& metric, RunId run_id) {
  ObjectText object(out);
  object.text("key", metric.key);
  object.real("value", metric.value);
  object.integer("timestamp", metric.timestamp);
  object.integer("step", metric.step);
  if (run_id == RunId::kWritten) object.text("run_id", metric.run_id);
}

}  // namespace starcast::tracking::api
