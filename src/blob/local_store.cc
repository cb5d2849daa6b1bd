#include "blob/local_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "core/clock.h"
#include "os/file_system.h"

namespace starcast::blob {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kKnownFoldersMax = 10'000;
constexpr int kDepthMax = 256;
constexpr std::int64_t kSecondsOfADay = std::int64_t{24} * 60 * 60;
constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:  // a link
    case EXDEV:
    case ENXIO:
      return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case EISDIR:
    case ENAMETOOLONG:
    case EILSEQ:
      return ErrorCode::kInvalidInput;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::kExhausted;
    case EIO:
    case EAGAIN:
    case EBUSY:
    case ESTALE:
    case ETXTBSY:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;  // errno is an open list
  }
}

Error error_of(int number, std::string_view doing, std::string_view on) {
  const char* words = strerrordesc_np(number);
  return {code_of(number),
          fmt::format("cannot {} '{}': {}", doing, on, words == nullptr ? "unknown error" : words)};
}

Error absent(const BlobPath& path) {
  return {ErrorCode::kNotFound, fmt::format("there is no '{}'", path.text())};
}

bool is_unfinished(std::string_view path) {
  return path == kUnfinishedFolder ||
         (path.starts_with(kUnfinishedFolder) && path[kUnfinishedFolder.size()] == '/');
}

std::string folder_of(const BlobPath& path) {
  const std::size_t slash = path.text().rfind('/');
  return slash == std::string::npos ? std::string() : path.text().substr(0, slash);
}

std::string random_name() {
  std::array<std::uint64_t, 2> numbers{};
  CHECK(getentropy(numbers.data(), sizeof numbers) == 0);
  return fmt::format("{:016x}{:016x}", numbers[0], numbers[1]);
}

Result<void> synced(int number, std::string_view what) {
  if (::fsync(number) == 0) return {};
  return error_of(errno, "write to the disk", what);
}

class LocalSource final : public core::ByteSource {
 public:
  LocalSource(Handle file, std::uint64_t offset, std::uint64_t length, std::string name)
      : file_(std::move(file)), offset_(offset), left_(length), name_(std::move(name)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    if (size == 0) return std::size_t{0};
    ssize_t count = -1;
    do {
      count = ::pread(file_.number(), buffer.data(), size, static_cast<off_t>(offset_));
    } while (count < 0 && errno == EINTR);
    if (count < 0) return error_of(errno, "read", name_);
    if (count == 0) {
      return Error(ErrorCode::kUnavailable, fmt::format("'{}' became shorter while it was read", name_));
    }
    offset_ += static_cast<std::uint64_t>(count);
    left_ -= static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }

 private:
  Handle file_;
  std::uint64_t offset_;
  std::uint64_t left_;
  std::string name_;
};

class LocalStore;

class LocalWriter final : public BlobWriter {
 public:
  LocalWriter(LocalStore& store, BlobPath path, Handle file, std::string name)
      : store_(store), path_(std::move(path)), file_(std::move(file)), name_(std::move(name)) {}
  ~LocalWriter() override;

  Result<void> write(std::string_view bytes) override;
  Result<void> finish() override;

 private:
  LocalStore& store_;
  BlobPath path_;
  Handle file_;
  std::string name_;  // in the folder of unfinished blobs; "" once it has its own
  std::uint64_t written_ = 0;
  std::uint64_t started_ = 0;  // bytes whose way to the disk has begun
};

class LocalStore final : public BlobStore {
 public:
  LocalStore(std::string uri, Handle root, Walk walk)
      : uri_(std::move(uri)), root_(std::move(root)), walk_(walk) {}

  Result<BlobStatus> status(const BlobPath& path) const override {
    if (is_unfinished(path.text())) return absent(path);
    const Handle found = open_beneath(root_.number(), path.text(), O_PATH, walk_);
    if (!found.is_open()) return error_of(errno, "look at", path.text());
    return status_of(found, path);
  }

