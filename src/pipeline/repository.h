// The whole repository as DVC sees it: every dvc.yaml and .dvc file, what they track, and what a target
// names.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "pipeline/dvc_file.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/dvc_yaml.h"
#include "pipeline/repository_lock.h"
#include "pipeline/workspace.h"

namespace starcast::pipeline {

// An out of a stage. Paths are normalized and seen from the root.
struct TrackedOut {
  std::string path;
  bool is_cached = true;
  std::optional<LockedPath> locked;  // its path is `path`; absent where nothing is recorded
};

// A pipeline stage, or a .dvc file.
struct TrackedStage {
  std::string file;            // from the root: "sub/dvc.yaml", "data.csv.dvc"
  std::optional<Stage> stage;  // paths seen from the root, by its wdir
  bool is_recorded = false;    // dvc.lock has an entry
  LockedStage entry;           // that entry
  DvcFile data;                // without `stage`
  std::string folder;          // that the outs' paths are relative to
  std::vector<TrackedOut> outs;

  bool is_data() const { return !stage.has_value(); }
};

// What a target means: a stage, and of it perhaps only one out or something below it.
struct Selected {
  std::size_t stage = 0;
  std::string path;  // empty: all of it
};

struct TargetOptions {
  bool recursive = false;  // folders mean the stages in them
  bool with_deps = false;  // also what the stages need
};

// What the repository is looked at with. Borrowed.
struct RepositoryWorld {
  os::FileSystem& files;
  const os::Environment& environment;
  const core::Clock& clock;
  LockTaker take_lock = take_lock_file;
};

// Holds the repository lock while it lives. One thread.
class Repository {
 public:
  // `root` as find_root() gives it. kFailedPrecondition: no .dvc; kInvalidInput: a config or stage file is
  // wrong, with file and line; kUnavailable: another dvc or starcast holds the lock.
  static core::Result<Repository> open(const RepositoryWorld& world, std::string root);

  const WorkspaceConfig& config() const { return config_; }
  const std::string& root() const { return root_; }
  const std::string& absolute_root() const { return absolute_root_; }
  const std::vector<TrackedStage>& stages() const { return stages_; }
  std::vector<TrackedStage>& stages() { return stages_; }
  const RepositoryWorld& world() const { return world_; }
  const std::optional<GitIgnore>& git() const { return git_; }

  // A cache with this repository's settings.
  Cache cache() const;

  // A path of the root as the user sees it from the working directory, and back. The latter is kInvalidInput
  // for what lies outside.
  std::string shown(const std::string& path) const;
  core::Result<std::string> from_user(const std::string& path) const;
  // "train", "sub/dvc.yaml:train", "data.csv.dvc".
  std::string address(const TrackedStage& stage) const;
  // The file as the disk knows it.
  std::string on_disk(const std::string& path) const;

  // Without targets: everything. kNotFound for a target that names nothing.
  core::Result<std::vector<Selected>> select(const std::vector<std::string>& targets,
                                             TargetOptions options = {}) const;

  // Writes the stage's record: its .dvc file, or its entry in dvc.lock.
  core::Result<void> save(std::size_t stage);

 private:
  explicit Repository(const RepositoryWorld& world) : world_(world) {}
  core::Result<void> load_folder(const std::string& folder);
  core::Result<void> load_pipeline(const std::string& folder);
  core::Result<void> load_data(const std::string& path);
  bool is_ignored(const std::string& folder) const;
  void add_upstream(std::vector<Selected>& selected) const;

  RepositoryWorld world_;
  std::string root_;
  std::string absolute_root_;
  std::string below_;  // the working directory from the root: "", "sub"
  WorkspaceConfig config_;
  std::optional<GitIgnore> git_;
  IgnorePatterns ignores_;
  std::vector<TrackedStage> stages_;
  std::map<std::string, DvcLock> locks_;  // by folder
  std::shared_ptr<void> lock_;
};

// Whether `path` is `folder` or lies in it.
bool is_within(const std::string& path, const std::string& folder);

}  // namespace starcast::pipeline
