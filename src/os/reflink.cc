#include "os/reflink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/path.h"
#include "os/posix.h"

namespace starcast::os {

bool can_reflink(const std::string& folder) {
  const std::string from = joined(folder, fmt::format(".reflink-from-{}", ::getpid()));
  const std::string to = joined(folder, fmt::format(".reflink-to-{}", ::getpid()));
  bool can = false;
  {
    const Descriptor source = open_descriptor(from.c_str(), O_RDWR | O_CREAT, 0600);
    const Descriptor target = open_descriptor(to.c_str(), O_RDWR | O_CREAT, 0600);
    can = source.is_open() && target.is_open() && ::write(source.number(), "x", 1) == 1 &&
          ::ioctl(target.number(), FICLONE, source.number()) == 0;
  }
  ::unlink(from.c_str());
  ::unlink(to.c_str());
  return can;
}

}  // namespace starcast::os
