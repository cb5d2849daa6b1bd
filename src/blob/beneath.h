// Opens what lies beneath a folder and cannot be led out of it: neither by "..", which a BlobPath lacks, nor
// by a link.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "blob/blob_store.h"

namespace starcast::blob {

// Closes on destruction. Move-only.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int number) : number_(number) {}
  Handle(Handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// How a path of several parts is walked.
enum class Walk {
  kKernel,   // openat2(2); by parts on a kernel without it
  kByParts,  // openat(2) with O_NOFOLLOW for each part
};

// An owned descriptor, closed on exec; on failure it is not open and errno says why: ELOOP or EXDEV for a
// link.
Handle open_beneath(int folder, const std::string& path, int flags, Walk walk);

// openat(2) of one name, never through a link.
Handle open_part(int folder, const char* name, int flags, unsigned mode = 0);

}  // namespace starcast::blob
