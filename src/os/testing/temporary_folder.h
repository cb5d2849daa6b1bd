// A folder on the real disk for one test, removed at its end.
#pragma once

#include <string>
#include <string_view>

namespace starcast::os {

// One thread.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace starcast::os
