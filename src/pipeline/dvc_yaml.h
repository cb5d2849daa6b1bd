// dvc.yaml: the pipeline stages of a workspace, as DVC defines them.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "os/file_system.h"

namespace starcast::pipeline {

enum class OutKind { kOut, kMetrics, kPlots };

// An out, a metric or a plot of a pipeline stage.
struct Out {
  std::string path;
  OutKind kind = OutKind::kOut;
  bool cache = true;
  bool persist = false;
  std::size_t line = 0;  // in dvc.yaml, for messages
};

// Params tracked in one file: some keys, or the whole file when `keys` is empty.
struct ParamsDep {
  std::string file = "params.yaml";
  std::vector<std::string> keys;  // dotted paths
};

// A pipeline stage as written, templates filled. Paths are relative to the stage's working directory.
struct Stage {
  std::string name;
  std::vector<std::string> commands;  // `cmd`: the one text, or the items of a list
  bool command_is_list = false;       // dvc.lock keeps the form
  std::string wdir;                   // relative to dvc.yaml's folder; "" = that folder
  std::vector<std::string> deps;
  std::vector<ParamsDep> params;
  std::vector<Out> outs;  // outs, then metrics, then plots
  bool frozen = false;
  bool always_changed = false;
  std::size_t line = 0;  // in dvc.yaml, for messages
};

// A path of the stage as seen from dvc.yaml's folder: "../x" of wdir "sub" is "x".
std::string path_from_folder(const Stage& stage, const std::string& path);

// The shell calls that make up the stage: a list item is one call, a text is one call a line.
std::vector<std::string> shell_calls(const Stage& stage);

struct DvcYaml {
  std::vector<Stage> stages;  // in the order of the file
};

// Reads dvc.yaml with its templating (`${...}` from params.yaml beside it and `vars`). kNotFound when absent;
// kInvalidInput with file and line: bad YAML, an unknown key, a wrong type, a template that cannot be filled.
// kUnsupported by name, with line: foreach and matrix, and deps or outs that are addresses (s3://...), until
// the pipeline issue. `shown_path` is the file's name in messages.
core::Result<DvcYaml> load_dvc_yaml(const os::FileSystem& files, const std::string& path,
                                    const std::string& shown_path);

// The same, shown as its own path.
inline core::Result<DvcYaml> load_dvc_yaml(const os::FileSystem& files, const std::string& path) {
  return load_dvc_yaml(files, path, path);
}

}  // namespace starcast::pipeline
