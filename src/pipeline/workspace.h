// The workspace's frame as DVC keeps it: the .dvc folder, its config, .gitignore upkeep; and tracking one
// file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "pipeline/cache.h"
#include "pipeline/config.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/ignore.h"

namespace starcast::pipeline {

// What of the configuration counts here.
struct WorkspaceConfig {
  std::string cache_folder;  // relative to the root, or absolute
  std::vector<LinkType> cache_types = {LinkType::kReflink,
                                       LinkType::kCopy};  // cache.type, the first that works
  bool is_shared = false;                                 // cache.shared = group
  bool no_scm = false;                                    // core.no_scm
  Config all;                                             // every level merged
};

// kFailedPrecondition when `root` has no .dvc folder; kInvalidInput for a config that DVC refuses;
// kUnsupported for core.hardlink_lock, which another lock would break.
core::Result<WorkspaceConfig> load_config(os::FileSystem& files, const std::string& root,
                                          const os::Environment& environment = os::real_environment());

// The folder as an absolute path, where the machine tells the working directory; else as given, normalized.
std::string absolute_folder(const os::FileSystem& files, const std::string& folder);

// The nearest folder with a .dvc from the working directory upwards: "" (here), "..", "../.." and so on.
std::optional<std::string> find_root(const os::FileSystem& files);

// The git repository that the workspace lies in, and its ignore files. Thread-compatible.
class GitIgnore {
 public:
  // Absent when no folder from `root` upwards is a git repository.
  static std::optional<GitIgnore> find(os::FileSystem& files, const std::string& root,
                                       const os::Environment& environment);

  // Adds "/name" to the .gitignore beside `path` (relative to the workspace's root), unless git ignores it
  // already.
  core::Result<void> ignore(const std::string& path) const;

  // Whether git ignores it (path relative to the workspace's root).
  bool ignores(const std::string& path, PathKind kind) const;

  // Takes the line "/name" out of the .gitignore beside `path`; one that is left empty is removed.
  core::Result<void> unignore(const std::string& path) const;

 private:
  GitIgnore(os::FileSystem& files, std::string root, std::string top, std::string prefix,
            std::string user_file)
      : files_(&files),
        root_(std::move(root)),
        top_(std::move(top)),
        prefix_(std::move(prefix)),
        user_file_(std::move(user_file)) {}

  os::FileSystem* files_;
  std::string root_;
  std::string top_;        // git's root, reached from the working directory
  std::string prefix_;     // of the workspace below it
  std::string user_file_;  // the user's own ignore file
};

enum class Scm { kGit, kNone };

// What `dvc init` leaves (kNone: `dvc init --no-scm`): .dvc/config, .dvc/.gitignore, .dvc/tmp, .dvcignore. An
// existing .dvc is kAlreadyExists; an existing .dvcignore stays. Nothing is staged in git.
core::Result<void> init_workspace(os::FileSystem& files, const std::string& root, Scm scm);

// What `dvc add PATH` does for a file or folder of the workspace (path relative to root): its content goes to
// the cache, PATH.dvc is written (an existing one is updated), and .gitignore gets a line. kNotFound when
// there is no such file.
core::Result<LockedPath> track(os::FileSystem& files, const std::string& root, const std::string& path,
                               const os::Environment& environment = os::real_environment(),
                               const core::Clock& clock = core::system_clock());

}  // namespace starcast::pipeline
