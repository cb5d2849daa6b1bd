#include "pipeline/run_cache.h"

#include <algorithm>
#include <variant>

#include "codec/digest.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "os/path.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

// DVC leaves these two keys out at every depth, params included.
Json without_sizes(const Json& value) {
  if (const auto* const members = std::get_if<JsonObject>(&value.value())) {
    JsonObject kept;
    for (const auto& [name, member] : *members) {
      if (name != "size" && name != "nfiles") kept.emplace_back(name, without_sizes(member));
    }
    return Json(std::move(kept));
  }
  if (const auto* const items = std::get_if<JsonArray>(&value.value())) {
    JsonArray kept;
    for (const Json& item : *items) kept.push_back(without_sizes(item));
    return Json(std::move(kept));
  }
  return value;
}

std::string sum_of(const Json& entry) {
  return codec::sha256_hex(codec::to_text(without_sizes(entry), codec::JsonStyle::kPythonSorted));
}

}  // namespace

std::string run_key(const LockedStage& run) {
  Json entry = to_json(run);
  JsonArray paths;
  for (const LockedPath& out : run.outs) paths.emplace_back(out.path);
  entry.set("outs", std::move(paths));
  return sum_of(entry);
}

std::string run_value(const LockedStage& run) {
  return sum_of(to_json(run));
}

bool is_rememberable(const Stage& stage, const LockedStage& inputs) {
  const bool has_persistent =
      std::any_of(stage.outs.begin(), stage.outs.end(), [](const Out& out) { return out.persist; });
  const bool has_inputs = !inputs.deps.empty() || !inputs.params.empty();
  const bool has_empty_params = std::any_of(inputs.params.begin(), inputs.params.end(),
                                            [](const LockedParams& params) { return params.values.empty(); });
  return !stage.always_changed && !has_persistent && has_inputs && !has_empty_params && !stage.outs.empty();
}

bool has_uncached_out(const Stage& stage) {
  return std::any_of(stage.outs.begin(), stage.outs.end(),
                     [](const Out& out) { return out.kind == OutKind::kOut && !out.cache; });
}

RunCache::RunCache(os::FileSystem& files, const std::string& folder)
    : files_(files), folder_(os::joined(folder, "runs")) {}

std::string RunCache::folder_of(const std::string& key) const {
  return folder_ + "/" + key.substr(0, 2) + "/" + key;
}

std::optional<LockedStage> RunCache::find(const std::string& key) {
  const std::string folder = folder_of(key);
  const auto listed = files_.list(folder);
  if (!listed) return std::nullopt;
  std::string newest;
  std::int64_t newest_ns = 0;
  for (const os::FolderEntry& entry : listed.value()) {
    const std::string path = folder + "/" + entry.name;
    const auto status = files_.status(path);
    if (!status || (!newest.empty() && status.value().modified_ns <= newest_ns)) continue;
    newest = path;
    newest_ns = status.value().modified_ns;
  }
  if (newest.empty()) return std::nullopt;
  const auto text = files_.read(newest);
  if (!text) return std::nullopt;
  const auto root = codec::parse_yaml(text.value());
  if (root) {
    auto run = read_locked_stage(newest, os::name_of(newest), root.value());
    if (run) return std::move(run).value();
  }
  // Gone or not, it is of no use.
  static_cast<void>(files_.remove(newest));
  return std::nullopt;
}

Result<void> RunCache::save(const LockedStage& run) {
  const std::string folder = folder_of(run_key(run));
  const std::string path = folder + "/" + run_value(run);
  if (files_.exists(path)) return {};
  TRY(files_.make_folders(folder));
  return files_.write(path, codec::to_yaml(to_json(run)), {0666, false});
}

}  // namespace starcast::pipeline
