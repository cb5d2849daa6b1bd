#include "pipeline/stage_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "os/path.h"
#include "pipeline/params.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

Json command_of(const Stage& stage) {
  if (!stage.command_is_list) return Json(stage.commands.at(0));
  JsonArray items;
  for (const std::string& command : stage.commands) items.emplace_back(command);
  return Json(std::move(items));
}

std::string short_md5(const std::string& md5) {
  return md5.substr(0, 8) + "…";
}

const Json* find_member(const JsonObject& members, const std::string& name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&name](const JsonMember& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

// "lr 0.1 -> 0.2", "lr is new", "lr is gone"; empty when equal.
std::string param_difference(const std::string& name, const Json* locked, const Json* now) {
  if (now == nullptr) return fmt::format("{} is gone", name);
  if (locked == nullptr) return fmt::format("{} is new", name);
  if (python_equal(*locked, *now)) return {};
  return fmt::format("{} {} -> {}", name, value_text(*locked), value_text(*now));
}

template <typename T>
std::vector<T> sorted_by_path(std::vector<T> items) {
  std::stable_sort(items.begin(), items.end(), [](const T& a, const T& b) { return a.path < b.path; });
  return items;
}

}  // namespace

std::string title_of(const Stage& stage) {
  return fmt::format("stage '{}' (dvc.yaml:{})", stage.name, stage.line);
}

std::string recorded_path(const Stage& stage, const std::string& path, const std::string& absolute_root) {
  if (!os::is_absolute(path) || !os::normalized(path).starts_with(absolute_root + "/")) return path;
  return os::relative_to(os::normalized(path), os::normalized(os::joined(absolute_root, stage.wdir)));
}

void StageState::forget() {
  params_.clear();
  cache_.forget_recent();
}

Result<const Json*> StageState::params_of(const std::string& path) {
  auto found = params_.find(path);
  if (found == params_.end()) {
    Json params = TRY(read_params_file(files_, os::joined(root_, path), path));
    found = params_.emplace(path, std::move(params)).first;
  }
  return &found->second;
}

Result<std::string> StageState::difference(const LockedPath& locked, const std::string& path,
                                           bool is_cached) {
  if (locked.legacy_hash) return fmt::format("{}: was recorded by DVC 2", path);
  if (is_cached && !locked.md5.empty() && !cache_.holds(locked))
    return fmt::format("{}: is not in the cache", path);
  const auto now = cache_.identify(path);
  if (!now && now.error().code() == ErrorCode::kNotFound) return fmt::format("{}: is missing", path);
  if (!now) return now.error();
  if (now.value().md5 == locked.md5) return std::string();
  if (locked.md5.empty()) return fmt::format("{}: is new", path);
  return fmt::format("{}: md5 {} is now {}", path, short_md5(locked.md5), short_md5(now.value().md5));
}

Result<void> StageState::add_param_reasons(const Stage& stage, const LockedStage& locked,
                                           std::vector<std::string>& reasons) {
  for (const ParamsDep& dep : stage.params) {
    const std::string path = path_from_folder(stage, dep.file);
    if (!files_.exists(os::joined(root_, path))) {
      reasons.push_back(fmt::format("{}: is missing", path));
      continue;
    }
    const LockedParams* const known = locked.find_params(dep.file);
    if (known == nullptr) {
      reasons.push_back(fmt::format("{}: is new", path));
      continue;
    }
    const Json* const params = TRY(params_of(path));
    std::vector<std::string> names = dep.keys;
    if (names.empty()) {
      const JsonObject* const members = TRY(params->as_object());
      for (const auto& member : *members) names.push_back(member.first);
      for (const auto& member : known->values) {
        if (params->find(member.first) == nullptr) names.push_back(member.first);
      }
    }
    for (const std::string& name : names) {
      const Json* const now = dep.keys.empty() ? params->find(name) : find_param(*params, name);
      const std::string difference = param_difference(name, find_member(known->values, name), now);
      if (!difference.empty()) reasons.push_back(fmt::format("{}: {}", path, difference));
    }
  }
  return {};
}

Result<std::vector<std::string>> StageState::changed_inputs(const Stage& stage, const LockedStage& locked) {
  std::vector<std::string> reasons;
  if (command_of(stage) != locked.cmd) reasons.emplace_back("the command changed");
  if (stage.frozen) return reasons;
  for (const std::string& dep : stage.deps) {
    const std::string path = path_from_folder(stage, dep);
    const LockedPath* const known = locked.find_dep(recorded_path(stage, dep, absolute_root_));
    if (known == nullptr) {
      reasons.push_back(fmt::format("{}: is new", path));
      continue;
    }
    std::string reason = TRY(difference(*known, path, false));
    if (!reason.empty()) reasons.push_back(std::move(reason));
  }
  TRY(add_param_reasons(stage, locked, reasons));
  return reasons;
}

