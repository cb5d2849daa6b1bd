// FileSystem on POSIX calls.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "os/file_system.h"
#include "os/path.h"
#include "os/posix.h"

namespace starcast::os {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kTemporaryStemBytesMax = 200;  // of the 255 that a name may have
constexpr int kTemporaryTriesMax = 100;

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kFolder;
  if (S_ISLNK(mode)) return FileKind::kLink;
  return FileKind::kOther;
}

FileStatus status_of(const struct stat& found) {
  FileStatus status;
  status.kind = kind_of(found.st_mode);
  status.size_bytes = static_cast<std::uint64_t>(found.st_size);
  status.modified_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
  status.inode = found.st_ino;
  status.mode = found.st_mode & 07777U;
  return status;
}

// A trailing slash would make lstat and unlink follow a link.
std::string without_end_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

core::Error folder_error(std::string_view doing, const std::string& path) {
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("cannot {} {}: it is a folder, not a file", doing, path));
}

core::Result<void> write_fully(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return errno_error(errno, "write", path);
    }
  }
  return {};
}

core::Result<std::size_t> read_some(int descriptor, std::span<char> buffer, const std::string& path) {
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EISDIR) return folder_error("read", path);
    if (errno != EINTR) return errno_error(errno, "read", path);
  }
}

core::Result<void> sync_folder(const std::string& folder) {
  const Descriptor descriptor = open_descriptor(c_path(folder), O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_open()) return errno_error(errno, "open", folder);
  // EINVAL: a file system that has no such thing.
  if (::fsync(descriptor.number()) != 0 && errno != EINVAL) return errno_error(errno, "flush", folder);
  return {};
}

class RealSource final : public core::ByteSource {
 public:
  RealSource(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  core::Result<std::size_t> read(std::span<char> buffer) override {
    return read_some(descriptor_.number(), buffer, path_);
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

// Gathers small writes, as each system call costs more than many bytes.
class BufferedFile : public AtomicFile {
 public:
  BufferedFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  core::Result<void> write(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() < kBufferBytes) {
      buffer_.append(bytes);
      return {};
    }
    TRY(flush());
    if (bytes.size() >= kBufferBytes) return write_fully(descriptor_.number(), bytes, path_);
    buffer_.append(bytes);
    return {};
  }

  core::Result<void> flush() {
    TRY(write_fully(descriptor_.number(), buffer_, path_));
    buffer_.clear();
    return {};
  }

  int number() const { return descriptor_.number(); }

 protected:
  const std::string& path() const { return path_; }
  void close() { descriptor_.close(); }

 private:
  Descriptor descriptor_;
  std::string path_;
  std::string buffer_;
};

class DeviceFile final : public BufferedFile {
 public:
  using BufferedFile::BufferedFile;
  core::Result<void> finish() override { return flush(); }
};

class RealAtomicFile final : public BufferedFile {
 public:
  RealAtomicFile(Descriptor descriptor, std::string path, std::string temporary, bool sync)
      : BufferedFile(std::move(descriptor), std::move(path)), temporary_(std::move(temporary)), sync_(sync) {}
  ~RealAtomicFile() override {
    if (!finished_) ::unlink(temporary_.c_str());
  }

  core::Result<void> finish() override {
    TRY(flush());
    if (sync_ && ::fsync(number()) != 0) return errno_error(errno, "flush", path());
    close();
    if (::rename(temporary_.c_str(), path().c_str()) != 0) return errno_error(errno, "write", path());
    finished_ = true;
    return sync_ ? sync_folder(folder_of(path())) : core::Result<void>();
  }

 private:
  std::string temporary_;
  bool sync_;
  bool finished_ = false;
};

// The entries of an open folder, unsorted; `path` is for messages.
core::Result<std::vector<FolderEntry>> entries_of(int folder, const std::string& path) {
  Descriptor own(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  if (!own.is_open()) return errno_error(errno, "list", path);
  DIR* const stream = ::fdopendir(own.number());
  if (stream == nullptr) return errno_error(errno, "list", path);
  own.release();  // the stream closes it
  std::vector<FolderEntry> entries;
  errno = 0;
  while (const dirent* const entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    FileKind kind = kind_of(static_cast<mode_t>(DTTOIF(entry->d_type)));
    struct stat found;
    if (entry->d_type == DT_UNKNOWN && ::fstatat(folder, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
      kind = kind_of(found.st_mode);
    }
    entries.push_back({std::string(name), kind});
    errno = 0;
  }
  const int failure = errno;
  ::closedir(stream);
  if (failure != 0) return errno_error(failure, "list", path);
  return entries;
}

// Removes the entry `name` of an open folder and all below it; `path` is for messages.
core::Result<void> remove_at(int folder, const std::string& name, const std::string& path) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  const int failure = errno;
  struct stat found;
  if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? core::Result<void>() : errno_error(errno, "remove", path);
  }
  if (!S_ISDIR(found.st_mode)) return errno_error(failure, "remove", path);
  {
    const Descriptor inner = open_descriptor_at(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!inner.is_open()) return errno_error(errno, "remove", path);
    const std::vector<FolderEntry> entries = TRY(entries_of(inner.number(), path));
    for (const FolderEntry& entry : entries) {
      TRY(remove_at(inner.number(), entry.name, joined(path, entry.name)));
    }
  }
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  return errno_error(errno, "remove", path);
}

// The three ways of copying, the fastest first; each leaves the rest to the next one.
core::Result<void> copy_bytes(int from, BufferedFile& to, const std::string& from_path) {
  if (::ioctl(to.number(), FICLONE, from) == 0) return {};
  constexpr std::size_t kStepBytes = std::size_t{1} << 30;
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to.number(), nullptr, kStepBytes, 0);
    if (count == 0) break;  // the end; or a file of /proc, which says so at once
    if (count > 0 || errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT) return errno_error(errno, "copy", from_path);
    break;
  }
  std::vector<char> buffer(kBufferBytes * 4);
  while (true) {
    const std::size_t count = TRY(read_some(from, buffer, from_path));
    if (count == 0) return {};
    TRY(to.write(std::string_view(buffer.data(), count)));
  }
}

