#include "os/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "core/strings.h"
#include "os/file_system.h"
#include "os/path.h"
#include "os/posix.h"

namespace starcast::os {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 64> buffer;
  const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  const std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::string_view pid = core::trimmed(text.substr(0, text.find('\n')));
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string_view::npos) return "another process";
  return fmt::format("process {}", pid);
}

core::Result<void> write_pid(int descriptor, const std::string& path) {
  const std::string text = fmt::format(" {}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0) return errno_error(errno, "write", path);
  const ssize_t count = ::pwrite(descriptor, text.data(), text.size(), 0);
  if (count != static_cast<ssize_t>(text.size()))
    return errno_error(count < 0 ? errno : ENOSPC, "write", path);
  return {};
}

}  // namespace

core::Result<FileLock> FileLock::acquire(const std::string& path, int tries, double pause_seconds) {
  TRY(check_path(path));
  const std::string folder = folder_of(path);
  if (!folder.empty()) TRY(real_files().make_folders(folder));
  Descriptor descriptor = open_descriptor(c_path(path), O_RDWR | O_CREAT, 0666);
  if (!descriptor.is_open()) return errno_error(errno, "open the lock", path);
  for (int tried = 1;; ++tried) {
    if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) == 0) break;
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return errno_error(errno, "lock", path);
    if (tried >= tries) {
      return core::Error(
          core::ErrorCode::kUnavailable,
          fmt::format("{} is locked by {}; wait until it has finished, then run the command again", path,
                      holder_of(descriptor.number())));
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(pause_seconds));
  }
  TRY(write_pid(descriptor.number(), path));
  return FileLock(descriptor.release());
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace starcast::os
