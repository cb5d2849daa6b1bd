#include "codec/number.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace starcast::codec {
namespace {

bool starts_like_a_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  if (text.empty()) return false;
  return (text.front() >= '0' && text.front() <= '9') || text.front() == '.';
}

// std::from_chars reports overflow and underflow alike and leaves the value alone; which of the two it was
// follows from the decimal exponent of the first digit that is not zero. The text is a number by then.
bool is_underflow(std::string_view text) {
  const std::size_t exponent_mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent_mark);
  long long exponent = 0;
  if (exponent_mark != std::string_view::npos) {
    std::string_view digits = text.substr(exponent_mark + 1);
    const bool negative = digits.front() == '-';
    if (digits.front() == '+') digits.remove_prefix(1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (parsed.ec == std::errc::result_out_of_range) return negative;
  }
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  // The offset is below the text's length, so the sum is far from overflow unless the exponent itself is
  // extreme.
  const long long offset = static_cast<long long>(point) - static_cast<long long>(first);
  constexpr long long kExtreme = 1LL << 62;
  if (exponent > kExtreme) return false;
  if (exponent < -kExtreme) return true;
  return exponent + offset < 0;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  if (!starts_like_a_number(text)) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ptr != end) return std::nullopt;
  if (parsed.ec == std::errc()) return value;
  if (parsed.ec == std::errc::result_out_of_range && is_underflow(text))
    return text.front() == '-' ? -0.0 : 0.0;
  return std::nullopt;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::string to_shortest(double value) {
  if (std::isnan(value)) return "nan";
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, written.ptr);
}

std::string to_python(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<std::size_t>(written.ptr - buffer));
  const std::size_t mark = scientific.find('e');
  int exponent = 0;
  const std::size_t exponent_at = mark + (scientific[mark + 1] == '+' ? 2 : 1);
  std::from_chars(scientific.data() + exponent_at, scientific.data() + scientific.size(), exponent);
  if (exponent < -4 || exponent >= 16) return std::string(scientific);

  char fixed[32];
  const auto written_fixed = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  std::string text(fixed, written_fixed.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace starcast::codec
