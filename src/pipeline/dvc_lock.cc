#include "pipeline/dvc_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/strings.h"
#include "pipeline/fields.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

const std::vector<std::string_view> kFileKeys = {"schema", "stages", "datasets"};
const std::vector<std::string_view> kStageKeys = {"cmd", "deps", "params", "outs"};
const std::vector<std::string_view> kPathKeys = {"path",  "hash",   "md5",    "etag",   "checksum",
                                                 "size",  "nfiles", "isexec", "isdir",  "version_id",
                                                 "cloud", "files",  "remote", "dataset"};

// What is wrong inside a lock is damage, not a user's slip.
Error corrupt(const Error& error) {
  return Error(ErrorCode::kCorrupt, error.message());
}

template <typename T>
Result<T> as_corrupt(Result<T> result) {
  if (result || result.error().code() != ErrorCode::kInvalidInput) return result;
  return corrupt(result.error());
}

Result<std::vector<LockedPath>> read_paths(std::string_view file, const YamlNode& list,
                                           const std::string& what) {
  TRY(check_sequence(file, list, what));
  std::vector<LockedPath> paths;
  for (const YamlNode& item : list.items) {
    TRY(check_keys(file, item, what, kPathKeys));
    LockedPath path = TRY(read_locked_path(file, item, what));
    paths.push_back(std::move(path));
  }
  return paths;
}

Result<DvcLock> read_lock(std::string_view text, std::string_view file) {
  const YamlNode root = TRY(parse_yaml_file(text, file));
  DvcLock lock;
  if (root.members.empty() && root.kind == YamlNode::Kind::kMapping) return lock;
  TRY(check_keys(file, root, "the lock", kFileKeys));
  const YamlNode* const schema = root.find("schema");
  if (schema == nullptr || schema->text != "2.0" || !schema->scalar.is_string()) {
    return field_error(file, schema == nullptr ? root : *schema,
                       "schema must be '2.0'; this lock was written by another DVC");
  }
  for (const auto& [key, value] : root.members) {
    lock.sections.emplace_back(key.text, key.text == "stages" ? Json() : value.to_json());
  }
  const YamlNode* const stages = root.find("stages");
  if (stages == nullptr) return lock;
  TRY(check_mapping(file, *stages, "stages"));
  for (const auto& [key, value] : stages->members) {
    LockedStage stage = TRY(read_locked_stage(file, key.text, value));
    lock.stages.push_back(std::move(stage));
  }
  return lock;
}

JsonObject path_entry(const LockedPath& path) {
  JsonObject entry;
  entry.emplace_back("path", path.path);
  if (!path.legacy_hash) entry.emplace_back("hash", "md5");
  if (!path.md5.empty()) entry.emplace_back("md5", path.md5);
  entry.emplace_back("size", static_cast<std::size_t>(path.size));
  if (path.nfiles) entry.emplace_back("nfiles", static_cast<std::size_t>(*path.nfiles));
  if (path.isexec) entry.emplace_back("isexec", true);
  return entry;
}

Json path_entries(const std::vector<LockedPath>& paths) {
  JsonArray entries;
  for (const LockedPath& path : paths) entries.emplace_back(path_entry(path));
  return entries;
}

template <typename Entries, typename Member>
auto find_in(const Entries& entries, Member member, std::string_view name) -> decltype(entries.data()) {
  for (const auto& entry : entries) {
    if (entry.*member == name) return &entry;
  }
  return nullptr;
}

}  // namespace

const LockedPath* LockedStage::find_dep(std::string_view path) const {
  return find_in(deps, &LockedPath::path, path);
}
const LockedPath* LockedStage::find_out(std::string_view path) const {
  return find_in(outs, &LockedPath::path, path);
}
const LockedParams* LockedStage::find_params(std::string_view file) const {
  return find_in(params, &LockedParams::file, file);
}

const LockedStage* DvcLock::find(std::string_view name) const {
  return find_in(stages, &LockedStage::name, name);
}

void DvcLock::put(LockedStage stage) {
  const auto found = std::find_if(stages.begin(), stages.end(), [&stage](const LockedStage& present) {
    return present.name == stage.name;
  });
  if (found != stages.end()) {
    *found = std::move(stage);
  } else {
    stages.push_back(std::move(stage));
  }
}