Result<std::vector<std::string>> StageState::reasons(const Stage& stage, const LockedStage* locked) {
  const bool has_inputs = !stage.deps.empty() || !stage.params.empty();
  if (!stage.frozen && stage.always_changed) return std::vector<std::string>{"always_changed is set"};
  if (!stage.frozen && !has_inputs && stage.outs.empty())
    return std::vector<std::string>{"it has neither deps nor outs"};
  if (locked == nullptr) {
    if (stage.frozen && stage.outs.empty()) return std::vector<std::string>{};
    return std::vector<std::string>{"it has not run yet"};
  }
  std::vector<std::string> reasons = TRY(changed_inputs(stage, *locked));
  if (!reasons.empty()) return reasons;
  for (const Out& out : stage.outs) {
    const std::string path = path_from_folder(stage, out.path);
    const LockedPath* const known = locked->find_out(recorded_path(stage, out.path, absolute_root_));
    if (known == nullptr) {
      reasons.push_back(fmt::format("{}: is new", path));
      continue;
    }
    std::string reason = TRY(difference(*known, path, out.cache));
    if (!reason.empty()) reasons.push_back(std::move(reason));
  }
  return reasons;
}

Result<LockedParams> StageState::current_params(const Stage& stage, const ParamsDep& dep) {
  const std::string path = path_from_folder(stage, dep.file);
  const std::string title = title_of(stage);
  if (!files_.exists(os::joined(root_, path))) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: its params file '{}' does not exist", title, path));
  }
  const Json* const params = TRY(params_of(path), title);
  LockedParams current;
  current.file = dep.file;
  if (dep.keys.empty()) {
    const JsonObject* const members = TRY(params->as_object());
    current.values = *members;
  }
  for (const std::string& name : dep.keys) {
    const Json* const value = find_param(*params, name);
    if (value == nullptr) {
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: there is no '{}' in '{}'", title, name, path));
    }
    if (find_member(current.values, name) == nullptr) current.values.emplace_back(name, *value);
  }
  std::sort(current.values.begin(), current.values.end(),
            [](const JsonMember& a, const JsonMember& b) { return a.first < b.first; });
  return current;
}

Result<LockedStage> StageState::inputs(const Stage& stage) {
  LockedStage entry;
  entry.name = stage.name;
  entry.cmd = command_of(stage);
  for (const std::string& dep : stage.deps) {
    const std::string path = path_from_folder(stage, dep);
    auto found = cache_.identify(path);
    if (!found && found.error().code() == ErrorCode::kNotFound) {
      return Error(ErrorCode::kNotFound,
                   fmt::format("{}: its dep '{}' does not exist", title_of(stage), path));
    }
    if (!found) return Error(std::move(found).error()).with_context(title_of(stage));
    found.value().path = recorded_path(stage, dep, absolute_root_);
    entry.deps.push_back(std::move(found).value());
  }
  entry.deps = sorted_by_path(std::move(entry.deps));
  for (const ParamsDep& dep : stage.params) {
    LockedParams params = TRY(current_params(stage, dep));
    entry.params.push_back(std::move(params));
  }
  // params.yaml first, then the other files by name.
  std::stable_sort(entry.params.begin(), entry.params.end(),
                   [](const LockedParams& a, const LockedParams& b) {
                     return std::pair(a.file != "params.yaml", std::string_view(a.file)) <
                            std::pair(b.file != "params.yaml", std::string_view(b.file));
                   });
  return entry;
}

Result<void> StageState::add_outs(const Stage& stage, LockedStage& entry) {
  entry.outs.clear();
  for (const Out& out : stage.outs) {
    const std::string path = path_from_folder(stage, out.path);
    auto found = cache_.identify(path);
    if (!found && found.error().code() == ErrorCode::kNotFound) {
      return Error(ErrorCode::kFailedPrecondition,
                   fmt::format("dvc.yaml:{}: stage '{}': its command did not make the out '{}'", out.line,
                               stage.name, path));
    }
    if (!found) return Error(std::move(found).error()).with_context(title_of(stage));
    found.value().path = recorded_path(stage, out.path, absolute_root_);
    entry.outs.push_back(std::move(found).value());
  }
  entry.outs = sorted_by_path(std::move(entry.outs));
  return {};
}

}  // namespace starcast::pipeline
