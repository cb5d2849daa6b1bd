#include "os/service_notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>

#include "os/posix.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

// A service manager's end.
class Receiver {
 public:
  explicit Receiver(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    if (path.front() == '@') address.sun_path[0] = '\0';
    const std::size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (path.front() == '/' ? 1 : 0);
    EXPECT_EQ(
        ::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)),
        0);
  }
  std::string receive() const {
    std::array<char, 256> bytes{};
    const ssize_t count = ::recv(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(count));
  }

 private:
  Descriptor socket_;
};

MapEnvironment with_socket(const std::string& path) {
  return MapEnvironment(std::map<std::string, std::string>{{"NOTIFY_SOCKET", path}});
}

TEST(ServiceNotify, DoesNothingWithoutASocket) {
  EXPECT_TRUE(notify_service_manager("READY=1", MapEnvironment(std::map<std::string, std::string>())));
  EXPECT_TRUE(notify_service_manager("READY=1", with_socket("")));
}

TEST(ServiceNotify, ReachesASocketOnTheDisk) {
  const TemporaryFolder folder;
  const Receiver manager(folder.at("notify"));
  ASSERT_TRUE(notify_service_manager("READY=1\nSTATUS=fine", with_socket(folder.at("notify"))));
  EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=fine");
}

TEST(ServiceNotify, ReachesAnAbstractSocket) {
  const TemporaryFolder folder;  // its path is nobody else's
  const std::string name = "@" + folder.path();
  const Receiver manager(name);
  ASSERT_TRUE(notify_service_manager("STOPPING=1", with_socket(name)));
  EXPECT_EQ(manager.receive(), "STOPPING=1");
}

TEST(ServiceNotify, RefusesARelativePathAndALongOne) {
  EXPECT_FALSE(notify_service_manager("READY=1", with_socket("run/notify")));
  EXPECT_FALSE(notify_service_manager("READY=1", with_socket("/" + std::string(200, 'a'))));
}

TEST(ServiceNotify, SaysThatNobodyListens) {
  const core::Result<void> sent = notify_service_manager("READY=1", with_socket("/nowhere/notify"));
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().message().find("/nowhere/notify"), std::string::npos);
}

}  // namespace
}  // namespace starcast::os
