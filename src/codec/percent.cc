#include "codec/percent.h"

#include <cstddef>

namespace starcast::codec {
namespace {

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

// The character that an escape at the front of `text` stands for.
std::optional<char> escaped_character(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

bool is_unreserved(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

enum class Broken { kRefuse, kKeep };

std::optional<std::string> decoded(std::string_view text, bool plus_is_space, Broken broken) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const std::optional<char> character = escaped_character(text.substr(i))) {
      result.push_back(character.value_or('%'));
      i += 2;
    } else if (text[i] == '%' && broken == Broken::kRefuse) {
      return std::nullopt;
    } else {
      result.push_back(text[i] == '+' && plus_is_space ? ' ' : text[i]);
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  return decoded(text, plus_is_space, Broken::kRefuse);
}

std::string percent_decode_leniently(std::string_view text, bool plus_is_space) {
  return decoded(text, plus_is_space, Broken::kKeep).value_or(std::string());
}

// In one pass: an escape that is complete becomes its character at once, which may complete another one. No
// two escapes overlap, so this ends where decoding again and again would.
std::string percent_decode_fully(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (const char next : text) {
    result += next;
    for (;;) {
      if (plus_is_space && result.back() == '+') result.back() = ' ';
      if (result.size() < 3) break;
      const std::optional<char> character =
          escaped_character(std::string_view(result).substr(result.size() - 3));
      if (!character) break;
      result.resize(result.size() - 3);
      result += character.value_or('%');
    }
  }
  return result;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size());
  for (const char letter : text) {
    if (is_unreserved(letter) || keep.find(letter) != std::string_view::npos) {
      result.push_back(letter);
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    result.push_back('%');
    result.push_back(kDigits[byte >> 4]);
    result.push_back(kDigits[byte & 15]);
  }
  return result;
}

}  // namespace starcast::codec
