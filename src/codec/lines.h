// Lines of a text as a stream, for JSON Lines: any number in constant memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

namespace starcast::codec {

// One thread. The source is borrowed.
class LineReader {
 public:
  static constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;

  explicit LineReader(core::ByteSource& source) : source_(source) {}

  // The next line that is not empty, without spaces at its ends; valid until the next call. Nothing at the
  // end. kTooLarge for a line of more than kLineBytesMax; the source's own errors.
  core::Result<std::optional<std::string_view>> next();

  // Of the line handed out last, or of the one that failed; from 1.
  std::size_t line() const { return line_; }

 private:
  std::string_view taken(std::size_t end, std::size_t next);

  core::ByteSource& source_;
  std::string buffer_{};
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;
  std::size_t line_ = 0;
};

}  // namespace starcast::codec
