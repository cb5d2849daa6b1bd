// Files behind an interface: the real disk, or a map in memory for tests. Paths are UTF-8 strings with '/';
// the empty path is the working directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace starcast::os {

enum class FileKind { kFile, kFolder, kLink, kOther };

struct FileStatus {
  FileKind kind = FileKind::kFile;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // permission bits only, e.g. 0644
};

struct FolderEntry {
  std::string name{};  // without the folder's path
  FileKind kind = FileKind::kFile;
};

// A file being written under a temporary name in the target's folder. finish() flushes to the disk (fsync)
// and renames over the target, so a reader sees the old bytes or all of the new ones; destroyed without
// finish(), nothing remains.
class AtomicFile : public core::ByteSink {};

struct WriteOptions {
  std::uint32_t mode = 0644;  // as open(2) takes it: the process's umask may take bits away
  bool sync = true;           // false: for what can be made again (figures, caches), the rename stays atomic
};

// Errors: kNotFound, kPermissionDenied, kAlreadyExists, kExhausted (no space left), kInvalidInput (a folder
// where a file should be, a name too long), kUnsupported (a link or rename to another disk), kUnavailable
// (busy now), kInternal; the message holds the path and the operating system's words. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual core::Result<std::unique_ptr<core::ByteSource>> open(const std::string& path) const = 0;
  // The folder must exist. A link at `path` is replaced, never written through; a device or pipe
  // (/dev/stdout) is written to directly.
  virtual core::Result<std::unique_ptr<AtomicFile>> create(const std::string& path, WriteOptions options) = 0;

  // Follows links. kNotFound when absent.
  virtual core::Result<FileStatus> status(const std::string& path) const = 0;
  // Of the link itself.
  virtual core::Result<FileStatus> link_status(const std::string& path) const = 0;

  // Sorted by name, bytewise.
  virtual core::Result<std::vector<FolderEntry>> list(const std::string& folder) const = 0;

  // With all parents; an existing folder is fine.
  virtual core::Result<void> make_folders(const std::string& path) = 0;
  // Replaces an existing file.
  virtual core::Result<void> rename(const std::string& from, const std::string& to) = 0;
  // A file, a link or a whole folder; an absent path is fine. Links, also at `path` itself, are removed,
  // never followed. The working directory, "/" and paths that end in "." or ".." are refused.
  virtual core::Result<void> remove(const std::string& path) = 0;
  virtual core::Result<void> set_mode(const std::string& path, std::uint32_t mode) = 0;
  // Copies a file through a temporary name: reflink where the file system can, else bytes.
  virtual core::Result<void> copy(const std::string& from, const std::string& to, WriteOptions options) = 0;
  // kAlreadyExists when there is something at `to`.
  virtual core::Result<void> hard_link(const std::string& from, const std::string& to) = 0;
  // `target` is stored as it is given. kAlreadyExists when there is something at `path`.
  virtual core::Result<void> symbolic_link(const std::string& target, const std::string& path) = 0;
  // What the link says; kInvalidInput when it is not a link.
  virtual core::Result<std::string> read_link(const std::string& path) const = 0;

  bool exists(const std::string& path) const { return status(path).has_value(); }
  bool is_folder(const std::string& path) const;
  // Whole files; `bytes_max` guards against a wrong path (kTooLarge).
  core::Result<std::string> read(const std::string& path, std::size_t bytes_max = std::size_t{1} << 30) const;
  core::Result<void> write(const std::string& path, std::string_view bytes, WriteOptions options = {});
};

// The machine's disk. Relative paths are relative to the process's working directory.
FileSystem& real_files();

}  // namespace starcast::os
