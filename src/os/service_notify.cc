#include "os/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>

#include "os/posix.h"

namespace starcast::os {

core::Result<void> notify_service_manager(std::string_view state, const Environment& environment) {
  const std::optional<std::string> path = environment.find("NOTIFY_SOCKET");
  if (!path || path->empty()) return {};
  sockaddr_un address{};
  if ((path->front() != '/' && path->front() != '@') || path->size() >= sizeof(address.sun_path)) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        "NOTIFY_SOCKET must be an absolute path or begin with '@', and be shorter than 108 bytes");
  }
  address.sun_family = AF_UNIX;
  std::copy(path->begin(), path->end(), address.sun_path);
  if (path->front() == '@') address.sun_path[0] = '\0';
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno_error(errno, "open a socket for", *path);
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size() + (path->front() == '/' ? 1 : 0));
  while (::sendto(socket.number(), state.data(), state.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), length) < 0) {
    if (errno != EINTR) return errno_error(errno, "notify", *path);
  }
  return {};
}

}  // namespace starcast::os
