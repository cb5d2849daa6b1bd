#include "codec/lines.h"

#include <fmt/format.h>

#include "core/strings.h"

namespace starcast::codec {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

}  // namespace

Result<std::optional<std::string_view>> LineReader::next() {
  while (true) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      const std::string_view text = taken(end, end + 1);
      if (!text.empty()) return std::optional(text);
      continue;
    }
    if (buffer_.size() - begin_ > kLineBytesMax) {
      ++line_;
      return Error(ErrorCode::kTooLarge, fmt::format("a line has more than {} bytes", kLineBytesMax));
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t before = buffer_.size();
    searched_ = before;
    buffer_.resize(before + kReadBytes);
    const std::size_t read = TRY(source_.read({buffer_.data() + before, kReadBytes}));
    buffer_.resize(before + read);
    if (read == 0) {
      const std::string_view last = taken(before, before);
      if (last.empty()) return std::optional<std::string_view>();
      return std::optional(last);
    }
  }
}

std::string_view LineReader::taken(std::size_t end, std::size_t next) {
  const std::string_view text = core::trimmed(std::string_view(buffer_).substr(begin_, end - begin_));
  begin_ = next;
  searched_ = next;
  ++line_;
  return text;
}

}  // namespace starcast::codec
