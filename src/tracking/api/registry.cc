#include "tracking/api/registry.h"

#include <utility>
#include <vector>

#include "tracking/api/json_text.h"
#include "tracking/api/registry_json.h"
#include "tracking/model_versions.h"
#include "tracking/registered_models.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Method;
using http::Permission;
using http::Request;
using http::Response;

// {"<name>":<item>}
template <typename Item>
Response answer(std::string_view name, const Item& item) {
  std::string body;
  {
    ObjectText object(body);
    append_json(object.member(name), item);
  }
  return json_text_response(std::move(body));
}

Result<std::vector<Tag>> tags_of(const Fields& fields) {
  std::vector<Tag> tags;
  const std::vector<Fields> messages = TRY(fields.messages("tags"));
  for (const Fields& message : messages) {
    Tag tag;
    tag.key = TRY(message.text_or("key", ""));
    tag.value = TRY(message.text_or("value", ""));
    tags.push_back(std::move(tag));
  }
  return tags;
}

Result<Tag> tag_of(const Fields& fields) {
  Tag tag;
  tag.key = TRY(fields.required_text("key"));
  tag.value = TRY(fields.text_or("value", ""));
  return tag;
}

struct NameAndVersion {
  std::string name{};
  std::string version{};
};

Result<NameAndVersion> name_and_version(const Fields& fields) {
  NameAndVersion key;
  key.name = TRY(fields.required_text("name"));
  key.version = TRY(fields.required_text("version"));
  return key;
}

Result<Response> create_model(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  NewRegisteredModel wanted;
  wanted.name = TRY(fields.required_text("name"));
  wanted.tags = TRY(tags_of(fields));
  wanted.description = TRY(fields.text_or("description", ""));
  const RegisteredModel model = TRY(RegisteredModels(store).create(wanted));
  return answer("registered_model", model);
}

Result<Response> get_model(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const RegisteredModel model = TRY(RegisteredModels(store).find(name));
  return answer("registered_model", model);
}

Result<Response> rename_model(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string new_name = TRY(fields.required_text("new_name"));
  const RegisteredModel model = TRY(RegisteredModels(store).rename(name, new_name));
  return answer("registered_model", model);
}

Result<Response> update_model(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string description = TRY(fields.text_or("description", ""));
  const RegisteredModel model = TRY(RegisteredModels(store).describe(name, description));
  return answer("registered_model", model);
}

Result<Response> delete_model(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  TRY(RegisteredModels(store).remove(name));
  return empty_response();
}

Result<Response> get_latest_versions(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::vector<std::string> stages = TRY(fields.texts("stages"));
  const std::vector<ModelVersion> versions = TRY(RegisteredModels(store).latest_versions(name, stages));
  std::string body;
  {
    ObjectText object(body);
    if (!versions.empty()) {
      append_list(object.member("model_versions"), versions,
                  [](std::string& text, const ModelVersion& version) { append_json(text, version); });
    }
  }
  return json_text_response(std::move(body));
}

Result<Response> set_model_tag(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const Tag tag = TRY(tag_of(fields));
  TRY(RegisteredModels(store).set_tag(name, tag));
  return empty_response();
}

Result<Response> delete_model_tag(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string key = TRY(fields.required_text("key"));
  TRY(RegisteredModels(store).delete_tag(name, key));
  return empty_response();
}

Result<Response> set_alias(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string alias = TRY(fields.required_text("alias"));
  const std::string version = TRY(fields.required_text("version"));
  TRY(RegisteredModels(store).set_alias(name, alias, version));
  return empty_response();
}

Result<Response> delete_alias(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string alias = TRY(fields.required_text("alias"));
  TRY(RegisteredModels(store).delete_alias(name, alias));
  return empty_response();
}

Result<Response> get_by_alias(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const std::string name = TRY(fields.required_text("name"));
  const std::string alias = TRY(fields.required_text("alias"));
  const ModelVersion version = TRY(RegisteredModels(store).version_by_alias(name, alias));
  return answer("model_version", version);
}

Result<Response> create_version(Store& store, const SourceOptions& options, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  NewModelVersion wanted;
  wanted.name = TRY(fields.required_text("name"));
  wanted.source = TRY(fields.required_text("source"));
  wanted.run_id = TRY(fields.text("run_id"));
  wanted.model_id = TRY(fields.text("model_id"));
  wanted.run_link = TRY(fields.text_or("run_link", ""));
  wanted.description = TRY(fields.text_or("description", ""));
  wanted.tags = TRY(tags_of(fields));
  const ModelVersion version = TRY(ModelVersions(store, options).create(wanted));
  return answer("model_version", version);
}

