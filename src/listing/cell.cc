#include "listing/cell.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "codec/number.h"
#include "core/strings.h"

namespace starcast::listing {
namespace {

constexpr double kCountMax = 1e15;     // doubles count exactly up to here and beyond
constexpr double kMegabytesMax = 1e6;  // a terabyte
constexpr double kPriceMax = 1e5;      // the store's own limit is some hundred dollars

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}
bool is_ascii_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}
bool is_beyond_ascii(char character) {
  return (static_cast<unsigned char>(character) & 0x80U) != 0;
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char character) { return is_ascii_letter(character) || is_beyond_ascii(character); });
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && core::ascii_lower(text) == lower;
}

// The text without its commas, if they stand where thousands are parted.
std::optional<std::string> without_thousands(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::vector<std::string_view> groups = core::split(text.substr(0, point), ',');
  std::string digits;
  for (const std::string_view& group : groups) {
    const bool is_first = &group == groups.data();
    if (is_first ? (group.empty() || group.size() > 3) : group.size() != 3) return std::nullopt;
    if (!std::all_of(group.begin(), group.end(), is_digit)) return std::nullopt;
    digits.append(group);
  }
  digits.append(text.substr(point));
  return digits;
}

// Cuts the ending off, ignoring case, and the spaces before it.
bool cut_ending(std::string_view& text, std::string_view lower) {
  if (text.size() <= lower.size()) return false;
  if (!equals_ignoring_case(text.substr(text.size() - lower.size()), lower)) return false;
  text = core::trimmed(text.substr(0, text.size() - lower.size()));
  return true;
}

}  // namespace

bool says_nothing(std::string_view text) {
  constexpr std::size_t kLongest = 4;
  if (text.size() > kLongest) return false;
  return text.empty() || text == "NaN" || text == "nan" || text == "null" || text == "None";
}

bool says_varies(std::string_view text) {
  return equals_ignoring_case(text, "varies with device");
}

std::optional<double> parse_grouped(std::string_view text) {
  std::optional<double> value;
  if (text.find(',') == std::string_view::npos) {
    value = codec::parse_double(text);
  } else if (const std::optional<std::string> digits = without_thousands(text)) {
    value = codec::parse_double(*digits);
  }
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return *value + 0.0;  // -0 becomes 0
}

std::optional<Count> parse_count(std::string_view text) {
  double scale = 1;
  if (cut_ending(text, "k")) {
    scale = 1e3;
  } else if (cut_ending(text, "m")) {
    scale = 1e6;
  } else if (cut_ending(text, "b")) {
    scale = 1e9;
  }
  const std::optional<double> number = parse_grouped(text);
  if (!number) return std::nullopt;
  const double value = scale > 1 ? std::round(*number * scale) : *number;
  if (value < 0 || value > kCountMax || value != std::floor(value)) return std::nullopt;
  return Count{.value = value, .exact = scale <= 1};
}

std::optional<Size> parse_size(std::string_view text) {
  enum class Unit { kNone, kKilo, kMega, kGiga } unit = Unit::kNone;
  if (cut_ending(text, "kb") || cut_ending(text, "k")) {
    unit = Unit::kKilo;
  } else if (cut_ending(text, "mb") || cut_ending(text, "m")) {
    unit = Unit::kMega;
  } else if (cut_ending(text, "gb") || cut_ending(text, "g")) {
    unit = Unit::kGiga;
  }
  const std::optional<double> number = parse_grouped(text);
  if (!number) return std::nullopt;
  double megabytes = *number;
  // The quotient of two exact numbers is the double nearest to the decimal; the product is not, so it is
  // rounded.
  if (unit == Unit::kKilo) megabytes = *number / 1000;
  if (unit == Unit::kGiga) megabytes = std::round(*number * 1e9) / 1e6;
  if (megabytes < 0 || megabytes > kMegabytesMax) return std::nullopt;
  return Size{.megabytes = megabytes, .has_unit = unit != Unit::kNone};
}

std::string size_text(double megabytes) {
  const double kilobytes = std::round(megabytes * 1000);
  if (megabytes < 1 && kilobytes / 1000 == megabytes) return fmt::format("{}k", static_cast<int>(kilobytes));
  return codec::to_shortest(megabytes) + "M";
}

std::optional<double> parse_price(std::string_view text) {
  if (equals_ignoring_case(text, "free")) return 0.0;
  cut_ending(text, "usd");
  if (text.size() > 3 && equals_ignoring_case(text.substr(0, 3), "usd")) text = core::trimmed(text.substr(3));
  if (text.starts_with('$')) text = core::trimmed(text.substr(1));
  const std::optional<double> value = parse_grouped(text);
  if (!value || *value < 0 || *value > kPriceMax) return std::nullopt;
  return value;
}

std::optional<std::string> canonical_category(std::string_view text) {
  if (!has_letter(text)) return std::nullopt;
  std::string result;
  bool at_word_start = true;
  const auto start_word = [&] {
    if (at_word_start && !result.empty()) result.push_back('_');
    at_word_start = false;
  };
  for (const char character : text) {
    if (character == '&') {
      at_word_start = true;
      start_word();
      result.append("AND");
      at_word_start = true;
    } else if (is_ascii_letter(character) || is_digit(character) || is_beyond_ascii(character)) {
      start_word();
      const bool is_lower = character >= 'a' && character <= 'z';
      result.push_back(is_lower ? static_cast<char>(character - 'a' + 'A') : character);
    } else {
      at_word_start = true;
    }
  }
  if (result == "VIDEO_PLAYERS_AND_EDITORS") return "VIDEO_PLAYERS";
  return result;
}

std::string canonical_genres(std::string_view text) {
  std::string result;
  for (const std::string_view part : core::split(text, ';')) {
    const std::string_view name = core::trimmed(part);
    if (says_nothing(name)) continue;
    if (!result.empty()) result.push_back(';');
    result.append(name);
  }
  return result;
}

std::optional<std::string> canonical_content_rating(std::string_view text) {
  constexpr std::array<std::string_view, 6> kKnown = {"Everyone",   "Everyone 10+",    "Teen",
                                                      "Mature 17+", "Adults only 18+", "Unrated"};
  if (std::find(kKnown.begin(), kKnown.end(), text) != kKnown.end()) return std::string(text);
  const std::string lower = core::ascii_lower(text);
  for (const std::string_view known : kKnown) {
    if (core::ascii_lower(known) == lower) return std::string(known);
  }
  if (!has_letter(text)) return std::nullopt;
  return std::string(text);
}

std::string shown_text(std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  if (text.size() <= kShownMax) return fmt::format("'{}'", text);
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return fmt::format("'{}...'", text.substr(0, end));
}

}  // namespace starcast::listing
