// UTF-8: checking, mending, and the little Unicode that app names need (utf8proc underneath).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace starcast::codec {

bool is_utf8(std::string_view text);

// Each maximal broken part becomes U+FFFD, as Python's errors="replace".
std::string mended_utf8(std::string_view text);

// Code points; broken bytes count as U+FFFD.
std::vector<char32_t> code_points(std::string_view text);
// Surrogates and numbers beyond U+10FFFF become U+FFFD.
std::string from_code_points(const std::vector<char32_t>& points);

// Full case folding of each code point, no normalisation. Broken bytes become U+FFFD.
std::string case_folded(std::string_view text);

// By the general category: title case counts as upper, modifier letters as other letters, only decimal digits
// as digits; tab, newline and their like are spaces; marks, other numbers, controls and unassigned points are
// kOther.
enum class CharacterKind {
  kLetterUpper,
  kLetterLower,
  kLetterOther,
  kDigit,
  kSpace,
  kPunctuation,
  kSymbol,
  kOther
};
CharacterKind kind_of(char32_t point);

}  // namespace starcast::codec
