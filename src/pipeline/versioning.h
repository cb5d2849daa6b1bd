// Data under version: add, checkout, commit, gc, remove, on an open repository.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "os/process.h"
#include "pipeline/cache.h"
#include "pipeline/repository.h"

namespace starcast::pipeline {

struct AddOptions {
  bool commit = true;  // false: record the names only, leave the cache alone
  bool relink = true;  // false: leave the workspace's files as they are
};

struct AddReport {
  std::vector<std::string> files;  // for git: .dvc files and .gitignore files, from the root
};

// Tracks files and folders (paths from the root), each in a .dvc file beside it, or updates the .dvc file
// that tracks it already. kNotFound, kInvalidInput: an out of a pipeline stage, or one that overlaps with
// another out; kAlreadyExists: git tracks it; kUnsupported: something inside a tracked folder. Everything is
// checked before anything is written.
core::Result<AddReport> add(Repository& repository, Cache& cache, os::ProcessRunner& processes,
                            const std::vector<std::string>& paths, AddOptions options = {});

struct CheckoutOptions {
  bool force = false;  // also what would be lost
  bool relink = false;
};

struct CheckoutReport {
  std::vector<std::string> modified;  // outs as the user sees them, folders with a "/" at the end
  std::vector<std::string> added;
  std::vector<std::string> deleted;
  std::vector<std::string> failed;  // not in the cache; left as they are
  std::size_t files_modified = 0;
  std::size_t files_added = 0;
  std::size_t files_deleted = 0;
};

// Brings outs into the state that is recorded. kFailedPrecondition, before anything is changed, when files
// that are nowhere else would be lost.
core::Result<CheckoutReport> checkout(Repository& repository, Cache& cache,
                                      const std::vector<Selected>& selected, CheckoutOptions options = {});

// Records what is there as what belongs there, and stores it. kFailedPrecondition without `force` when that
// would change what is recorded; names the stage.
enum class Accept { kUnchanged, kAny };
core::Result<void> commit(Repository& repository, Cache& cache, const std::vector<Selected>& selected,
                          Accept accept);

struct GcReport {
  std::size_t objects = 0;
  std::size_t bytes = 0;
};

// Removes the objects that no out of the workspace's stages needs. `dry` removes nothing.
core::Result<GcReport> collect_garbage(Repository& repository, Cache& cache, bool dry);

// Stops tracking: the .dvc file and the line in .gitignore go; the data too when `with_outs`. kUnsupported
// for stages of dvc.yaml.
core::Result<void> remove_tracking(Repository& repository, const std::vector<Selected>& selected,
                                   bool with_outs);

}  // namespace starcast::pipeline
