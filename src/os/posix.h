// What the files of this module share about POSIX: an owned descriptor, and errno as an Error.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/result.h"

namespace starcast::os {

// The one place where an errno becomes an Error: "cannot `doing` `on`: the system's words".
core::Error errno_error(int number, std::string_view doing, std::string_view on);

// kInvalidInput for a path with a NUL byte, which POSIX would cut short.
core::Result<void> check_path(const std::string& path);

// The empty path is the working directory.
inline const char* c_path(const std::string& path) {
  return path.empty() ? "." : path.c_str();
}

// Closes on destruction. Move-only.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close();
  // Hands the number over; the caller closes it.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// open(2) that is not interrupted; the descriptor is closed on exec.
Descriptor open_descriptor(const char* path, int flags, unsigned mode = 0);
// The same for a name in an open folder.
Descriptor open_descriptor_at(int folder, const char* name, int flags);

}  // namespace starcast::os
