#include "os/testing/temporary_folder.h"

#include <stdlib.h>

#include "core/check.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/path.h"

namespace starcast::os {

TemporaryFolder::TemporaryFolder() {
  const std::string base = real_environment().find("TMPDIR").value_or("");
  std::string pattern = joined(base.empty() ? "/tmp" : base, "starcast-test-XXXXXX");
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  CHECK(real_files().remove(path_).has_value());
}

std::string TemporaryFolder::at(std::string_view name) const {
  return joined(path_, name);
}

}  // namespace starcast::os