class RealFiles final : public FileSystem {
 public:
  core::Result<std::unique_ptr<core::ByteSource>> open(const std::string& path) const override {
    Descriptor descriptor = TRY(open_for_reading(path));
    return std::unique_ptr<core::ByteSource>(std::make_unique<RealSource>(std::move(descriptor), path));
  }

  core::Result<std::unique_ptr<AtomicFile>> create(const std::string& path, WriteOptions options) override {
    std::unique_ptr<BufferedFile> file = TRY(create_buffered(path, options));
    return std::unique_ptr<AtomicFile>(std::move(file));
  }

  core::Result<FileStatus> status(const std::string& path) const override {
    TRY(check_path(path));
    struct stat found;
    if (::stat(c_path(path), &found) != 0) return errno_error(errno, "read", path);
    return status_of(found);
  }

  core::Result<FileStatus> link_status(const std::string& path) const override {
    TRY(check_path(path));
    struct stat found;
    if (::lstat(c_path(without_end_slashes(path)), &found) != 0) return errno_error(errno, "read", path);
    return status_of(found);
  }

  core::Result<std::vector<FolderEntry>> list(const std::string& folder) const override {
    TRY(check_path(folder));
    const Descriptor descriptor = open_descriptor(c_path(folder), O_RDONLY | O_DIRECTORY);
    if (!descriptor.is_open()) {
      const int failure = errno;
      if (failure == ENOTDIR && exists(folder)) {
        return core::Error(core::ErrorCode::kInvalidInput,
                           fmt::format("cannot list {}: it is not a folder", folder));
      }
      return errno_error(failure, "list", folder);
    }
    std::vector<FolderEntry> entries = TRY(entries_of(descriptor.number(), folder));
    std::sort(entries.begin(), entries.end(),
              [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
    return entries;
  }

  core::Result<void> make_folders(const std::string& path) override {
    TRY(check_path(path));
    return make_checked_folders(without_end_slashes(path));
  }

  core::Result<void> rename(const std::string& from, const std::string& to) override {
    TRY(check_path(from));
    TRY(check_path(to));
    if (::rename(c_path(from), c_path(to)) == 0) return {};
    return errno_error(errno, "rename", fmt::format("{} to {}", from, to));
  }

  core::Result<void> remove(const std::string& path) override {
    TRY(check_path(path));
    const std::string bare = without_end_slashes(path);
    const std::string name = name_of(bare);
    if (name.empty() || name == "." || name == "..") {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("cannot remove '{}': name the folder itself", path));
    }
    return remove_at(AT_FDCWD, bare, bare);
  }

  core::Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
    TRY(check_path(path));
    if (::chmod(c_path(path), mode) == 0) return {};
    return errno_error(errno, "change the mode of", path);
  }

