#include "pipeline/dvc_yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "codec/yaml.h"
#include "os/path.h"
#include "pipeline/fields.h"
#include "pipeline/template.h"

namespace starcast::pipeline {

using codec::Json;
using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

const std::vector<std::string_view> kFileKeys = {"vars",   "stages",    "plots",   "metrics",
                                                 "params", "artifacts", "datasets"};
const std::vector<std::string_view> kStageKeys = {
    "cmd",  "wdir",    "deps",           "params", "vars",    "frozen", "meta",  "desc",
    "outs", "metrics", "always_changed", "plots",  "foreach", "do",     "matrix"};
const std::vector<std::string_view> kOutKeys = {"cache", "persist", "remote", "push", "checkpoint",
                                                "desc",  "type",    "labels", "meta"};
const std::vector<std::string_view> kPlotKeys = {
    "cache", "persist",  "remote", "push", "checkpoint", "desc",    "type",  "labels",
    "meta",  "template", "x",      "y",    "x_label",    "y_label", "title", "header"};

// Parses one file; remembers its name for messages.
class Reader {
 public:
  Reader(const os::FileSystem& files, std::string folder, std::string file)
      : folder_(std::move(folder)), file_(std::move(file)), context_(files, folder_, file_) {}

  Result<DvcYaml> read(const YamlNode& root, bool is_templated);

 private:
  Result<Stage> read_stage(const std::string& name, const YamlNode& definition, std::size_t line);
  Result<void> read_fields(const YamlNode& fields, Stage& stage);
  Result<void> read_command(const YamlNode& node, Stage& stage);
  Result<void> read_params(const YamlNode& list, Stage& stage);
  Result<void> read_outs(const YamlNode& list, OutKind kind, std::string_view what, Stage& stage);
  Result<void> read_out_flags(const YamlNode& flags, OutKind kind, std::string_view what, Out& out);
  Result<void> check_local(const YamlNode& node, const std::string& path, std::string_view what);

  // The tree with every template filled.
  Result<YamlNode> filled(const TemplateContext& context, const YamlNode& node, bool is_command) const;