Result<Response> get_version(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const ModelVersion version = TRY(ModelVersions(store).find(key.name, key.version));
  return answer("model_version", version);
}

Result<Response> update_version(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const std::optional<std::string> description = TRY(fields.text("description"));
  const ModelVersion version = TRY(ModelVersions(store).describe(key.name, key.version, description));
  return answer("model_version", version);
}

Result<Response> transition_stage(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const std::string stage = TRY(fields.required_text("stage"));
  const std::optional<bool> archive = TRY(fields.flag("archive_existing_versions"));
  const ArchiveOthers others = archive.value_or(false) ? ArchiveOthers::kYes : ArchiveOthers::kNo;
  const ModelVersion version = TRY(ModelVersions(store).transition(key.name, key.version, stage, others));
  return answer("model_version", version);
}

Result<Response> delete_version(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  TRY(ModelVersions(store).remove(key.name, key.version));
  return empty_response();
}

Result<Response> get_download_uri(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const std::string uri = TRY(ModelVersions(store).download_uri(key.name, key.version));
  std::string body;
  {
    ObjectText object(body);
    object.text("artifact_uri", uri);
  }
  return json_text_response(std::move(body));
}

Result<Response> set_version_tag(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const Tag tag = TRY(tag_of(fields));
  TRY(ModelVersions(store).set_tag(key.name, key.version, tag));
  return empty_response();
}

Result<Response> delete_version_tag(Store& store, const Request& request) {
  const Fields fields = TRY(Fields::of(request));
  const NameAndVersion key = TRY(name_and_version(fields));
  const std::string tag = TRY(fields.required_text("key"));
  TRY(ModelVersions(store).delete_tag(key.name, key.version, tag));
  return empty_response();
}

constexpr StoreRoute kModelRows[] = {
    {Method::kPost, "/create", Permission::kCreate, "createRegisteredModel", create_model},
    {Method::kPost, "/rename", Permission::kEdit, "renameRegisteredModel", rename_model},
    {Method::kPatch, "/update", Permission::kEdit, "updateRegisteredModel", update_model},
    {Method::kDelete, "/delete", Permission::kDelete, "deleteRegisteredModel", delete_model},
    {Method::kGet, "/get", Permission::kRead, "getRegisteredModel", get_model},
    {Method::kPost, "/get-latest-versions", Permission::kRead, "getLatestVersions", get_latest_versions},
    {Method::kGet, "/get-latest-versions", Permission::kRead, "getLatestVersions", get_latest_versions},
    {Method::kPost, "/set-tag", Permission::kEdit, "setRegisteredModelTag", set_model_tag},
    {Method::kDelete, "/delete-tag", Permission::kEdit, "deleteRegisteredModelTag", delete_model_tag},
    {Method::kPost, "/alias", Permission::kEdit, "setRegisteredModelAlias", set_alias},
    {Method::kDelete, "/alias", Permission::kEdit, "deleteRegisteredModelAlias", delete_alias},
    {Method::kGet, "/alias", Permission::kRead, "getModelVersionByAlias", get_by_alias},
};

constexpr StoreRoute kVersionRows[] = {
    {Method::kPatch, "/update", Permission::kEdit, "updateModelVersion", update_version},
    {Method::kPost, "/transition-stage", Permission::kEdit, "transitionModelVersionStage", transition_stage},
    {Method::kDelete, "/delete", Permission::kDelete, "deleteModelVersion", delete_version},
    {Method::kGet, "/get", Permission::kRead, "getModelVersion", get_version},
    {Method::kGet, "/get-download-uri", Permission::kRead, "getModelVersionDownloadUri", get_download_uri},
    {Method::kPost, "/set-tag", Permission::kEdit, "setModelVersionTag", set_version_tag},
    {Method::kDelete, "/delete-tag", Permission::kEdit, "deleteModelVersionTag", delete_version_tag},
};

}  // namespace

void add_registry_routes(const Mount& mount, Store& store, SourceOptions options) {
  mount.add_store_routes("registered-models", kModelRows, store);
  mount.add_store_routes("model-versions", kVersionRows, store);
  mount.add("2.0", Method::kPost, "/mlflow/model-versions/create", Permission::kEdit, "model-versions",
            "createModelVersion", [&store, options = std::move(options)](const Request& request) {
              return create_version(store, options, request);
            });
}

}  // namespace starcast::tracking::api
