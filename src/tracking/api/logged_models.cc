#include "tracking/api/logged_models.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/strings.h"
#include "tracking/api/json_text.h"
#include "tracking/api/logged_model_json.h"
#include "tracking/logged_models.h"
#include "tracking/names.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Method;
using http::Permission;
using http::Request;
using http::Response;

Response answer(const LoggedModel& model) {
  std::string body;
  {
    ObjectText object(body);
    append_json(object.member("model"), model);
  }
  return json_text_response(std::move(body));
}

// Tag or Param: {"key":…,"value":…}.
template <typename Item>
Result<std::vector<Item>> items_of(const Fields& fields, std::string_view list) {
  std::vector<Item> items;
  const std::vector<Fields> messages = TRY(fields.messages(list));
  for (const Fields& message : messages) {
    Item item;
    item.key = TRY(message.text_or("key", ""));
    item.value = TRY(message.text_or("value", ""));
    items.push_back(std::move(item));
  }
  return items;
}

// The path names the model; a body that names another one is refused.
Result<std::string> model_id_of(const Request& request, const Fields& fields) {
  const std::string& id = request.parameter("model_id");
  const std::string named = TRY(fields.text_or("model_id", id));
  if (named != id) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("the request's path names the model '{}', its body '{}'", id, named));
  }
  return id;
}

Result<LoggedModelStatus> status_of(const Fields& fields) {
  const std::optional<std::string> name = TRY(
      fields.one_of("status", {"LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"}));
  if (!name) return missing_parameter("status");
  for (const LoggedModelStatus status : {LoggedModelStatus::kPending, LoggedModelStatus::kReady}) {
    if (*name == wire_name(status)) return status;
  }
  return LoggedModelStatus::kUploadFailed;
}

Result<Response> create(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  NewLoggedModel wanted;
  const std::string experiment_id = TRY(fields.required_text("experiment_id"));
  wanted.experiment_id = TRY(parse_experiment_id(experiment_id));
  wanted.name = TRY(fields.text_or("name", ""));
  wanted.model_type = TRY(fields.text_or("model_type", ""));
  wanted.source_run_id = TRY(fields.text_or("source_run_id", ""));
  wanted.params = TRY(items_of<Param>(fields, "params"));
  wanted.tags = TRY(items_of<Tag>(fields, "tags"));
  const LoggedModel model = TRY(LoggedModels(store).create(wanted));
  return answer(model);
}

Result<Response> get(Store& store, const Request& request) {
  const std::string asked = core::ascii_lower(request.query_field("allow_deleted").value_or("false"));
  const Deleted deleted = asked == "true" ? Deleted::kShown : Deleted::kHidden;
  const LoggedModel model = TRY(LoggedModels(store).find(request.parameter("model_id"), deleted));
  return answer(model);
}

Result<Response> finalize(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  TRY(fields.required_text("model_id"));
  const std::string id = TRY(model_id_of(request, fields));
  const LoggedModelStatus status = TRY(status_of(fields));
  const LoggedModel model = TRY(LoggedModels(store).finalize(id, status));
  return answer(model);
}

Result<Response> remove(Store& store, const Request& request) {
  TRY(LoggedModels(store).remove(request.parameter("model_id")));
  return empty_response();
}

Result<Response> set_tags(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string id = TRY(model_id_of(request, fields));
  const std::vector<Tag> tags = TRY(items_of<Tag>(fields, "tags"));
  TRY(LoggedModels(store).set_tags(id, tags));
  return empty_response();
}

Result<Response> delete_tag(Store& store, const Request& request) {
  TRY(LoggedModels(store).delete_tag(request.parameter("model_id"), request.parameter("tag_key")));
  return empty_response();
}

Result<Response> log_params(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  TRY(fields.required_text("model_id"));
  const std::string id = TRY(model_id_of(request, fields));
  const std::vector<Param> params = TRY(items_of<Param>(fields, "params"));
  TRY(LoggedModels(store).log_params(id, params));
  return empty_response();
}

constexpr StoreRoute kRows[] = {
    {Method::kPost, "", Permission::kCreate, "createLoggedModel", create},
    {Method::kPatch, "/{model_id}", Permission::kEdit, "finalizeLoggedModel", finalize},
    {Method::kGet, "/{model_id}", Permission::kRead, "getLoggedModel", get},
    {Method::kDelete, "/{model_id}", Permission::kDelete, "deleteLoggedModel", remove},
    {Method::kPatch, "/{model_id}/tags", Permission::kEdit, "setLoggedModelTags", set_tags},
    {Method::kDelete, "/{model_id}/tags/{tag_key}", Permission::kEdit, "deleteLoggedModelTag", delete_tag},
    {Method::kPost, "/{model_id}/params", Permission::kEdit, "LogLoggedModelParams", log_params},
};

}  // namespace

void add_logged_model_routes(const Mount& mount, Store& store) {
  mount.add_store_routes("logged-models", kRows, store);
}

}  // namespace starcast::tracking::api
