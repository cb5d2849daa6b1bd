// The cache: content under its md5 in .dvc/cache/files/md5, in DVC 3's layout and modes; and the names of
// what lies in the workspace, hashed once.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "os/file_system.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/ignore.h"

namespace starcast::pipeline {

// One process writes at a time (the repository lock); one thread.
class Cache {
 public:
  // `root` is the workspace's folder, `folder` the cache relative to it; the files and the clock are
  // borrowed.
  Cache(os::FileSystem& files, std::string root, std::string folder = ".dvc/cache",
        const core::Clock& clock = core::system_clock())
      : files_(files), root_(std::move(root)), folder_(std::move(folder)), clock_(clock) {}

  // Content name and size of a file or folder (path relative to root), hashing what the stat cache
  // (.dvc/tmp/starcast/) does not know. A file changed just before it was hashed is not remembered for
  // later processes, as its next change might leave the same time stamp: two seconds, or 50 ms where time
  // stamps are fine. Folders leave out what .dvcignore names. kNotFound when absent.
  core::Result<LockedPath> identify(const std::string& path);

  // Puts a file or folder that was identified into the cache (copy or reflink, mode 0444, temporary name then
  // rename). A file keeps only its owner's executable bit, as DVC leaves it.
  core::Result<void> store(const LockedPath& identified);

  // Whether every object of this name is there. An object is trusted by its mode 0444, as DVC does; with
  // another mode it is hashed, and counts only if it is what its name says.
  bool holds(const LockedPath& locked);

  // Writes the content back into the workspace, replacing what is there; kNotFound when the cache lacks it.
  core::Result<void> checkout(const LockedPath& locked);

  // A command ran: what was identified before may have changed under the same time stamp.
  void forget_recent() { recent_.clear(); }

  // Keeps the stat cache for the next process. Losing it costs time only.
  core::Result<void> save_state();

 private:
  // What a file looked like when it was hashed.
  struct Known {
    std::string md5;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;

    bool fits(const os::FileStatus& status) const {
      return size_bytes == status.size_bytes && modified_ns == status.modified_ns && inode == status.inode;
    }
  };
  struct Entry {
    std::string relpath;  // below the folder
    std::string md5;
  };

  core::Result<std::string> hash_file(const std::string& path, const os::FileStatus& status);
  core::Result<LockedPath> identify_folder(const std::string& path);
  core::Result<void> collect(const std::string& folder, const std::string& below, std::vector<Entry>& entries,
                             std::uint64_t& size);
  core::Result<std::vector<Entry>> entries_of(const std::string& md5);
  core::Result<void> store_object(const std::string& from, const std::string& md5);
  bool holds_object(const std::string& md5);
  std::string object_path(const std::string& md5) const;
  std::string in_root(const std::string& path) const;
  void load_state();
  void load_ignores(const std::string& path);

  os::FileSystem& files_;
  std::string root_;
  std::string folder_;
  const core::Clock& clock_;

  std::map<std::string, Known> known_;        // safe for later processes
  std::map<std::string, Known> recent_;       // hashed by this one since the last command
  std::map<std::string, std::string> trees_;  // name of a folder's content -> its .dir text
  IgnorePatterns ignores_;                    // of the .dvcignore files read so far
  std::set<std::string> ignores_loaded_;      // folders whose .dvcignore was looked for
  bool is_state_loaded_ = false;
  bool is_state_changed_ = false;
};

}  // namespace starcast::pipeline
