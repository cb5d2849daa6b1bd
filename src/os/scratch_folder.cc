#include "os/scratch_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <optional>

#include "os/path.h"
#include "os/posix.h"

namespace starcast::os {

core::Result<std::string> make_scratch_folder(const std::string& purpose, const Environment& environment) {
  std::string parent = environment.find("TMPDIR").value_or("");
  if (parent.empty()) parent = "/tmp";
  std::string path = joined(parent, fmt::format("starcast-{}-XXXXXX", purpose));
  TRY(check_path(path));
  if (::mkdtemp(path.data()) == nullptr) return errno_error(errno, "make a folder below", parent);
  return path;
}

}  // namespace starcast::os