  std::string folder_;
  std::string file_;
  TemplateContext context_;
  bool is_templated_ = false;
};

Result<YamlNode> Reader::filled(const TemplateContext& context, const YamlNode& node, bool is_command) const {
  YamlNode out = node;
  switch (node.kind) {
    case YamlNode::Kind::kScalar: {
      if (!node.scalar.is_string()) return out;
      const std::string text = TRY(node.scalar.as_string());
      if (text.find("${") == std::string::npos) return out;
      auto value = context.filled(text, is_command);
      if (!value) return Error(value.error()).with_context(fmt::format("{}:{}", file_, node.start.line));
      out.scalar = std::move(value).value();
      out.text = out.scalar.is_string() ? TRY(out.scalar.as_string())
                                        : codec::to_text(out.scalar, codec::JsonStyle::kCompact);
      return out;
    }
    case YamlNode::Kind::kSequence:
      for (YamlNode& item : out.items) item = TRY(filled(context, item, is_command));
      return out;
    case YamlNode::Kind::kMapping:
      for (auto& member : out.members) {
        member.first = TRY(filled(context, member.first, is_command));
        member.second = TRY(filled(context, member.second, is_command));
      }
      return out;
  }
  return out;
}

Result<DvcYaml> Reader::read(const YamlNode& root, bool is_templated) {
  is_templated_ = is_templated;
  TRY(check_keys(file_, root, "dvc.yaml", kFileKeys));
  if (is_templated_) {
    TRY(context_.add_default_params());
    if (const YamlNode* const vars = root.find("vars")) TRY(context_.add_vars(*vars, folder_));
  }
  DvcYaml yaml;
  const YamlNode* const stages = root.find("stages");
  if (stages == nullptr) return yaml;
  TRY(check_mapping(file_, *stages, "stages"));
  for (const auto& [key, definition] : stages->members) {
    const std::string& name = key.text;
    if (name.empty() || name.find_first_of("@:/") != std::string::npos) {
      return field_error(file_, key,
                         fmt::format("a stage cannot be named '{}': use letters, digits, '-' and '_'", name));
    }
    Stage stage = TRY(read_stage(name, definition, key.start.line));
    yaml.stages.push_back(std::move(stage));
  }
  return yaml;
}

Result<Stage> Reader::read_stage(const std::string& name, const YamlNode& definition, std::size_t line) {
  const std::string what = fmt::format("stage '{}'", name);
  TRY(check_keys(file_, definition, what, kStageKeys));
  for (const std::string_view key : {"foreach", "do", "matrix"}) {
    const YamlNode* const found = definition.find(key);
    if (found == nullptr) continue;
    return unsupported_field(file_, *found,
                             fmt::format("{}: '{}' is not supported yet; write the stages out", what, key));
  }
  Stage stage;
  stage.name = name;
  stage.line = line;
  if (!is_templated_) {
    TRY(read_fields(definition, stage));
    return stage;
  }

  TemplateContext context = context_;
  YamlNode fields = definition;
  const auto vars = std::find_if(fields.members.begin(), fields.members.end(),
                                 [](const auto& member) { return member.first.text == "vars"; });
  if (vars != fields.members.end()) {
    std::string folder = folder_;
    if (const YamlNode* const wdir = definition.find("wdir")) {
      const YamlNode value = TRY(filled(context_, *wdir, false));
      folder = os::joined(folder_, value.text);
    }
    TRY(context.add_vars(vars->second, folder));
    fields.members.erase(vars);
  }
  for (auto& member : fields.members) {
    member.second = TRY(filled(context, member.second, member.first.text == "cmd"));
  }
  TRY(read_fields(fields, stage));
  return stage;
}

Result<void> Reader::read_fields(const YamlNode& fields, Stage& stage) {
  const std::string what = fmt::format("stage '{}'", stage.name);
  const YamlNode* const command = fields.find("cmd");
  if (command == nullptr) {
    return Error(ErrorCode::kInvalidInput, fmt::format("{}:{}: {} has no cmd", file_, stage.line, what));
  }
  TRY(read_command(*command, stage));
  if (const YamlNode* const wdir = fields.find("wdir")) {
    const std::string folder = TRY(string_field(file_, *wdir, what + ": wdir"));
    stage.wdir = os::normalized(folder) == "." ? "" : folder;
  }
  if (const YamlNode* const deps = fields.find("deps")) {
    stage.deps = TRY(strings_field(file_, *deps, what + ": deps"));
    for (std::size_t i = 0; i < stage.deps.size(); ++i) {
      TRY(check_local(deps->items[i], stage.deps[i], what + ": dep"));
    }
  }
  if (const YamlNode* const params = fields.find("params")) TRY(read_params(*params, stage));
  if (const YamlNode* const outs = fields.find("outs"))
    TRY(read_outs(*outs, OutKind::kOut, what + ": outs", stage));
  if (const YamlNode* const metrics = fields.find("metrics")) {
    TRY(read_outs(*metrics, OutKind::kMetrics, what + ": metrics", stage));
  }
  if (const YamlNode* const plots = fields.find("plots"))
    TRY(read_outs(*plots, OutKind::kPlots, what + ": plots", stage));
  if (const YamlNode* const frozen = fields.find("frozen"))
    TRY(read_flag(file_, *frozen, what + ": frozen", stage.frozen));
  if (const YamlNode* const always = fields.find("always_changed")) {
    TRY(read_flag(file_, *always, what + ": always_changed", stage.always_changed));
  }
  if (const YamlNode* const desc = fields.find("desc")) {
    const std::string ignored = TRY(string_field(file_, *desc, what + ": desc"));
  }
  return {};
}

Result<void> Reader::read_command(const YamlNode& node, Stage& stage) {
  const std::string what = fmt::format("stage '{}': cmd", stage.name);
  if (node.kind == YamlNode::Kind::kSequence) {
    stage.command_is_list = true;
    stage.commands = TRY(strings_field(file_, node, what));
  } else {
    std::string text = TRY(string_field(file_, node, what));
    stage.commands.push_back(std::move(text));
  }
  const bool is_empty = stage.commands.empty() || (!stage.command_is_list && stage.commands[0].empty());
  if (is_empty) return field_error(file_, node, what + " is empty");
  return {};
}

Result<void> Reader::read_params(const YamlNode& list, Stage& stage) {
  const std::string what = fmt::format("stage '{}': params", stage.name);
  TRY(check_sequence(file_, list, what));
  std::set<std::string> whole_files;
  const auto add = [&stage](const std::string& file) -> ParamsDep& {
    const auto found = std::find_if(stage.params.begin(), stage.params.end(),
                                    [&file](const ParamsDep& dep) { return dep.file == file; });
    if (found != stage.params.end()) return *found;
    ParamsDep dep;
    dep.file = file;
    stage.params.push_back(std::move(dep));
    return stage.params.back();
  };
  for (const YamlNode& item : list.items) {
    if (item.kind != YamlNode::Kind::kMapping) {
      std::string key = TRY(string_field(file_, item, "each entry of " + what));
      add("params.yaml").keys.push_back(std::move(key));
      continue;
    }
    for (const auto& [file, keys] : item.members) {
      ParamsDep& dep = add(file.text);
      const bool is_null = keys.kind == YamlNode::Kind::kScalar && keys.scalar.is_null();
      const std::vector<std::string> names =
          is_null ? std::vector<std::string>{} : TRY(strings_field(file_, keys, what + ": " + file.text));
      if (names.empty()) whole_files.insert(file.text);
      dep.keys.insert(dep.keys.end(), names.begin(), names.end());
    }
  }
  // One entry that tracks the whole file drops all key lists for it.
  for (ParamsDep& dep : stage.params) {
    if (whole_files.count(dep.file) > 0) dep.keys.clear();
  }
  return {};
}

Result<void> Reader::read_outs(const YamlNode& list, OutKind kind, std::string_view what, Stage& stage) {
  TRY(check_sequence(file_, list, what));
  const std::size_t first = stage.outs.size();
  const auto add = [&](const std::string& path, std::size_t line) -> Out& {
    const auto begin = stage.outs.begin() + static_cast<std::ptrdiff_t>(first);
    const auto found =
        std::find_if(begin, stage.outs.end(), [&path](const Out& out) { return out.path == path; });
    if (found != stage.outs.end()) return *found;
    Out out;
    out.path = path;
    out.kind = kind;
    out.line = line;
    stage.outs.push_back(std::move(out));
    return stage.outs.back();
  };
  for (const YamlNode& item : list.items) {
    if (item.kind != YamlNode::Kind::kMapping) {
      const std::string path = TRY(string_field(file_, item, fmt::format("each entry of {}", what)));
      TRY(check_local(item, path, what));
      add(path, item.start.line);
      continue;
    }
    for (const auto& [path, flags] : item.members) {
      TRY(check_local(path, path.text, what));
      Out& out = add(path.text, path.start.line);
      TRY(read_out_flags(flags, kind, fmt::format("{}: {}", what, path.text), out));
    }
  }
  return {};
}

Result<void> Reader::read_out_flags(const YamlNode& flags, OutKind kind, std::string_view what, Out& out) {
  TRY(check_keys(file_, flags, what, kind == OutKind::kPlots ? kPlotKeys : kOutKeys));
  if (const YamlNode* const cache = flags.find("cache"))
    TRY(read_flag(file_, *cache, fmt::format("{}: cache", what), out.cache));
  if (const YamlNode* const persist = flags.find("persist")) {
    TRY(read_flag(file_, *persist, fmt::format("{}: persist", what), out.persist));
  }
  return {};
}

Result<void> Reader::check_local(const YamlNode& node, const std::string& path, std::string_view what) {
  if (path.empty()) return field_error(file_, node, fmt::format("{}: a path is empty", what));
  if (path.find('\0') != std::string::npos)
    return field_error(file_, node, fmt::format("{}: a path has a NUL byte", what));
  if (path.find("://") == std::string::npos) return {};
  return unsupported_field(file_, node,
                           fmt::format("{}: '{}' is an address; only files are supported yet", what, path));
}

bool is_line_break(std::string_view text, std::size_t at, std::size_t& length) {
  // Python's str.splitlines.
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
    length = 2;
    return true;
  }
  length = 1;
  if ((byte >= 0x0a && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1e)) return true;
  if (text.substr(at, 2) == "\xc2\x85") {
    length = 2;
    return true;
  }
  length = 3;
  return text.substr(at, 3) == "\xe2\x80\xa8" || text.substr(at, 3) == "\xe2\x80\xa9";
}

}  // namespace

std::string path_from_folder(const Stage& stage, const std::string& path) {
  return os::normalized(os::joined(stage.wdir, path));
}

std::vector<std::string> shell_calls(const Stage& stage) {
  if (stage.command_is_list) return stage.commands;
  std::vector<std::string> calls;
  for (const std::string& text : stage.commands) {
    std::size_t start = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t length = 0;
      if (!is_line_break(text, at, length)) {
        ++at;
        continue;
      }
      calls.push_back(text.substr(start, at - start));
      at += length;
      start = at;
    }
    if (start < text.size()) calls.push_back(text.substr(start));
  }
  return calls;
}

Result<DvcYaml> load_dvc_yaml(const os::FileSystem& files, const std::string& path,
                              const std::string& shown_path) {
  const std::string text = TRY(files.read(path));
  const YamlNode root = TRY(parse_yaml_file(text, shown_path));
  const bool is_templated = text.find("${") != std::string::npos;
  Reader reader(files, os::folder_of(path), shown_path);
  return reader.read(root, is_templated);
}

}  // namespace starcast::pipeline
