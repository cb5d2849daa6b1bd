// A disk that loses what was not synced when its power is cut, fills up and fails: the calls of this program
// on files below one folder pass through it, whoever makes them.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace starcast::faults {

// A sync whose call could be missing in a program.
enum class Sync { kDatabase, kStoreFolder, kArtifactBytes, kArtifactFolder, kArtifactParents };

enum class Call {
  kRead,
  kWrite,
  kSync,
  kName
};  // kName: create a folder, rename, remove, cut a file's length

// What survives a power cut beside the synced.
enum class Survivors {
  kNone,
  kSome,  // of each file and each folder: by chance all or nothing
};

struct Fault {
  Call call;
  int number;  // errno
  unsigned one_in;
};

// Thread-safe but for recover(). One at a time: the program's calls find it by themselves, from its making to
// its end.
class LossyDisk {
 public:
  // What lies below `folder` (an absolute path without links) is on the disk. The database is "mlflow.db",
  // the artifacts lie in "artifacts".
  explicit LossyDisk(std::string folder);
  ~LossyDisk();
  LossyDisk(const LossyDisk&) = delete;
  LossyDisk& operator=(const LossyDisk&) = delete;

  // Syncs of that kind do nothing from now on.
  void forget(Sync sync);
  // From now on such calls fail now and then; a failed write may have written a part.
  void fail(std::optional<Fault> fault);
  std::uint64_t failures() const { return failures_; }
  // From now on nothing is written and nothing becomes durable.
  void cut_power();
  bool has_power() const { return has_power_; }
  // Writes what survived the cut into an absent folder. No call may be under way.
  void recover(const std::string& folder, Survivors survivors, std::uint64_t seed) const;

  // For the calls. 0 or the errno with which to fail.
  int begin(Call call, const std::string& path);
  bool holds(const std::string& path) const;
  void synced(int number, const std::string& path);
  std::shared_mutex& mutex() { return mutex_; }

 private:
  using Inode = ino64_t;
  struct Node {
    int pin = -1;  // keeps the inode's number from being used again
    bool is_folder = false;
    std::string bytes{};                   // synced
    std::map<std::string, Inode> names{};  // synced
  };

  Node& node_of(int pin);
  void add_synced(int number);
  std::map<std::string, Inode> names_in(int folder);
  std::optional<Sync> kind_of(const std::string& path, int number) const;
  void write_out(const Node& node, const std::string& path, Survivors survivors,
                 std::mt19937_64& random) const;

  std::string folder_;
  Inode root_ = 0;
  std::map<Inode, Node> nodes_{};
  std::optional<Sync> forgotten_{};
  std::optional<Fault> fault_{};
  std::shared_mutex mutex_{};  // shared: a call that changes files; alone: a sync, the cut
  std::atomic<bool> has_power_{true};
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace starcast::faults
