// The run cache: what earlier runs of a pipeline stage made from the same command, deps and params
// (.dvc/cache/runs).
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "os/file_system.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/dvc_yaml.h"

namespace starcast::pipeline {

// The names of a run, as DVC computes them: `key` from command, deps, params and the paths of the outs,
// `value` from the outs' content too.
std::string run_key(const LockedStage& run);
std::string run_value(const LockedStage& run);

// Whether runs of the stage are remembered at all, by its entry's deps and params: not when it always runs or
// keeps an out, nor without inputs or outs.
bool is_rememberable(const Stage& stage, const LockedStage& inputs);
// Whether an out that git keeps stands in the way of saving; metrics and plots do not.
bool has_uncached_out(const Stage& stage);

// Thread-compatible.
class RunCache {
 public:
  // `folder` is the cache's folder as the files see it.
  RunCache(os::FileSystem& files, const std::string& folder);

  // The newest run of that key, by the file's time. An entry that does not parse is removed, as DVC does.
  std::optional<LockedStage> find(const std::string& key);

  core::Result<void> save(const LockedStage& run);

 private:
  std::string folder_of(const std::string& key) const;

  os::FileSystem& files_;
  std::string folder_;
};

}  // namespace starcast::pipeline
