#include "core/bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace starcast::core {

StringSource::StringSource(std::string text, std::size_t chunk_bytes)
    : text_(std::move(text)), chunk_bytes_(chunk_bytes) {}

Result<std::size_t> StringSource::read(std::span<char> buffer) {
  const std::size_t count = std::min({buffer.size(), chunk_bytes_, text_.size() - offset_});
  std::copy_n(text_.data() + offset_, count, buffer.data());
  offset_ += count;
  return count;
}

Result<void> StringSink::write(std::string_view bytes) {
  text_.append(bytes);
  return {};
}

Result<std::string> read_all(ByteSource& source, std::size_t bytes_max) {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const std::size_t count = TRY(source.read(buffer));
    if (count == 0) return text;
    if (text.size() + count > bytes_max) {
      return Error(ErrorCode::kTooLarge, fmt::format("more than {} bytes", bytes_max));
    }
    text.append(buffer.data(), count);
  }
}

}  // namespace starcast::core
