#include "blob/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "core/strings.h"

namespace starcast::blob {
namespace {

Handle open_by_parts(int folder, const std::string& path, int flags) {
  const std::vector<std::string_view> parts = core::split(path, '/');
  Handle here;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const std::string name(parts[i]);
    Handle next =
        open_part(i == 0 ? folder : here.number(), name.c_str(), last ? flags : O_PATH | O_DIRECTORY);
    if (!next.is_open()) return next;
    here = std::move(next);
  }
  return here;
}

}  // namespace

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

Handle::~Handle() {
  const int error = errno;  // whoever returns early reads it afterwards
  if (number_ >= 0) ::close(number_);
  errno = error;
}

Handle open_part(int folder, const char* name, int flags, unsigned mode) {
  int number = -1;
  do {
    number = ::openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
  } while (number < 0 && errno == EINTR);
  return Handle(number);
}

Handle open_beneath(int folder, const std::string& path, int flags, Walk walk) {
  if (path.empty()) return open_part(folder, ".", flags);
  if (walk == Walk::kByParts) return open_by_parts(folder, path, flags);
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_NOFOLLOW | O_CLOEXEC));
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long number = -1;
  do {
    number = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  } while (number < 0 && errno == EINTR);
  // EPERM: a sandbox that does not know the call.
  if (number < 0 && (errno == ENOSYS || errno == EPERM)) return open_by_parts(folder, path, flags);
  return Handle(static_cast<int>(number));
}

}  // namespace starcast::blob
