// The cache: content under its md5 in .dvc/cache/files/md5, in DVC 3's layout and modes; and the names of
// what lies in the workspace, hashed once.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "os/file_system.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/ignore.h"

namespace starcast::pipeline {

// How content comes from the cache into the workspace.
enum class LinkType { kReflink, kHardLink, kSymbolicLink, kCopy };

// What a checkout of one out would do.
struct CheckoutPlan {
  struct Step {
    std::string path;  // from the root
    std::string md5;
    bool replaces = false;  // something is there
  };

  LockedPath target;
  bool is_new = false;               // nothing is there yet
  std::vector<Step> creates;         // files to write
  std::vector<std::string> deletes;  // files to take away
  std::vector<std::string> unsaved;  // of what would be lost: not in the cache
  std::size_t added = 0;
  std::size_t modified = 0;
  std::size_t deleted = 0;
  bool changes_mode = false;   // the executable bit only
  bool is_in_the_way = false;  // a file stands where a folder belongs, or the other way round

  bool is_empty() const { return creates.empty() && deletes.empty() && !is_in_the_way; }
};

// One process writes at a time (the repository lock). Called by one thread; it spreads hashing, looking and
// copying over several of its own.
class Cache {
 public:
  // A file of a folder's content.
  struct Entry {
    std::string relpath;  // below the folder
    std::string md5;
  };

  // `root` is the workspace's folder, `folder` the cache relative to it; the files and the clock are
  // borrowed.
  Cache(os::FileSystem& files, std::string root, std::string folder = ".dvc/cache",
        const core::Clock& clock = core::system_clock())
      : files_(files), root_(std::move(root)), folder_(std::move(folder)), clock_(clock) {}

  // As configured: the ways in which content comes into the workspace, tried in this order, and the group's
  // share in the cache. By default reflink, then copy, and no share. A reflink is taken to be possible.
  void configure(std::vector<LinkType> types, bool is_shared) {
    types_ = std::move(types);
    is_shared_ = is_shared;
  }
  // 1 unless set.
  void set_threads(std::size_t threads) { threads_ = threads; }

  // Content name and size of a file or folder (path relative to root), hashing what the stat cache
  // (.dvc/tmp/starcast/) does not know. A file changed just before it was hashed is not remembered for
  // later processes, as its next change might leave the same time stamp: two seconds, or 50 ms where time
  // stamps are fine. Folders leave out what .dvcignore names. kNotFound when absent.
  core::Result<LockedPath> identify(const std::string& path);

  // Puts a file or folder that was identified into the cache (copy or reflink, mode 0444, temporary name then
  // rename). A file keeps only its owner's executable bit, as DVC leaves it.
  core::Result<void> store(const LockedPath& identified);

  // The same, and brings the workspace's files into the form that is configured, as `dvc add` does: with hard
  // links first they become links of the objects, with symbolic links first links to them.
  core::Result<void> store_linked(const LockedPath& identified);

  // Whether every object of this name is there. An object is trusted by its mode 0444, as DVC does; with
  // another mode it is hashed, and counts only if it is what its name says.
  bool holds(const LockedPath& locked);

  // Writes the content back into the workspace, replacing what is there; kNotFound when the cache lacks it.
  core::Result<void> checkout(const LockedPath& locked);

  // The same in two steps: what would change, then the change, file by file. With `relink` everything is
  // written again. kNotFound when the cache lacks an object; nothing is changed then.
  enum class Relink { kNo, kYes };
  core::Result<CheckoutPlan> plan_checkout(const LockedPath& locked, Relink relink = Relink::kNo);
  core::Result<void> apply(const CheckoutPlan& plan);

  // Replaces what is linked to the cache by copies that may be written.
  core::Result<void> unprotect(const std::string& path);

  // The files of a folder's content, by its name ("....dir"). kNotFound, kCorrupt.
  core::Result<std::vector<Entry>> entries_of(const std::string& md5);
  // The text of a .dir object that is not in this cache (yet).
  void learn_folder(const std::string& md5, std::string text) { trees_[md5] = std::move(text); }
  // Where an object of that name lies in this cache, as the files see it.
  std::string object_path(const std::string& md5) const;
  // Whether one object is there, by the same rule as holds().
  bool holds_object(const std::string& md5) const;
  // The mode that objects and links are given.
  static constexpr std::uint32_t kObjectMode = 0444;

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
    bool is_own = false;  // written by this process from the cache

    bool fits(const os::FileStatus& status) const {
      return size_bytes == status.size_bytes && modified_ns == status.modified_ns && inode == status.inode;
    }
  };
  // A file on its way to its name.
  struct Seen {
    std::string path;  // from the root
    std::string relpath;
    os::FileStatus status;
    std::string md5;
    bool is_folder_link = false;
  };

  core::Result<std::string> hash_file(const std::string& path, const os::FileStatus& status);
  core::Result<LockedPath> identify_folder(const std::string& path);
  core::Result<std::vector<Seen>> look_at_folder(const std::string& path);
  core::Result<void> collect(const std::string& folder, const std::string& below, std::vector<Seen>& found);
  core::Result<void> hash_all(std::vector<Seen>& found);
  void remember(const std::string& path, const Known& seen, std::int64_t now_ns);
  const Known* find_known(const std::string& path, const os::FileStatus& status) const;
  std::int64_t now_ns() const;
  core::Result<void> store_object(const std::string& from, const std::string& md5);
  core::Result<void> make_object_folders(const std::vector<Entry>& entries);
  core::Result<void> link_object(const std::string& md5, const std::string& to, bool replaces) const;
  core::Result<void> link_stored(const std::string& path, const std::string& md5) const;
  bool links_first(LinkType type) const { return !types_.empty() && types_.front() == type; }
  std::string in_root(const std::string& path) const;
  void load_state();
  void load_ignores(const std::string& path);

  os::FileSystem& files_;
  std::string root_;
  std::string folder_;
  const core::Clock& clock_;
  std::vector<LinkType> types_ = {LinkType::kReflink, LinkType::kCopy};
  bool is_shared_ = false;
  std::size_t threads_ = 1;

  std::unordered_map<std::string, Known> known_;   // safe for later processes
  std::unordered_map<std::string, Known> recent_;  // hashed by this one since the last command
  std::map<std::string, std::string> trees_;       // name of a folder's content -> its .dir text
  IgnorePatterns ignores_;                         // of the .dvcignore files read so far
  std::set<std::string> ignores_loaded_;           // folders whose .dvcignore was looked for
  bool is_state_loaded_ = false;
  bool is_state_changed_ = false;
};

}  // namespace starcast::pipeline
