#include "codec/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "codec/utf8_decode.h"
#include "core/check.h"

namespace starcast::codec {
namespace {

// Bytes at the front of the text that are ASCII.
std::size_t ascii_length(std::string_view text) {
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

bool is_scalar_value(char32_t point) {
  return point < 0xD800 || (point > 0xDFFF && point <= 0x10FFFF);
}

}  // namespace

// Table 3-7 of the Unicode standard: the range of the second byte depends on the first.
DecodedCharacter decode_utf8(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte_at(0);
  if (first < 0x80) return {first, 1, true};
  if (first < 0xC2 || first > 0xF4) return {kReplacement, 1, false};

  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const unsigned char second_min = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char second_max = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  char32_t point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size()) return {kReplacement, i, false};
    const unsigned char byte = byte_at(i);
    if (byte < (i == 1 ? second_min : 0x80) || byte > (i == 1 ? second_max : 0xBF))
      return {kReplacement, i, false};
    point = point << 6 | (byte & 0x3FU);
  }
  return {point, length, true};
}

void append_utf8(std::string& text, char32_t point) {
  const auto push = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    push(point);
  } else if (point < 0x800) {
    push(0xC0 | point >> 6);
    push(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    push(0xE0 | point >> 12);
    push(0x80 | (point >> 6 & 0x3F));
    push(0x80 | (point & 0x3F));
  } else {
    push(0xF0 | point >> 18);
    push(0x80 | (point >> 12 & 0x3F));
    push(0x80 | (point >> 6 & 0x3F));
    push(0x80 | (point & 0x3F));
  }
}

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_length(text));
    if (text.empty()) return true;
    const DecodedCharacter character = decode_utf8(text);
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
}

std::string mended_utf8(std::string_view text) {
  std::string mended;
  mended.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = ascii_length(text);
    mended += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const DecodedCharacter character = decode_utf8(text);
    append_utf8(mended, character.point);
    text.remove_prefix(character.length);
  }
  return mended;
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  points.reserve(text.size());
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    points.push_back(character.point);
    text.remove_prefix(character.length);
  }
  return points;
}

std::string from_code_points(const std::vector<char32_t>& points) {
  std::string text;
  text.reserve(points.size());
  for (const char32_t point : points) append_utf8(text, is_scalar_value(point) ? point : kReplacement);
  return text;
}

std::string case_folded(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    text.remove_prefix(character.length);
    if (character.point < 0x80) {
      const bool is_upper = character.point >= 'A' && character.point <= 'Z';
      folded += static_cast<char>(is_upper ? character.point + 32 : character.point);
      continue;
    }
    // The longest full folding has three code points.
    std::array<utf8proc_int32_t, 8> points{};
    int last_boundclass = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(character.point), points.data(),
                                               static_cast<utf8proc_ssize_t>(points.size()),
                                               UTF8PROC_CASEFOLD, &last_boundclass);
    CHECK(count >= 0 && count <= static_cast<utf8proc_ssize_t>(points.size()));
    for (utf8proc_ssize_t i = 0; i < count; ++i)
      append_utf8(folded, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
  }
  return folded;
}

CharacterKind kind_of(char32_t point) {
  if (!is_scalar_value(point)) return CharacterKind::kOther;
  if (point >= 0x09 && point <= 0x0D) return CharacterKind::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return CharacterKind::kLetterUpper;
    case UTF8PROC_CATEGORY_LL:
      return CharacterKind::kLetterLower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return CharacterKind::kLetterOther;
    case UTF8PROC_CATEGORY_ND:
      return CharacterKind::kDigit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterKind::kSpace;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return CharacterKind::kPunctuation;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
      return CharacterKind::kSymbol;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
      return CharacterKind::kOther;
  }
  return CharacterKind::kOther;
}

}  // namespace starcast::codec
