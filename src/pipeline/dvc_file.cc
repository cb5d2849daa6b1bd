#include "pipeline/dvc_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/yaml.h"
#include "core/check.h"
#include "os/path.h"
#include "pipeline/fields.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;
using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

const std::vector<std::string_view> kFileKeys = {"md5",  "cmd",    "wdir",   "deps", "outs",
                                                 "desc", "locked", "frozen", "meta", "always_changed"};
const std::vector<std::string_view> kOutKeys = {
    "path",    "hash",       "md5",   "etag",  "checksum", "size",  "nfiles",   "isexec",
    "isdir",   "version_id", "cloud", "files", "remote",   "cache", "metric",   "plot",
    "persist", "push",       "desc",  "type",  "labels",   "meta",  "fs_config"};

// The keys that describe content, in DVC's order.
const std::vector<std::string_view> kContentKeys = {"md5", "size", "nfiles", "isexec", "hash"};

JsonObject content_of(const LockedPath& out) {
  JsonObject content;
  content.emplace_back("md5", out.md5);
  content.emplace_back("size", static_cast<std::size_t>(out.size));
  if (out.nfiles) content.emplace_back("nfiles", static_cast<std::size_t>(*out.nfiles));
  if (out.isexec) content.emplace_back("isexec", true);
  content.emplace_back("hash", "md5");
  return content;
}

std::string new_text(const DvcFile& file) {
  JsonArray outs;
  for (const LockedPath& out : file.outs) {
    JsonObject entry = content_of(out);
    entry.emplace_back("path", out.path);
    outs.emplace_back(std::move(entry));
  }
  JsonObject root;
  root.emplace_back("outs", std::move(outs));
  return codec::to_yaml(root);
}

struct Edit {
  std::size_t start = 0;
  std::size_t end = 0;
  std::string text;
};

// The scalars to replace, or false when a key would have to come or go.
bool edits_for(const YamlNode& entry, const LockedPath& out, std::vector<Edit>& edits) {
  const JsonObject content = content_of(out);
  for (const std::string_view key : kContentKeys) {
    const YamlNode* const present = entry.find(key);
    const auto wanted = std::find_if(content.begin(), content.end(),
                                     [key](const JsonMember& member) { return member.first == key; });
    if ((present == nullptr) != (wanted == content.end())) return false;
    if (present == nullptr || present->to_json() == wanted->second) continue;
    JsonObject single;
    single.emplace_back("k", wanted->second);
    std::string line = codec::to_yaml(single);  // "k: VALUE\n"
    edits.push_back({present->start.offset, present->end.offset, line.substr(3, line.size() - 4)});
  }
  return true;
}

// The text with its scalars replaced in place; nothing when that does not do.
std::optional<std::string> spliced_text(const DvcFile& file, const YamlNode& outs) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < file.outs.size(); ++i) {
    if (!edits_for(outs.items[i], file.outs[i], edits)) return std::nullopt;
  }
  std::string text = file.as_read;
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.start > b.start; });
  for (const Edit& edit : edits) text.replace(edit.start, edit.end - edit.start, edit.text);
  // Aliases and flow style have places of their own kind: what is read back decides.
  const auto again = parse_dvc_file(text, "");
  if (!again || again.value().outs != file.outs) return std::nullopt;
  return text;
}

std::string edited_text(const DvcFile& file, const YamlNode& root) {
  const YamlNode* const outs = root.find("outs");
  CHECK(outs != nullptr && outs->items.size() == file.outs.size());
  if (auto text = spliced_text(file, *outs)) return *std::move(text);

  JsonArray entries;
  for (std::size_t i = 0; i < file.outs.size(); ++i) {
    const JsonObject content = content_of(file.outs[i]);
    JsonObject entry;
    for (const auto& [key, value] : outs->items[i].members) {
      const bool is_content =
          std::find(kContentKeys.begin(), kContentKeys.end(), key.text) != kContentKeys.end();
      const auto wanted =
          std::find_if(content.begin(), content.end(),
                       [&name = key.text](const JsonMember& member) { return member.first == name; });
      if (wanted != content.end()) {
        entry.push_back(*wanted);
      } else if (!is_content) {
        entry.emplace_back(key.text, value.to_json());
      }
    }
    for (const JsonMember& member : content) {
      if (outs->items[i].find(member.first) == nullptr) entry.push_back(member);
    }
    entries.emplace_back(std::move(entry));
  }
  Json whole = root.to_json();
  whole.set("outs", std::move(entries));
  return codec::to_yaml(whole);
}

Result<void> check_supported(std::string_view file, const YamlNode& entry) {
  if (const YamlNode* const cache = entry.find("cache")) {
    bool is_cached = true;
    TRY(read_flag(file, *cache, "cache", is_cached));
    if (!is_cached)
      return unsupported_field(file, *cache, "an out that is not cached is not supported in a .dvc file");
  }
  for (const std::string_view key : {"files", "cloud", "version_id", "fs_config"}) {
    const YamlNode* const found = entry.find(key);
    if (found != nullptr)
      return unsupported_field(file, *found,
                               fmt::format("'{}' (versioned remotes) is not supported yet", key));
  }
  return {};
}

}  // namespace

Result<DvcFile> parse_dvc_file(std::string_view text, std::string_view shown_path) {
  const YamlNode root = TRY(parse_yaml_file(text, shown_path));
  TRY(check_keys(shown_path, root, "a .dvc file", kFileKeys));
  if (const YamlNode* const cmd = root.find("cmd")) {
    return unsupported_field(shown_path, *cmd,
                             "a .dvc file with a cmd (DVC 0.x) is not supported; move the stage to dvc.yaml");
  }
  DvcFile file;
  file.as_read = text;
  const YamlNode* const deps = root.find("deps");
  file.is_import = deps != nullptr && !deps->items.empty();
  if (const YamlNode* const wdir = root.find("wdir"); wdir != nullptr && !wdir->scalar.is_null()) {
    const std::string folder = TRY(string_field(shown_path, *wdir, "wdir"));
    file.wdir = os::normalized(folder) == "." ? "" : folder;
  }
  const YamlNode* const outs = root.find("outs");
  if (outs == nullptr || (outs->kind == YamlNode::Kind::kScalar && outs->scalar.is_null())) return file;
  TRY(check_sequence(shown_path, *outs, "outs"));
  for (const YamlNode& item : outs->items) {
    TRY(check_keys(shown_path, item, "outs", kOutKeys));
    TRY(check_supported(shown_path, item));
    LockedPath out = TRY(read_locked_path(shown_path, item, "outs"));
    file.outs.push_back(std::move(out));
  }
  return file;
}

Result<DvcFile> load_dvc_file(const os::FileSystem& files, const std::string& path,
                              const std::string& shown_path) {
  const std::string text = TRY(files.read(path));
  return parse_dvc_file(text, shown_path);
}

std::string to_text(const DvcFile& file) {
  if (file.as_read.empty()) return new_text(file);
  if (file.outs.empty()) return file.as_read;
  const auto root = codec::parse_yaml(file.as_read);
  CHECK(root.has_value());  // it was parsed when it was read
  return edited_text(file, root.value());
}

}  // namespace starcast::pipeline
