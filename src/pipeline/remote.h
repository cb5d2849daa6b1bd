// A remote in a folder: the cache's content in DVC's layout (files/md5/xx/yyyy), a folder's list of files
// after the files themselves.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "pipeline/cache.h"
#include "pipeline/repository.h"

namespace starcast::pipeline {

struct TransferReport {
  std::size_t files = 0;             // copied, lists of folders included
  std::vector<std::string> missing;  // names of what is neither here nor there
};

struct CloudState {
  std::string path;
  std::string state;  // "new" (only here), "deleted" (only there), "missing" (nowhere)
};

// One thread; it copies on several of its own.
class LocalRemote {
 public:
  // The remote of that name, or the default one when empty. kFailedPrecondition: there is none; kUnsupported:
  // its url is no folder.
  static core::Result<LocalRemote> find(const Repository& repository, const std::string& name);

  const std::string& name() const { return name_; }

  // Copies what `outs` need and the other side lacks, each through a temporary name. What comes from the
  // remote is hashed on its way: kCorrupt when it is not what its name says.
  core::Result<TransferReport> push(Cache& cache, const std::vector<LockedPath>& outs);
  core::Result<TransferReport> fetch(Cache& cache, const std::vector<LockedPath>& outs);

  // The outs (and files of folders) that only one side has.
  core::Result<std::vector<CloudState>> compare(Cache& cache, const std::vector<LockedPath>& outs);

  std::string object_path(const std::string& md5) const;
  bool holds(const std::string& md5) const;

 private:
  LocalRemote(os::FileSystem& files, std::string name, std::string folder, std::size_t threads)
      : files_(&files), name_(std::move(name)), folder_(std::move(folder)), threads_(threads) {}

  core::Result<void> copy_all(const std::vector<std::string>& names, Cache& cache, bool to_remote);
  core::Result<void> copy_checked(const std::string& from, const std::string& to, const std::string& md5);

  os::FileSystem* files_;
  std::string name_;
  std::string folder_;
  std::size_t threads_;
};

// The cached outs that a selection names, with what is recorded of them; of a path below a folder only the
// whole folder. Outs without a record, of DVC 2, and those not to be pushed are left out.
std::vector<LockedPath> recorded_outs(const Repository& repository, const std::vector<Selected>& selected);

}  // namespace starcast::pipeline
