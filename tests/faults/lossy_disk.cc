#include "lossy_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"

namespace starcast::faults {
namespace {

constexpr std::chrono::microseconds kSyncTime{300};  // long enough that writers queue up behind one another

// The calls are plain C functions: this is how they find the disk.
std::atomic<LossyDisk*>& current() {
  static std::atomic<LossyDisk*> disk{nullptr};
  return disk;
}

std::string proc_path(int number) {
  return fmt::format("/proc/self/fd/{}", number);
}

// The path that an open file was opened by; "" for none.
std::string path_of(int number) {
  std::array<char, 4096> text{};
  const ssize_t size = ::readlink(proc_path(number).c_str(), text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

struct stat status_of(int number) {
  struct stat status{};
  CHECK(::fstat(number, &status) == 0);
  return status;
}

std::string content_of(int pin) {
  const int file = ::open(proc_path(pin).c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  std::string bytes(static_cast<std::size_t>(status_of(file).st_size), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const long count = ::syscall(SYS_pread64, file, bytes.data() + at, bytes.size() - at, at);
    CHECK(count >= 0);
    if (count == 0) break;
    at += static_cast<std::size_t>(count);
  }
  bytes.resize(at);
  ::close(file);
  return bytes;
}

template <typename Action>
void for_each_name(int folder, const Action& action) {
  const int own = ::open(proc_path(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(own >= 0);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own), &::closedir);
  CHECK(stream != nullptr);
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") action(std::string(name));
  }
}

}  // namespace

LossyDisk::LossyDisk(std::string folder) : folder_(std::move(folder)) {
  const int root = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(root >= 0);
  add_synced(root);
  root_ = status_of(root).st_ino;
  ::close(root);
  CHECK(current().exchange(this) == nullptr);
}

LossyDisk::~LossyDisk() {
  current() = nullptr;
  for (const auto& [inode, node] : nodes_) ::close(node.pin);
}

LossyDisk::Node& LossyDisk::node_of(int number) {
  const struct stat status = status_of(number);
  Node& node = nodes_[status.st_ino];
  if (node.pin < 0) {
    node.pin = ::open(proc_path(number).c_str(), O_PATH | O_CLOEXEC);
    CHECK(node.pin >= 0);
    node.is_folder = S_ISDIR(status.st_mode);
  }
  return node;
}

std::map<std::string, LossyDisk::Inode> LossyDisk::names_in(int folder) {
  std::map<std::string, Inode> names;
  for_each_name(folder, [&](const std::string& name) {
    const int number = ::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (number < 0) return;  // gone meanwhile
    node_of(number);
    names[name] = status_of(number).st_ino;
    ::close(number);
  });
  return names;
}

void LossyDisk::add_synced(int number) {
  Node& node = node_of(number);
  if (!node.is_folder) {
    node.bytes = content_of(node.pin);
    return;
  }
  node.names = names_in(number);
  for (const auto& [name, inode] : node.names) add_synced(nodes_.at(inode).pin);
}

void LossyDisk::forget(Sync sync) {
  const std::lock_guard<std::shared_mutex> held(mutex_);
  forgotten_ = sync;
}

void LossyDisk::fail(std::optional<Fault> fault) {
  const std::lock_guard<std::shared_mutex> held(mutex_);
  fault_ = fault;
}

void LossyDisk::cut_power() {
  const std::lock_guard<std::shared_mutex> held(mutex_);
  has_power_ = false;
}

bool LossyDisk::holds(const std::string& path) const {
  return path == folder_ || (path.starts_with(folder_) && path[folder_.size()] == '/');
}

int LossyDisk::begin(Call call, const std::string& path) {
  if (!has_power_) return call == Call::kRead ? 0 : EIO;
  // The shared memory of SQLite's log is no part of the disk's image.
  if (!fault_ || fault_->call != call || path.ends_with("-shm")) return 0;
  if (++calls_ % fault_->one_in != 0) return 0;
  ++failures_;
  return fault_->number;
}

std::optional<Sync> LossyDisk::kind_of(const std::string& path, int number) const {
  if (path.starts_with(folder_ + "/mlflow.db")) return Sync::kDatabase;
  if (path == folder_) return Sync::kStoreFolder;
  if (!path.starts_with(folder_ + "/artifacts")) return std::nullopt;
  if (!S_ISDIR(status_of(number).st_mode)) return Sync::kArtifactBytes;
  bool has_files = false;
  for_each_name(number, [&](const std::string& name) {
    struct stat status{};
    if (::fstatat(number, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      has_files = has_files || S_ISREG(status.st_mode);
    }
  });
  return has_files ? Sync::kArtifactFolder : Sync::kArtifactParents;
}

void LossyDisk::synced(int number, const std::string& path) {
  if (forgotten_ && kind_of(path, number) == forgotten_) return;
  Node& node = node_of(number);
  if (node.is_folder) {
    node.names = names_in(number);
  } else {
    node.bytes = content_of(node.pin);
  }
}

void LossyDisk::write_out(const Node& node, const std::string& path, Survivors survivors,
                          std::mt19937_64& random) const {
  const bool all = survivors == Survivors::kSome && random() % 2 == 0;
  if (!node.is_folder) {
    if (path.ends_with("-shm")) return;
    const std::string bytes = all ? content_of(node.pin) : node.bytes;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    CHECK(file >= 0);
    for (std::size_t at = 0; at < bytes.size();) {
      const long count = ::syscall(SYS_write, file, bytes.data() + at, bytes.size() - at);
      CHECK(count > 0);
      at += static_cast<std::size_t>(count);
    }
    ::close(file);
    return;
  }
  CHECK(::syscall(SYS_mkdir, path.c_str(), 0755) == 0);
  if (!all) {
    for (const auto& [name, inode] : node.names) {
      write_out(nodes_.at(inode), fmt::format("{}/{}", path, name), survivors, random);
    }
    return;
  }
  for_each_name(node.pin, [&](const std::string& name) {
    const int number = ::openat(node.pin, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    CHECK(number >= 0);
    const struct stat status = status_of(number);
    const auto known = nodes_.find(status.st_ino);
    Node fresh;  // nothing of it was synced
    fresh.pin = number;
    fresh.is_folder = S_ISDIR(status.st_mode);
    write_out(known == nodes_.end() ? fresh : known->second, fmt::format("{}/{}", path, name), survivors,
              random);
    ::close(number);
  });
}

void LossyDisk::recover(const std::string& folder, Survivors survivors, std::uint64_t seed) const {
  CHECK(!has_power_);
  std::mt19937_64 random(seed);
  write_out(nodes_.at(root_), folder, survivors, random);
}

namespace {

template <typename Real>
auto call_on_path(Call call, const std::string& path, const Real& real) -> decltype(real()) {
  LossyDisk* disk = current();
  if (disk == nullptr || !disk->holds(path)) return real();
  const std::shared_lock<std::shared_mutex> held(disk->mutex());
  if (const int number = disk->begin(call, path); number != 0) {
    errno = number;
    return -1;
  }
  return real();
}

template <typename Real>
auto call_on_file(Call call, int file, const Real& real) -> decltype(real()) {
  return current() == nullptr ? real() : call_on_path(call, path_of(file), real);
}

std::string path_below(int folder, const char* name) {
  if (name[0] == '/') return name;
  return folder == AT_FDCWD ? std::string(name) : fmt::format("{}/{}", path_of(folder), name);
}

// A write that fails leaves its first half.
ssize_t write_of(int file, const void* bytes, std::size_t size, off64_t offset, bool at_offset) {
  const auto real = [&](std::size_t part) -> ssize_t {
    return at_offset ? ::syscall(SYS_pwrite64, file, bytes, part, offset)
                     : ::syscall(SYS_write, file, bytes, part);
  };
  LossyDisk* disk = current();
  if (disk == nullptr) return real(size);
  const std::string path = path_of(file);
  if (!disk->holds(path)) return real(size);
  const std::shared_lock<std::shared_mutex> held(disk->mutex());
  const int number = disk->begin(Call::kWrite, path);
  if (number == 0) return real(size);
  if (disk->has_power() && at_offset) static_cast<void>(real(size / 2));
  errno = number;
  return -1;
}

// The real disk is not asked: nothing in these tests has to outlive the machine.
int sync_of(int file) {
  LossyDisk* disk = current();
  const std::string path = disk == nullptr ? std::string() : path_of(file);
  if (disk == nullptr || !disk->holds(path)) return static_cast<int>(::syscall(SYS_fsync, file));
  std::this_thread::sleep_for(kSyncTime);
  const std::lock_guard<std::shared_mutex> held(disk->mutex());
  if (const int number = disk->begin(Call::kSync, path); number != 0) {
    errno = number;
    return -1;
  }
  disk->synced(file, path);
  return 0;
}

ssize_t read_of(int file, void* bytes, std::size_t size, off64_t offset) {
  return call_on_file(Call::kRead, file,
                      [&]() -> ssize_t { return ::syscall(SYS_pread64, file, bytes, size, offset); });
}

int truncate_of(int file, off64_t size) {
  return call_on_file(Call::kName, file,
                      [&] { return static_cast<int>(::syscall(SYS_ftruncate, file, size)); });
}

}  // namespace
}  // namespace starcast::faults

// The program's own definitions come before the C library's, for the libraries that it loads too.
extern "C" {

using starcast::faults::Call;

ssize_t write(int file, const void* bytes, size_t size) {
  return starcast::faults::write_of(file, bytes, size, 0, false);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return starcast::faults::write_of(file, bytes, size, offset, true);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  return starcast::faults::write_of(file, bytes, size, offset, true);
}
ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  return starcast::faults::read_of(file, bytes, size, offset);
}
ssize_t pread64(int file, void* bytes, size_t size, off64_t offset) {
  return starcast::faults::read_of(file, bytes, size, offset);
}
int fsync(int file) {
  return starcast::faults::sync_of(file);
}
int fdatasync(int file) {
  return starcast::faults::sync_of(file);
}
int ftruncate(int file, off_t size) noexcept {
  return starcast::faults::truncate_of(file, size);
}
int ftruncate64(int file, off64_t size) noexcept {
  return starcast::faults::truncate_of(file, size);
}
int unlink(const char* path) noexcept {
  return starcast::faults::call_on_path(Call::kName, path,
                                        [&] { return static_cast<int>(::syscall(SYS_unlink, path)); });
}
int unlinkat(int folder, const char* name, int flags) noexcept {
  return starcast::faults::call_on_path(Call::kName, starcast::faults::path_below(folder, name), [&] {
    return static_cast<int>(::syscall(SYS_unlinkat, folder, name, flags));
  });
}
int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
  return starcast::faults::call_on_path(Call::kName, starcast::faults::path_below(to, new_name), [&] {
    return static_cast<int>(::syscall(SYS_renameat, from, old_name, to, new_name));
  });
}
int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  return starcast::faults::call_on_path(Call::kName, starcast::faults::path_below(folder, name), [&] {
    return static_cast<int>(::syscall(SYS_mkdirat, folder, name, mode));
  });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return starcast::faults::call_on_path(Call::kName, path,
                                        [&] { return static_cast<int>(::syscall(SYS_mkdir, path, mode)); });
}

}  // extern "C"
