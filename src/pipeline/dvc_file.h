// A .dvc file: data tracked by its md5, as `dvc add` writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "os/file_system.h"
#include "pipeline/dvc_lock.h"

namespace starcast::pipeline {

struct DvcFile {
  std::vector<LockedPath> outs;  // paths relative to `wdir`
  std::string wdir;              // relative to the .dvc file's folder; "" = that folder
  bool is_import = false;        // made by dvc import or import-url: has deps of its own
  std::string as_read;           // the file's text, kept when it is written again; empty in a new one
};

// kNotFound; kInvalidInput with file and line; kUnsupported by name: pipelines of DVC 0.x, `cache: false`
// outs, outs kept file by file on a versioned remote.
core::Result<DvcFile> load_dvc_file(const os::FileSystem& files, const std::string& path,
                                    const std::string& shown_path);
inline core::Result<DvcFile> load_dvc_file(const os::FileSystem& files, const std::string& path) {
  return load_dvc_file(files, path, path);
}
core::Result<DvcFile> parse_dvc_file(std::string_view text, std::string_view shown_path);

// A file that was read keeps its order of keys, what else stands in it and, where no key comes or goes, its
// comments.
std::string to_text(const DvcFile& file);

}  // namespace starcast::pipeline