  Result<std::unique_ptr<core::ByteSource>> open(const BlobPath& path, std::uint64_t offset,
                                                 std::uint64_t length) const override {
    if (is_unfinished(path.text())) return absent(path);
    // A pipe must not block the opening.
    Handle file = open_beneath(root_.number(), path.text(), O_RDONLY | O_NONBLOCK | O_NOCTTY, walk_);
    if (!file.is_open()) return error_of(errno, "open", path.text());
    const BlobStatus found = TRY(status_of(file, path));
    if (found.is_folder) {
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is a folder", path.text()));
    }
    if (offset > found.size_bytes || length > found.size_bytes - offset) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("'{}' has {} bytes, less than were asked for", path.text(), found.size_bytes));
    }
    return std::unique_ptr<core::ByteSource>(
        std::make_unique<LocalSource>(std::move(file), offset, length, path.text()));
  }

  Result<std::unique_ptr<BlobWriter>> create(const BlobPath& path) override {
    TRY(check_target(path));
    const Handle unfinished = TRY(open_unfinished());
    std::string name = random_name();
    Handle file = open_part(unfinished.number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!file.is_open()) return error_of(errno, "create", path.text());
    return std::unique_ptr<BlobWriter>(
        std::make_unique<LocalWriter>(*this, path, std::move(file), std::move(name)));
  }

  Result<std::vector<BlobEntry>> list(const BlobPath& folder) const override {
    if (is_unfinished(folder.text())) return absent(folder);
    std::vector<BlobEntry> entries;
    const Handle found = open_beneath(root_.number(), folder.text(), O_RDONLY | O_DIRECTORY, walk_);
    if (!found.is_open()) return error_of(errno, "list", folder.text());
    TRY(for_each_name(found, folder.text(), [&](const char* name) -> Result<void> {
      struct stat status{};
      if (::fstatat(found.number(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};  // gone by now
      // What nobody can ask for by its name is not shown: links, devices, odd names, unfinished blobs.
      if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return {};
      if (!BlobPath::parse(name) || (folder.is_root() && name == kUnfinishedFolder)) return {};
      const bool is_folder = S_ISDIR(status.st_mode);
      entries.push_back({name, is_folder, is_folder ? 0 : static_cast<std::uint64_t>(status.st_size)});
      return {};
    }));
    std::sort(entries.begin(), entries.end(),
              [](const BlobEntry& a, const BlobEntry& b) { return a.name < b.name; });
    return entries;
  }

  Result<void> remove(const BlobPath& path) override {
    if (path.is_root()) return Error(ErrorCode::kInvalidInput, "the root folder cannot be removed");
    if (is_unfinished(path.text())) return absent(path);
    const Handle folder = open_beneath(root_.number(), folder_of(path), O_RDONLY | O_DIRECTORY, walk_);
    if (!folder.is_open()) return error_of(errno, "remove", path.text());
    const std::string name(path.name());
    struct stat status{};
    if (::fstatat(folder.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return error_of(errno, "remove", path.text());
    }
    if (S_ISDIR(status.st_mode)) {
      TRY(remove_folder(folder, name, path));
    } else if (!S_ISREG(status.st_mode)) {
      return absent(path);
    } else if (::unlinkat(folder.number(), name.c_str(), 0) != 0) {
      return error_of(errno, "remove", path.text());
    }
    return synced(folder.number(), path.text());
  }

  const std::string& uri() const override { return uri_; }

  // Gives a finished blob its name.
  Result<void> place(const std::string& unfinished_name, const BlobPath& path) {
    const Handle unfinished = TRY(open_unfinished());
    const Handle folder = TRY(make_folder(folder_of(path)));
    const std::string name(path.name());
    if (::renameat(unfinished.number(), unfinished_name.c_str(), folder.number(), name.c_str()) != 0) {
      return error_of(errno, "write", path.text());
    }
    return synced(folder.number(), path.text());
  }

  void forget_unfinished(const std::string& name) {
    const Handle unfinished =
        open_part(root_.number(), std::string(kUnfinishedFolder).c_str(), O_RDONLY | O_DIRECTORY);
    if (unfinished.is_open()) ::unlinkat(unfinished.number(), name.c_str(), 0);
  }

 private:
  static Result<BlobStatus> status_of(const Handle& handle, const BlobPath& path) {
    struct stat status{};
    if (::fstat(handle.number(), &status) != 0) return error_of(errno, "look at", path.text());
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return absent(path);
    const bool is_folder = S_ISDIR(status.st_mode);
    return BlobStatus{is_folder ? 0 : static_cast<std::uint64_t>(status.st_size),
                      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                      is_folder};
  }

  // Refuses early what rename would refuse after a long upload.
  Result<void> check_target(const BlobPath& path) const {
    if (path.is_root() || is_unfinished(path.text())) return Error(ErrorCode::kInvalidInput, "Invalid path");
    const auto found = status(path);
    if (found && found->is_folder) {
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is a folder", path.text()));
    }
    for (std::string above = folder_of(path); !above.empty();) {
      const Handle folder = open_beneath(root_.number(), above, O_PATH | O_DIRECTORY, walk_);
      if (folder.is_open()) break;
      if (errno != ENOENT) {
        return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no folder", above));
      }
      const std::size_t slash = above.rfind('/');
      above.resize(slash == std::string::npos ? 0 : slash);
    }
    return {};
  }

  // The folder of unfinished blobs; made, and freed of what a crash left, when this store first writes.
  Result<Handle> open_unfinished() {
    const std::string name(kUnfinishedFolder);
    const std::lock_guard<std::mutex> held(mutex_);
    if (::mkdirat(root_.number(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      return error_of(errno, "make the folder", name);
    }
    Handle folder = open_part(root_.number(), name.c_str(), O_RDONLY | O_DIRECTORY);
    if (!folder.is_open()) return error_of(errno, "open the folder", name);
    if (!swept_) sweep(folder);
    swept_ = true;
    return folder;
  }

  // Another program may write beside us, so only what nobody touched for a day goes.
  static void sweep(const Handle& unfinished) {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(core::system_clock().now().time_since_epoch());
    const auto removed = for_each_name(unfinished, kUnfinishedFolder, [&](const char* name) -> Result<void> {
      struct stat status{};
      if (::fstatat(unfinished.number(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
      if (status.st_mtim.tv_sec < now.count() - kSecondsOfADay) return remove_tree(unfinished, name, 0);
      return {};
    });
    static_cast<void>(removed.has_value());  // litter is no failure
  }

  // Opens a folder, made with all above it, each of which is on the disk afterwards: what this process did
  // not sync itself may be an earlier one's that was killed before it did.
  Result<Handle> make_folder(const std::string& path) {
    if (path.empty()) return opened(open_part(root_.number(), ".", O_RDONLY | O_DIRECTORY), path);
    const std::lock_guard<std::mutex> held(mutex_);
    if (known_folders_.contains(path)) {
      Handle folder = open_beneath(root_.number(), path, O_RDONLY | O_DIRECTORY, walk_);
      if (folder.is_open()) return folder;
      known_folders_.clear();
    }
    if (known_folders_.size() >= kKnownFoldersMax) known_folders_.clear();
    Handle here = TRY(opened(open_part(root_.number(), ".", O_RDONLY | O_DIRECTORY), path));
    for (std::size_t end = 0, begin = 0; end != std::string::npos; begin = end + 1) {
      end = path.find('/', begin);
      const std::string above = path.substr(0, end);
      const std::string name = above.substr(begin);
      if (::mkdirat(here.number(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return error_of(errno, "make the folder", above);
      }
      Handle next = TRY(opened(open_part(here.number(), name.c_str(), O_RDONLY | O_DIRECTORY), above));
      if (known_folders_.insert(above).second) {
        if (auto flushed = synced(here.number(), above); !flushed) {
          known_folders_.erase(above);
          return std::move(flushed).error();
        }
      }
      here = std::move(next);
    }
    return here;
  }

  static Result<Handle> opened(Handle handle, const std::string& path) {
    if (!handle.is_open()) {
      const int number = errno;
      if (number == ENOTDIR || number == ELOOP) {
        return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no folder", path));
      }
      return error_of(number, "open", path);
    }
    return handle;
  }

  // Out of sight at once, then piece by piece.
  Result<void> remove_folder(const Handle& parent, const std::string& name, const BlobPath& path) {
    const Handle unfinished = TRY(open_unfinished());
    const std::string moved = random_name();
    {
      const std::lock_guard<std::mutex> held(mutex_);
      known_folders_.clear();
    }
    if (::renameat(parent.number(), name.c_str(), unfinished.number(), moved.c_str()) != 0) {
      return error_of(errno, "remove", path.text());
    }
    return remove_tree(unfinished, moved.c_str(), 0);
  }

  static Result<void> remove_tree(const Handle& parent, const char* name, int depth) {
    if (::unlinkat(parent.number(), name, 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return error_of(errno, "remove", name);
    if (depth > kDepthMax)
      return Error(ErrorCode::kInvalidInput, "folders are nested too deep to be removed");
    const Handle folder = open_part(parent.number(), name, O_RDONLY | O_DIRECTORY);
    if (!folder.is_open()) return error_of(errno, "remove", name);
    TRY(for_each_name(folder, name,
                      [&](const char* inner) { return remove_tree(folder, inner, depth + 1); }));
    if (::unlinkat(parent.number(), name, AT_REMOVEDIR) != 0 && errno != ENOENT)
      return error_of(errno, "remove", name);
    return {};
  }

  template <typename Action>
  static Result<void> for_each_name(const Handle& folder, std::string_view path, const Action& action) {
    Handle own = open_part(folder.number(), ".", O_RDONLY | O_DIRECTORY);
    if (!own.is_open()) return error_of(errno, "list", path);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.number()), &::closedir);
    if (stream == nullptr) return error_of(errno, "list", path);
    own.release();
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") TRY(action(entry->d_name));
    }
    if (errno != 0) return error_of(errno, "list", path);
    return {};
  }

  std::string uri_;
  Handle root_;
  Walk walk_;
  std::mutex mutex_{};
  std::unordered_set<std::string> known_folders_{};  // their names are on the disk
  bool swept_ = false;
};

LocalWriter::~LocalWriter() {
  if (!name_.empty()) store_.forget_unfinished(name_);
}

Result<void> LocalWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.number(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_of(errno, "write", path_.text());
    written_ += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  // The disk works while the rest arrives, so finish() has little left to wait for.
  if (written_ - started_ >= kWritebackBytes) {
    ::sync_file_range(file_.number(), static_cast<off_t>(started_), static_cast<off_t>(written_ - started_),
                      SYNC_FILE_RANGE_WRITE);
    started_ = written_;
  }
  return {};
}

Result<void> LocalWriter::finish() {
  TRY(synced(file_.number(), path_.text()));
  TRY(store_.place(name_, path_));
  name_.clear();
  return {};
}

}  // namespace

Result<std::unique_ptr<BlobStore>> open_local(const std::string& folder, Walk walk) {
  if (folder.find('\0') != std::string::npos)
    return Error(ErrorCode::kInvalidInput, "a folder with a NUL byte");
  const std::string path = folder.empty() ? "." : folder;
  const bool is_new = !os::real_files().exists(path);
  TRY(os::real_files().make_folders(path));
  // The root itself may be a link: it is the administrator's choice, not a request's.
  const int number = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return error_of(errno, "open the folder", path);
  Handle root(number);
  if (is_new) {
    const Handle above(::openat(root.number(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (above.is_open()) TRY(synced(above.number(), path));
  }
  return std::unique_ptr<BlobStore>(std::make_unique<LocalStore>(path, std::move(root), walk));
}

Result<std::unique_ptr<BlobStore>> open_local(const std::string& folder) {
  return open_local(folder, Walk::kKernel);
}

}  // namespace starcast::blob
