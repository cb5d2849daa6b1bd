// One step of UTF-8 decoding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace starcast::codec {

inline constexpr char32_t kReplacement = 0xFFFD;

struct DecodedCharacter {
  char32_t point;      // kReplacement if broken
  std::size_t length;  // bytes eaten, at least 1: of a broken part, the longest beginning of a character
  bool valid;
};

// The character at the front of the text, which is not empty.
DecodedCharacter decode_utf8(std::string_view text);

// `point` is a scalar value: no surrogate, at most U+10FFFF.
void append_utf8(std::string& text, char32_t point);

}  // namespace starcast::codec
