// Keeps bytes under names: artifacts, DVC remotes. Local files now; S3 joins later.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace starcast::blob {

// A name that was checked: relative, '/' between parts, no part empty, "." or "..", no NUL, no backslash, no
// drive letter, no '#', no control character. Parsed once; nothing else opens a blob (security.md 2.1, rule
// 1). "" is the root folder.
class BlobPath {
 public:
  // kInvalidInput "Invalid path" for anything else; one trailing '/' is dropped. What `text` would become by
  // decoding percent-escapes again and again is checked too (more than ten rounds is an error), while an
  // honest name with '%' stays as it is given: "dog%step%100".
  static core::Result<BlobPath> parse(std::string_view text);
  const std::string& text() const { return text_; }
  bool is_root() const { return text_.empty(); }
  // The last part.
  std::string_view name() const;
  BlobPath joined(const BlobPath& below) const;

 private:
  explicit BlobPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct BlobStatus {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // since 1970
  bool is_folder = false;
};

struct BlobEntry {
  std::string name{};  // without the folder
  bool is_folder = false;
  std::uint64_t size_bytes = 0;
};

// A blob that is being written; destroyed without finish(), nothing remains. After finish() its bytes and its
// name are on the disk.
class BlobWriter : public core::ByteSink {};

// Thread-safe. Errors: kNotFound, kInvalidInput (a folder where a blob should be and the other way round),
// kPermissionDenied, kExhausted, kUnavailable. Links are never followed: what lies behind one is kNotFound.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual core::Result<BlobStatus> status(const BlobPath& path) const = 0;
  // `length` bytes from `offset`; kInvalidInput when the range is beyond the end.
  virtual core::Result<std::unique_ptr<core::ByteSource>> open(const BlobPath& path, std::uint64_t offset,
                                                               std::uint64_t length) const = 0;
  virtual core::Result<std::unique_ptr<BlobWriter>> create(const BlobPath& path) = 0;
  // Sorted by name; kNotFound when there is no such folder.
  virtual core::Result<std::vector<BlobEntry>> list(const BlobPath& folder) const = 0;
  // A blob or a whole folder; an absent one is kNotFound.
  virtual core::Result<void> remove(const BlobPath& path) = 0;
  // For people: "./mlartifacts".
  virtual const std::string& uri() const = 0;
};

// Below one folder, made when absent; every access is beneath a handle of it (openat2 RESOLVE_BENEATH,
// RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS; where the kernel lacks it, part by part with O_NOFOLLOW).
core::Result<std::unique_ptr<BlobStore>> open_local(const std::string& folder);

}  // namespace starcast::blob