Result<LockedPath> read_locked_path(std::string_view file, const YamlNode& node, std::string_view what) {
  TRY(check_mapping(file, node, what));
  LockedPath locked;
  const YamlNode* const path = node.find("path");
  if (path == nullptr) return field_error(file, node, fmt::format("{}: an entry has no path", what));
  locked.path = TRY(string_field(file, *path, fmt::format("{}: path", what)));
  const std::string here = fmt::format("{}: {}", what, locked.path);
  locked.legacy_hash = true;
  if (const YamlNode* const hash = node.find("hash")) {
    const std::string name = TRY(string_field(file, *hash, here + ": hash"));
    if (name != "md5")
      return unsupported_field(file, *hash, fmt::format("{}: unknown hash '{}'", here, name));
    locked.legacy_hash = false;
  }
  if (const YamlNode* const md5 = node.find("md5")) {
    // As text, even where the digits alone would read as a number.
    if (md5->kind != YamlNode::Kind::kScalar) return field_error(file, *md5, here + ": md5 must be a text");
    locked.md5 = core::ascii_lower(md5->text);
    const std::string_view digits = std::string_view(locked.md5).substr(0, 32);
    const bool is_md5 = digits.size() == 32 &&
                        digits.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
                        (locked.md5.size() == 32 || (locked.md5.size() == 36 && locked.is_folder()));
    if (!is_md5) return field_error(file, *md5, fmt::format("{}: '{}' is no md5", here, md5->text));
  }
  if (const YamlNode* const size = node.find("size"))
    locked.size = TRY(count_field(file, *size, here + ": size"));
  if (const YamlNode* const nfiles = node.find("nfiles"))
    locked.nfiles = TRY(count_field(file, *nfiles, here + ": nfiles"));
  if (const YamlNode* const isexec = node.find("isexec"))
    TRY(read_flag(file, *isexec, here + ": isexec", locked.isexec));
  return locked;
}

Result<LockedStage> read_locked_stage(std::string_view file, const std::string& name, const YamlNode& node) {
  const std::string what = fmt::format("stage '{}'", name);
  TRY(check_keys(file, node, what, kStageKeys));
  LockedStage stage;
  stage.name = name;
  const YamlNode* const cmd = node.find("cmd");
  if (cmd == nullptr) return field_error(file, node, what + " has no cmd");
  stage.cmd = cmd->to_json();
  if (!stage.cmd.is_string() && !stage.cmd.is_array())
    return field_error(file, *cmd, what + ": cmd must be a text or a list");
  if (const YamlNode* const deps = node.find("deps"))
    stage.deps = TRY(read_paths(file, *deps, what + ": deps"));
  if (const YamlNode* const outs = node.find("outs"))
    stage.outs = TRY(read_paths(file, *outs, what + ": outs"));
  if (const YamlNode* const params = node.find("params")) {
    TRY(check_mapping(file, *params, what + ": params"));
    for (const auto& [params_file, values] : params->members) {
      TRY(check_mapping(file, values, fmt::format("{}: params: {}", what, params_file.text)));
      const Json value = values.to_json();
      const JsonObject* const members = TRY(value.as_object());
      stage.params.push_back({params_file.text, *members});
    }
  }
  stage.as_read = node.to_json();
  return stage;
}

Result<DvcLock> parse_dvc_lock(std::string_view text, std::string_view shown_path) {
  return as_corrupt(read_lock(text, shown_path));
}

Result<DvcLock> load_dvc_lock(const os::FileSystem& files, const std::string& path,
                              const std::string& shown_path) {
  const auto text = files.read(path);
  if (!text && text.error().code() == ErrorCode::kNotFound) return DvcLock{};
  if (!text) return text.error();
  return parse_dvc_lock(text.value(), shown_path);
}

Json to_json(const LockedStage& stage) {
  if (stage.as_read) return *stage.as_read;
  JsonObject entry;
  entry.emplace_back("cmd", stage.cmd);
  if (!stage.deps.empty()) entry.emplace_back("deps", path_entries(stage.deps));
  if (!stage.params.empty()) {
    JsonObject params;
    for (const LockedParams& file : stage.params) params.emplace_back(file.file, file.values);
    entry.emplace_back("params", std::move(params));
  }
  if (!stage.outs.empty()) entry.emplace_back("outs", path_entries(stage.outs));
  return entry;
}

std::string to_text(const DvcLock& lock) {
  JsonObject stages;
  for (const LockedStage& stage : lock.stages) stages.emplace_back(stage.name, to_json(stage));
  JsonObject sections = lock.sections;
  if (sections.empty()) sections.emplace_back("schema", "2.0");
  Json file(std::move(sections));
  file.set("stages", std::move(stages));
  return codec::to_yaml(file);
}

}  // namespace starcast::pipeline
