#include "pipeline/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/strings.h"
#include "os/path.h"
#include "pipeline/params.h"
#include "pipeline/stage_state.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;
using core::ErrorCode;
using core::Result;

namespace {

const Json* find_member(const JsonObject& members, const std::string& name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&name](const JsonMember& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

class Looker {
 public:
  Looker(const Repository& repository, Cache& cache) : repository_(repository), cache_(cache) {}

  Result<JsonArray> stage(const TrackedStage& tracked, const std::string& only) {
    JsonArray changes;
    const bool is_frozen = !tracked.is_data() && tracked.stage->frozen;
    if (!tracked.is_data() && !is_frozen && only.empty()) {
      JsonObject deps = TRY(this->deps(tracked));
      if (!deps.empty()) changes.emplace_back(JsonObject{{"changed deps", std::move(deps)}});
    }
    JsonObject outs;
    for (const TrackedOut& out : tracked.outs) {
      if (!only.empty() && !is_within(only, out.path)) continue;
      const std::string state = TRY(out_state(cache_, out));
      if (!state.empty()) outs.emplace_back(repository_.shown(out.path), state);
    }
    if (!outs.empty()) changes.emplace_back(JsonObject{{"changed outs", std::move(outs)}});
    if (tracked.is_data()) return changes;
    const Stage& stage = *tracked.stage;
    const bool is_callback = stage.deps.empty() && stage.params.empty() && stage.outs.empty();
    if (stage.always_changed || is_callback) changes.emplace_back("always changed");
    if (tracked.is_recorded && command_json(stage) != tracked.entry.cmd)
      changes.emplace_back("changed command");
    return changes;
  }

 private:
  Result<JsonObject> deps(const TrackedStage& tracked) {
    const Stage& stage = *tracked.stage;
    JsonObject changes;
    for (const std::string& dep : stage.deps) {
      const std::string recorded = recorded_path(stage, dep, repository_.absolute_root());
      const std::string path = path_from_folder(stage, recorded);
      const std::string shown = os::is_absolute(path) ? path : repository_.shown(path);
      const auto now = cache_.identify(path);
      if (!now && now.error().code() == ErrorCode::kNotFound) {
        changes.emplace_back(shown, "deleted");
        continue;
      }
      if (!now) return now.error();
      const LockedPath* const known = tracked.is_recorded ? tracked.entry.find_dep(recorded) : nullptr;
      const bool is_same = known != nullptr && known->md5 == now.value().md5 && !known->legacy_hash;
      if (!is_same) changes.emplace_back(shown, "modified");
    }
    for (const ParamsDep& dep : stage.params) TRY(params(tracked, dep, changes));
    return changes;
  }

  Result<void> params(const TrackedStage& tracked, const ParamsDep& dep, JsonObject& changes) {
    const std::string path = path_from_folder(*tracked.stage, dep.file);
    const std::string shown = repository_.shown(path);
    if (!repository_.world().files.exists(repository_.on_disk(path))) {
      changes.emplace_back(shown, "deleted");
      return {};
    }
    const LockedParams* const known = tracked.is_recorded ? tracked.entry.find_params(dep.file) : nullptr;
    if (known == nullptr) {
      changes.emplace_back(shown, "new");
      return {};
    }
    const Json* const values = TRY(values_of(path));
    std::vector<std::string> names = dep.keys;
    if (names.empty()) {
      const JsonObject* const members = TRY(values->as_object());
      for (const JsonMember& member : *members) names.push_back(member.first);
      for (const JsonMember& member : known->values) {
        if (values->find(member.first) == nullptr) names.push_back(member.first);
      }
    }
    JsonObject states;
    for (const std::string& name : names) {
      const Json* const now = dep.keys.empty() ? values->find(name) : find_param(*values, name);
      const Json* const locked = find_member(known->values, name);
      if (now == nullptr) {
        states.emplace_back(name, "deleted");
      } else if (locked == nullptr) {
        states.emplace_back(name, "new");
      } else if (!python_equal(*locked, *now)) {
        states.emplace_back(name, "modified");
      }
    }
    if (!states.empty()) changes.emplace_back(shown, std::move(states));
    return {};
  }

  Result<const Json*> values_of(const std::string& path) {
    auto found = params_.find(path);
    if (found == params_.end()) {
      Json values = TRY(read_params_file(repository_.world().files, repository_.on_disk(path), path));
      found = params_.emplace(path, std::move(values)).first;
    }
    return &found->second;
  }

  static Json command_json(const Stage& stage) {
    if (!stage.command_is_list) return Json(stage.commands.at(0));
    JsonArray items;
    for (const std::string& command : stage.commands) items.emplace_back(command);
    return Json(std::move(items));
  }

  const Repository& repository_;
  Cache& cache_;
  std::map<std::string, Json> params_;
};

}  // namespace

Result<std::string> out_state(Cache& cache, const TrackedOut& out) {
  if (out.locked && out.is_cached && !cache.holds(*out.locked)) return std::string("not in cache");
  const auto now = cache.identify(out.path);
  if (!now && now.error().code() == ErrorCode::kNotFound) return std::string("deleted");
  if (!now) return now.error();
  const bool is_same = out.locked && out.locked->md5 == now.value().md5;
  return std::string(is_same ? "" : "modified");
}

Result<JsonObject> status_of(const Repository& repository, Cache& cache,
                             const std::vector<Selected>& selected, std::vector<std::string>& frozen) {
  Looker looker(repository, cache);
  JsonObject all;
  for (const Selected& one : selected) {
    const TrackedStage& stage = repository.stages()[one.stage];
    if (!stage.is_data() && stage.stage->frozen) frozen.push_back(repository.address(stage));
    JsonArray changes = TRY(looker.stage(stage, one.path), repository.address(stage));
    if (changes.empty()) continue;
    const std::string address = repository.address(stage);
    const bool is_known = std::any_of(
        all.begin(), all.end(), [&address](const JsonMember& member) { return member.first == address; });
    if (!is_known) all.emplace_back(address, std::move(changes));
  }
  return all;
}

std::string python_text(const Json& value) {
  std::vector<std::string> parts;
  if (value.is_object()) {
    const auto& members = std::get<JsonObject>(value.value());
    for (const auto& [name, member] : members) {
      parts.push_back(fmt::format("{}: {}", codec::to_text(Json(name), codec::JsonStyle::kPythonSorted),
                                  python_text(member)));
    }
    return fmt::format("{{{}}}", core::join(parts, ", "));
  }
  if (value.is_array()) {
    for (const Json& item : std::get<JsonArray>(value.value())) parts.push_back(python_text(item));
    return fmt::format("[{}]", core::join(parts, ", "));
  }
  return codec::to_text(value, codec::JsonStyle::kPythonSorted);
}

}  // namespace starcast::pipeline
