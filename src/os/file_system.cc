#include "os/file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace starcast::os {

bool FileSystem::is_folder(const std::string& path) const {
  const core::Result<FileStatus> found = status(path);
  return found.has_value() && found->kind == FileKind::kFolder;
}

core::Result<std::string> FileSystem::read(const std::string& path, std::size_t bytes_max) const {
  const std::unique_ptr<core::ByteSource> source = TRY(open(path));
  std::string text;
  // Only a hint: files of /proc have no size, and others may grow meanwhile.
  const core::Result<FileStatus> found = status(path);
  if (found) text.reserve(std::min(bytes_max, static_cast<std::size_t>(found->size_bytes)));
  std::array<char, 65536> buffer;
  while (true) {
    const std::size_t count = TRY(source->read(buffer));
    if (count == 0) return text;
    if (count > bytes_max - text.size()) {
      return core::Error(
          core::ErrorCode::kTooLarge,
          fmt::format("{} is larger than the {} bytes that are allowed here", path, bytes_max));
    }
    text.append(buffer.data(), count);
  }
}

core::Result<void> FileSystem::write(const std::string& path, std::string_view bytes, WriteOptions options) {
  const std::unique_ptr<AtomicFile> file = TRY(create(path, options));
  TRY(file->write(bytes));
  return file->finish();
}

}  // namespace starcast::os
