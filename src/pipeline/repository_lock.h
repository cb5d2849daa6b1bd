// DVC's locks: the whole repository's (.dvc/tmp/lock) and the paths that running stages read and write
// (.dvc/tmp/rwlock).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "os/file_system.h"

namespace starcast::pipeline {

// Takes a lock file and holds it while the result lives. Tests give one that always succeeds, or never.
using LockTaker = std::function<core::Result<std::shared_ptr<void>>(const std::string& path)>;

// As DVC: flock(2), seven tries half a second apart. kUnavailable when another dvc or starcast holds it.
core::Result<std::shared_ptr<void>> take_lock_file(const std::string& path);

// The paths that processes are reading and writing while the repository lock is free. All paths are absolute.
// One thread.
class PathLocks {
 public:
  // `folder` is .dvc/tmp as the files see it; `command` names this process to others.
  PathLocks(os::FileSystem& files, std::string folder, LockTaker take_lock, std::string command);
  ~PathLocks();
  PathLocks(const PathLocks&) = delete;
  PathLocks& operator=(const PathLocks&) = delete;

  // kUnavailable when a living process writes one of these, or reads one that is to be written; names it.
  core::Result<void> check(const std::vector<std::string>& reads, const std::vector<std::string>& writes);

  // The same, and enters them for this process, until release() or destruction.
  core::Result<void> hold(std::vector<std::string> reads, std::vector<std::string> writes);
  core::Result<void> release();

 private:
  os::FileSystem& files_;
  std::string folder_;
  LockTaker take_lock_;
  std::string command_;
  std::vector<std::string> reads_;
  std::vector<std::string> writes_;
};

}  // namespace starcast::pipeline
