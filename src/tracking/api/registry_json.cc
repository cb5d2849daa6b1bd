#include "tracking/api/registry_json.h"

#include <fmt/format.h>

#include "tracking/api/json_text.h"

namespace starcast::tracking::api {
namespace {

void append_tag(std::string& out, const Tag& tag) {
  ObjectText object(out);
  object.text("key", tag.key);
  object.text("value", tag.value);
}

void append_number_as_text(std::string& out, std::int64_t number) {
  out += '"';
  append_integer(out, number);
  out += '"';
}

}  // namespace

// Fields come in the order of MLflow's protos; what its database holds as NULL is left out.
void append_json(std::string& out, const ModelVersion& version) {
  ObjectText object(out);
  object.text("name", version.name);
  append_number_as_text(object.member("version"), version.version);
  object.integer("creation_timestamp", version.creation_time);
  object.integer("last_updated_timestamp", version.last_update_time);
  if (!version.user_id.empty()) object.text("user_id", version.user_id);
  if (!version.stage.empty()) object.text("current_stage", version.stage);
  if (version.description) object.text("description", *version.description);
  object.text("source", version.source);
  if (version.run_id) object.text("run_id", *version.run_id);
  if (!version.status.empty()) object.text("status", version.status);
  if (!version.status_message.empty()) object.text("status_message", version.status_message);
  if (!version.tags.empty()) append_list(object.member("tags"), version.tags, append_tag);
  if (version.run_link) object.text("run_link", *version.run_link);
  if (!version.aliases.empty()) append_list(object.member("aliases"), version.aliases, append_text);
}

void append_json(std::string& out, const RegisteredModel& model) {
  ObjectText object(out);
  object.text("name", model.name);
  object.integer("creation_timestamp", model.creation_time);
  object.integer("last_updated_timestamp", model.last_update_time);
  if (!model.description.empty()) object.text("description", model.description);
  if (!model.latest_versions.empty()) {
    append_list(object.member("latest_versions"), model.latest_versions,
                [](std::string& text, const ModelVersion& version) { append_json(text, version); });
  }
  if (!model.tags.empty()) append_list(object.member("tags"), model.tags, append_tag);
  if (!model.aliases.empty()) {
    append_list(object.member("aliases"), model.aliases, [](std::string& text, const ModelAlias& alias) {
      ObjectText item(text);
      item.text("alias", alias.alias);
      append_number_as_text(item.member("version"), alias.version);
    });
  }
}

}  // namespace starcast::tracking::api
