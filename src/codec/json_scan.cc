#include "codec/json_scan.h"

#include <array>
#include <charconv>
#include <limits>

#include "codec/utf8.h"
#include "codec/utf8_decode.h"

namespace starcast::codec {
namespace {

constexpr std::size_t kDepthMax = 64;

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// The value of "mantissa x 10^exponent", where both steps are exact.
bool exact_product(std::uint64_t mantissa, int exponent, double& value) {
  constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;
  if (mantissa > kExactMax || exponent < -22 || exponent > 22) return false;
  const auto power = static_cast<std::size_t>(exponent < 0 ? -exponent : exponent);
  value = static_cast<double>(mantissa);
  value = exponent < 0 ? value / kPowers[power] : value * kPowers[power];
  return true;
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text) : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

void JsonScanner::skip_spaces() {
  while (at_ < text_.size()) {
    const char byte = text_[at_];
    if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') return;
    ++at_;
  }
}

bool JsonScanner::take(char byte) {
  skip_spaces();
  if (at_ >= text_.size() || text_[at_] != byte) return false;
  ++at_;
  return true;
}

bool JsonScanner::take_word(std::string_view word) {
  skip_spaces();
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

JsonScanner::Kind JsonScanner::peek() {
  skip_spaces();
  if (at_ >= text_.size()) return Kind::kOther;
  switch (text_[at_]) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kText;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    case '-':
    case 'N':
    case 'I':
      return Kind::kNumber;
    default:
      return is_digit(text_[at_]) ? Kind::kNumber : Kind::kOther;
  }
}

bool JsonScanner::open_object() {
  is_first_ = true;
  return take('{');
}

bool JsonScanner::next_member(bool& more, std::string_view& name) {
  const bool is_first = is_first_;
  is_first_ = false;
  if (take('}')) {
    more = false;
    return true;
  }
  if (!is_first && !take(',')) return false;
  skip_spaces();
  more = true;
  return quoted(name) && take(':');
}

bool JsonScanner::open_array() {
  is_first_ = true;
  return take('[');
}

bool JsonScanner::next_item(bool& more) {
  const bool is_first = is_first_;
  is_first_ = false;
  if (take(']')) {
    more = false;
    return true;
  }
  more = true;
  return is_first || take(',');
}

bool JsonScanner::number(ScannedNumber& number) {
  skip_spaces();
  const std::size_t from = at_;
  const bool is_negative = at_ < text_.size() && text_[at_] == '-';
  if (is_negative) ++at_;
  if (at_ >= text_.size()) return false;
  if (text_[at_] == 'I') {
    if (!text_.substr(at_).starts_with("Infinity")) return false;
    at_ += 8;
    const double infinity = std::numeric_limits<double>::infinity();
    number = {is_negative ? -infinity : infinity, false};
    return true;
  }
  if (text_[at_] == 'N') {
    if (is_negative || !text_.substr(at_).starts_with("NaN")) return false;
    at_ += 3;
    number = {std::numeric_limits<double>::quiet_NaN(), false};
    return true;
  }
  constexpr int kDigitsMax = 19;  // that a mantissa of 64 bits always holds
  std::uint64_t mantissa = 0;
  int digits = 0;
  int exponent = 0;
  const auto take_digits = [&] {
    const std::size_t first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
      if (digits > 0 || text_[at_] != '0') ++digits;
      ++at_;
    }
    return at_ - first;
  };
  const bool leads_with_zero = text_[at_] == '0';
  const std::size_t whole_digits = take_digits();
  if (whole_digits == 0 || (leads_with_zero && whole_digits > 1)) return false;
  number.is_integer = true;
  if (at_ < text_.size() && text_[at_] == '.') {
    number.is_integer = false;
    ++at_;
    const std::size_t decimals = take_digits();
    if (decimals == 0) return false;
    if (decimals > 400) return false;
    exponent = -static_cast<int>(decimals);
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    number.is_integer = false;
    ++at_;
    const bool is_small = at_ < text_.size() && text_[at_] == '-';
    if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
    int written = 0;
    const std::size_t first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      if (written < 10000) written = written * 10 + (text_[at_] - '0');
      ++at_;
    }
    if (at_ == first) return false;
    exponent += is_small ? -written : written;
  }
  if (number.is_integer) {
    if (digits > kDigitsMax) return false;
    const auto rounded = static_cast<double>(mantissa);
    constexpr double kTooLarge = 18446744073709551616.0;
    if (!(rounded < kTooLarge) || static_cast<std::uint64_t>(rounded) != mantissa) return false;
    number.value = is_negative && mantissa != 0 ? -rounded : rounded;  // "-0" is the integer 0
    return true;
  }
  if (digits <= kDigitsMax && exact_product(mantissa, exponent, number.value)) {
    if (is_negative) number.value = -number.value;
    return true;
  }
  const char* const end = text_.data() + at_;
  const std::from_chars_result read = std::from_chars(text_.data() + from, end, number.value);
  return read.ec == std::errc() && read.ptr == end;
}

