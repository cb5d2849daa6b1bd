// A file system in memory, with a clock that ticks only when told, and failures on demand.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "os/file_system.h"

namespace starcast::os {

// Thread-safe. Folders are made as needed by make_folders; writing into a folder that does not exist is
// kNotFound, as on a disk. Relative and absolute paths are two trees; paths are normalized as text.
// modified_ns starts at 10^18.
class MemoryFiles final : public FileSystem {
 public:
  MemoryFiles();
  ~MemoryFiles() override;

  // Makes the parents too.
  void put(const std::string& path, std::string_view bytes);
  void tick(std::int64_t nanoseconds = 1'000'000'000);  // later writes carry a later modified_ns
  void fail_writes_after(
      std::size_t bytes);  // from now on, over all files; then kExhausted "no space left on device"
  std::map<std::string, std::string> files() const;  // every file, by path

  core::Result<std::unique_ptr<core::ByteSource>> open(const std::string& path) const override;
  core::Result<std::unique_ptr<AtomicFile>> create(const std::string& path, WriteOptions options) override;
  core::Result<FileStatus> status(const std::string& path) const override;
  core::Result<FileStatus> link_status(const std::string& path) const override;
  core::Result<std::vector<FolderEntry>> list(const std::string& folder) const override;
  core::Result<void> make_folders(const std::string& path) override;
  core::Result<void> rename(const std::string& from, const std::string& to) override;
  core::Result<void> remove(const std::string& path) override;
  core::Result<void> set_mode(const std::string& path, std::uint32_t mode) override;
  core::Result<void> copy(const std::string& from, const std::string& to, WriteOptions options) override;
  core::Result<void> hard_link(const std::string& from, const std::string& to) override;
  core::Result<void> symbolic_link(const std::string& target, const std::string& path) override;
  core::Result<std::string> read_link(const std::string& path) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace starcast::os
