// Why a pipeline stage is stale, and what dvc.lock will say of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "os/file_system.h"
#include "pipeline/cache.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/dvc_yaml.h"

namespace starcast::pipeline {

// Compares stages with the workspace as it is now. Borrows the files and the cache. One thread.
class StageState {
 public:
  StageState(os::FileSystem& files, std::string root, std::string absolute_root, Cache& cache)
      : files_(files), root_(std::move(root)), absolute_root_(std::move(absolute_root)), cache_(cache) {}

  // Why the stage has to run, by the rules of DVC: its command, a dep, a param or an out differs from the
  // lock's entry (nullptr: there is none), or an out is not in the cache. Empty when it has not. Outs are
  // looked at only when nothing else has changed.
  core::Result<std::vector<std::string>> reasons(const Stage& stage, const LockedStage* locked);

  // Whether command, deps and params are what the entry says.
  core::Result<std::vector<std::string>> changed_inputs(const Stage& stage, const LockedStage& locked);

  // Why a path that is recorded is not what is there, or empty.
  core::Result<std::string> difference(const LockedPath& locked, const std::string& path, bool is_cached);

  // The entry with command, deps and params as they are now. kNotFound: a dep or params file; kInvalidInput:
  // a param that its file lacks. Each names the stage's line.
  core::Result<LockedStage> inputs(const Stage& stage);

  // Adds the outs as they are now. kFailedPrecondition when the command did not make one.
  core::Result<void> add_outs(const Stage& stage, LockedStage& entry);

  // A command ran: files may differ from what was read.
  void forget();

 private:
  core::Result<const codec::Json*> params_of(const std::string& path);
  core::Result<void> add_param_reasons(const Stage& stage, const LockedStage& locked,
                                       std::vector<std::string>& reasons);
  core::Result<LockedParams> current_params(const Stage& stage, const ParamsDep& dep);

  os::FileSystem& files_;
  std::string root_;
  std::string absolute_root_;
  Cache& cache_;
  std::map<std::string, codec::Json> params_;  // files read so far
};

// "stage 'train' (dvc.yaml:12)".
std::string title_of(const Stage& stage);

// A path as the lock names it: as written, but an absolute path inside the workspace becomes relative to the
// stage's folder.
std::string recorded_path(const Stage& stage, const std::string& path, const std::string& absolute_root);

}  // namespace starcast::pipeline
