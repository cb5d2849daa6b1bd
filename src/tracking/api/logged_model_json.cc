#include "tracking/api/logged_model_json.h"

#include "tracking/api/json_text.h"

namespace starcast::tracking::api {
namespace {

void append_pair(std::string& out, const std::string& key, const std::string& value) {
  ObjectText object(out);
  object.text("key", key);
  object.text("value", value);
}

void append_metric(std::string& out, const Metric& metric) {
  ObjectText object(out);
  object.text("key", metric.key);
  object.real("value", metric.value);
  object.integer("timestamp", metric.timestamp);
  object.integer("step", metric.step);
  if (!metric.dataset_name.empty()) object.text("dataset_name", metric.dataset_name);
  if (!metric.dataset_digest.empty()) object.text("dataset_digest", metric.dataset_digest);
  object.text("model_id", metric.model_id);
  object.text("run_id", metric.run_id);
}

void append_info(std::string& out, const LoggedModel& model) {
  ObjectText info(out);
  info.text("model_id", model.id);
  std::string& experiment = info.member("experiment_id");
  experiment += '"';
  append_integer(experiment, model.experiment_id);
  experiment += '"';
  info.text("name", model.name);
  info.integer("creation_timestamp_ms", model.creation_time);
  info.integer("last_updated_timestamp_ms", model.last_update_time);
  info.text("artifact_uri", model.artifact_location);
  info.text("status", wire_name(model.status));
  info.text("model_type", model.model_type);
  info.text("source_run_id", model.source_run_id);
  if (!model.status_message.empty()) info.text("status_message", model.status_message);
  if (!model.tags.empty()) {
    append_list(info.member("tags"), model.tags,
                [](std::string& text, const Tag& tag) { append_pair(text, tag.key, tag.value); });
  }
}

void append_content(std::string& out, const LoggedModel& model) {
  ObjectText content(out);
  if (!model.params.empty()) {
    append_list(content.member("params"), model.params,
                [](std::string& text, const Param& param) { append_pair(text, param.key, param.value); });
  }
  if (!model.metrics.empty()) append_list(content.member("metrics"), model.metrics, append_metric);
}

}  // namespace

std::string_view wire_name(LoggedModelStatus status) {
  switch (status) {
    case LoggedModelStatus::kUnspecified:
      return "LOGGED_MODEL_STATUS_UNSPECIFIED";
    case LoggedModelStatus::kPending:
      return "LOGGED_MODEL_PENDING";
    case LoggedModelStatus::kReady:
      return "LOGGED_MODEL_READY";
    case LoggedModelStatus::kUploadFailed:
      return "LOGGED_MODEL_UPLOAD_FAILED";
  }
  return "LOGGED_MODEL_STATUS_UNSPECIFIED";
}

void append_json(std::string& out, const LoggedModel& model) {
  ObjectText object(out);
  append_info(object.member("info"), model);
  append_content(object.member("data"), model);
}

}  // namespace starcast::tracking::api
