// dvc.lock (schema 2.0): what each pipeline stage last read, ran and made; byte-equal to DVC's writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "codec/yaml.h"
#include "core/result.h"
#include "os/file_system.h"

namespace starcast::pipeline {

// A dep or out with its content's name.
struct LockedPath {
  std::string path;
  std::string md5;  // ends with ".dir" for a folder; empty when the file names none
  std::uint64_t size = 0;
  std::optional<std::uint64_t> nfiles;  // folders only
  bool isexec = false;
  bool legacy_hash = false;  // no `hash: md5` line: an md5-dos2unix of DVC 2

  bool is_folder() const { return std::string_view(md5).ends_with(".dir"); }
  bool operator==(const LockedPath&) const = default;
};

struct LockedParams {
  std::string file;
  codec::JsonObject values;  // flat dotted keys, or the top-level keys of a wholly tracked file
};

struct LockedStage {
  std::string name;
  codec::Json cmd;  // a string or an array of strings
  std::vector<LockedPath> deps;
  std::vector<LockedParams> params;
  std::vector<LockedPath> outs;
  // The entry as it was read: written again as it is, with what this program does not interpret. Absent in a
  // new entry.
  std::optional<codec::Json> as_read;

  const LockedPath* find_dep(std::string_view path) const;
  const LockedPath* find_out(std::string_view path) const;
  const LockedParams* find_params(std::string_view file) const;
};

struct DvcLock {
  std::vector<LockedStage> stages;  // order of the file = order of first completion
  codec::JsonObject sections;  // the file's sections in their order; what stands under "stages" is ignored

  const LockedStage* find(std::string_view name) const;
  // Replaces the entry in place, or appends.
  void put(LockedStage stage);
};

// An absent file is an empty lock. kCorrupt with file and line.
core::Result<DvcLock> load_dvc_lock(const os::FileSystem& files, const std::string& path,
                                    const std::string& shown_path);
inline core::Result<DvcLock> load_dvc_lock(const os::FileSystem& files, const std::string& path) {
  return load_dvc_lock(files, path, path);
}
core::Result<DvcLock> parse_dvc_lock(std::string_view text, std::string_view shown_path);
std::string to_text(const DvcLock& lock);

// One entry's value, keys in DVC's order; also the content of a run-cache file.
codec::Json to_json(const LockedStage& stage);
core::Result<LockedStage> read_locked_stage(std::string_view file, const std::string& name,
                                            const codec::YamlNode& node);

// One dep or out, as dvc.lock and .dvc files have it in common.
core::Result<LockedPath> read_locked_path(std::string_view file, const codec::YamlNode& node,
                                          std::string_view what);

}  // namespace starcast::pipeline