  core::Result<void> copy(const std::string& from, const std::string& to, WriteOptions options) override {
    const Descriptor source = TRY(open_for_reading(from));
    struct stat found;
    if (::fstat(source.number(), &found) != 0) return errno_error(errno, "read", from);
    if (S_ISDIR(found.st_mode)) return folder_error("copy", from);
    const std::unique_ptr<BufferedFile> target = TRY(create_buffered(to, options));
    TRY(copy_bytes(source.number(), *target, from));
    return target->finish();
  }

  core::Result<void> hard_link(const std::string& from, const std::string& to) override {
    TRY(check_path(from));
    TRY(check_path(to));
    if (::link(c_path(from), c_path(to)) == 0) return {};
    return errno_error(errno, "link", fmt::format("{} to {}", from, to));
  }

  core::Result<void> symbolic_link(const std::string& target, const std::string& path) override {
    TRY(check_path(target));
    TRY(check_path(path));
    if (::symlink(target.c_str(), c_path(path)) == 0) return {};
    return errno_error(errno, "make the link", path);
  }

  core::Result<std::string> read_link(const std::string& path) const override {
    TRY(check_path(path));
    std::string target(256, '\0');
    while (true) {
      const ssize_t count = ::readlink(c_path(path), target.data(), target.size());
      if (count < 0 && errno == EINVAL) {
        return core::Error(core::ErrorCode::kInvalidInput, fmt::format("{} is not a link", path));
      }
      if (count < 0) return errno_error(errno, "read the link", path);
      if (static_cast<std::size_t>(count) < target.size()) {
        target.resize(static_cast<std::size_t>(count));
        return target;
      }
      target.resize(target.size() * 2);
    }
  }

 private:
  core::Result<Descriptor> open_for_reading(const std::string& path) const {
    TRY(check_path(path));
    Descriptor descriptor = open_descriptor(c_path(path), O_RDONLY);
    if (!descriptor.is_open()) return errno_error(errno, "open", path);
    struct stat found;
    if (::fstat(descriptor.number(), &found) == 0 && S_ISDIR(found.st_mode))
      return folder_error("read", path);
    ::posix_fadvise(descriptor.number(), 0, 0, POSIX_FADV_SEQUENTIAL);  // advice: pipes refuse it
    return descriptor;
  }

  core::Result<std::unique_ptr<BufferedFile>> create_buffered(const std::string& path, WriteOptions options) {
    TRY(check_path(path));
    struct stat found;
    const bool exists_already = ::stat(c_path(path), &found) == 0;
    if ((exists_already && S_ISDIR(found.st_mode)) || path.ends_with('/')) return folder_error("write", path);
    // What is no file cannot be replaced by one; below /dev a link such as /dev/stdout may lead to a file.
    if ((exists_already && !S_ISREG(found.st_mode)) || path.starts_with("/dev/")) {
      Descriptor descriptor = open_descriptor(path.c_str(), O_WRONLY | O_CREAT, options.mode);
      if (!descriptor.is_open()) return errno_error(errno, "open", path);
      return std::unique_ptr<BufferedFile>(std::make_unique<DeviceFile>(std::move(descriptor), path));
    }
    for (int tries = 0;; ++tries) {
      std::string temporary = joined(folder_of(path), temporary_name(name_of(path)));
      Descriptor descriptor = open_descriptor(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, options.mode);
      if (descriptor.is_open()) {
        return std::unique_ptr<BufferedFile>(std::make_unique<RealAtomicFile>(
            std::move(descriptor), path, std::move(temporary), options.sync));
      }
      // A killed process with our number may have left its own there.
      if (errno != EEXIST || tries == kTemporaryTriesMax) return errno_error(errno, "write", path);
    }
  }

  std::string temporary_name(const std::string& name) {
    return fmt::format(".{}.tmp-{}-{}", name.substr(0, kTemporaryStemBytesMax), ::getpid(),
                       counter_.fetch_add(1));
  }

  core::Result<void> make_checked_folders(const std::string& path) {
    if (::mkdir(c_path(path), 0777) == 0) return {};
    const int failure = errno;
    const std::string parent = folder_of(path);
    if (failure == ENOENT && !parent.empty() && parent != path) {
      TRY(make_checked_folders(parent));
      if (::mkdir(c_path(path), 0777) == 0) return {};
    }
    // Also when another process was faster, and for folders that exist on a file system that is read-only.
    if (is_folder(path)) return {};
    return errno_error(failure, "make the folder", path);
  }

  std::atomic<unsigned long> counter_{0};
};

}  // namespace

FileSystem& real_files() {
  static RealFiles files;
  return files;
}

}  // namespace starcast::os