bool JsonScanner::quoted(std::string_view& text) {
  if (at_ >= text_.size() || text_[at_] != '"') return false;
  ++at_;
  const std::size_t from = at_;
  unsigned int bytes = 0;
  for (; at_ < text_.size(); ++at_) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte == '"') {
      text = text_.substr(from, at_ - from);
      ++at_;
      return (bytes & 0x80U) == 0 || is_utf8(text);
    }
    if (byte == '\\') return unescape(from, text);
    if (byte < 0x20) return false;
    bytes |= byte;
  }
  return false;
}

// From the text's first byte on; the next byte is its first backslash.
bool JsonScanner::unescape(std::size_t from, std::string_view& text) {
  unescaped_.assign(text_.substr(from, at_ - from));
  while (at_ < text_.size()) {
    const char byte = text_[at_++];
    if (byte == '"') {
      text = unescaped_;
      return is_utf8(text);
    }
    if (static_cast<unsigned char>(byte) < 0x20) return false;
    if (byte != '\\') {
      unescaped_ += byte;
      continue;
    }
    if (at_ >= text_.size()) return false;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const std::size_t simple = kNames.find(text_[at_]);
    if (simple != std::string_view::npos) {
      unescaped_ += kValues[simple];
      ++at_;
      continue;
    }
    if (text_[at_] != 'u' || at_ + 5 > text_.size()) return false;
    const auto hex = [this](std::size_t place, std::uint32_t& unit) {
      const char* const end = text_.data() + place + 4;
      const std::from_chars_result read = std::from_chars(text_.data() + place, end, unit, 16);
      return read.ec == std::errc() && read.ptr == end;
    };
    std::uint32_t unit = 0;
    if (!hex(at_ + 1, unit)) return false;
    at_ += 5;
    char32_t point = unit;
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      std::uint32_t low = 0;
      const bool is_pair = unit <= 0xDBFF && at_ + 6 <= text_.size() && text_[at_] == '\\' &&
                           text_[at_ + 1] == 'u' && hex(at_ + 2, low) && low >= 0xDC00 && low <= 0xDFFF;
      if (!is_pair) return false;
      at_ += 6;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(unescaped_, point);
  }
  return false;
}

bool JsonScanner::text(std::string_view& text) {
  skip_spaces();
  return quoted(text);
}

bool JsonScanner::boolean(bool& value) {
  value = peek() == Kind::kTrue;
  return take_word(value ? "true" : "false");
}

bool JsonScanner::null() {
  return take_word("null");
}

bool JsonScanner::skip() {
  return skip_at(0);
}

bool JsonScanner::skip_at(std::size_t depth) {
  if (depth > kDepthMax) return false;
  std::string_view text;
  ScannedNumber scanned;
  bool more = true;
  bool value = false;
  switch (peek()) {
    case Kind::kObject:
      return false;  // whose names may be there twice: parse_json looks after that
    case Kind::kArray:
      if (!open_array()) return false;
      while (true) {
        if (!next_item(more)) return false;
        if (!more) return true;
        if (!skip_at(depth + 1)) return false;
      }
    case Kind::kText:
      return this->text(text);
    case Kind::kNumber:
      return number(scanned);
    case Kind::kTrue:
    case Kind::kFalse:
      return boolean(value);
    case Kind::kNull:
      return null();
    case Kind::kOther:
      return false;
  }
  return false;
}

bool JsonScanner::end() {
  skip_spaces();
  return at_ == text_.size();
}

}  // namespace starcast::codec
