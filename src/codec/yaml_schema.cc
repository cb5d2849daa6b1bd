#include "codec/yaml_schema.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "codec/number.h"
#include "core/check.h"

namespace starcast::codec {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsOrUnderscore = "0123456789_";

// Walks a text as a regular expression would; every piece below is greedy and needs no going back.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool take_any_of(std::string_view bytes) {
    if (rest_.empty() || bytes.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // How many bytes of the set lie ahead, at most `count_max`.
  std::size_t take_all_of(std::string_view bytes, std::size_t count_max = std::string_view::npos) {
    std::size_t count = 0;
    while (count < count_max && take_any_of(bytes)) ++count;
    return count;
  }

 private:
  std::string_view rest_;
};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// [eE][-+]?[0-9]+ or nothing, then the end.
bool ends_with_exponent(Matcher match, bool sign_is_required) {
  if (match.at_end()) return true;
  if (!match.take_any_of("eE")) return false;
  if (!match.take_any_of("+-") && sign_is_required) return false;
  return match.take_all_of(kDigits) > 0 && match.at_end();
}

bool is_float(std::string_view text) {
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return true;
  Matcher match(text);
  match.take_any_of("+-");
  if (match.take(".")) {
    Matcher infinity = match;
    if ((infinity.take("inf") || infinity.take("Inf") || infinity.take("INF")) && infinity.at_end())
      return true;
    return match.take_all_of(kDigitsOrUnderscore) > 0 && ends_with_exponent(match, true);
  }
  if (!match.take_any_of(kDigits)) return false;
  match.take_all_of(kDigitsOrUnderscore);
  if (match.take(".")) {
    match.take_all_of(kDigitsOrUnderscore);
    return ends_with_exponent(match, false);
  }
  return !match.at_end() && ends_with_exponent(match, false);
}

bool is_int(std::string_view text) {
  if (text.starts_with('_')) return false;
  Matcher match(text);
  match.take_any_of("+-");
  const auto all_of = [](Matcher rest, std::string_view prefix, std::string_view bytes) {
    return rest.take(prefix) && rest.take_all_of(bytes) > 0 && rest.at_end();
  };
  return all_of(match, "", kDigitsOrUnderscore) || all_of(match, "0b", "01_") ||
         all_of(match, "0o", "01234567_") || all_of(match, "0x", "0123456789abcdefABCDEF_");
}

bool is_timestamp(std::string_view text) {
  Matcher match(text);
  const auto digits = [&](std::size_t count_min, std::size_t count_max) {
    return match.take_all_of(kDigits, count_max) >= count_min;
  };
  if (!digits(4, 4) || !match.take("-")) return false;
  Matcher date = match;
  if (date.take_all_of(kDigits, 2) == 2 && date.take("-") && date.take_all_of(kDigits, 2) == 2 &&
      date.at_end())
    return true;

  if (!digits(1, 2) || !match.take("-") || !digits(1, 2)) return false;
  if (!match.take_any_of("Tt") && match.take_all_of(" \t") == 0) return false;
  if (!digits(1, 2) || !match.take(":") || !digits(2, 2) || !match.take(":") || !digits(2, 2)) return false;
  if (match.take(".")) match.take_all_of(kDigits);
  if (match.at_end()) return true;
  match.take_all_of(" \t");
  if (match.take("Z")) return match.at_end();
  if (!match.take_any_of("+-") || !digits(1, 2)) return false;
  if (match.take(":") && !digits(2, 2)) return false;
  return match.at_end();
}

std::string without_underscores(std::string_view text) {
  std::string kept(text);
  kept.erase(std::remove(kept.begin(), kept.end(), '_'), kept.end());
  return kept;
}

// The decimal digits of digits given in another base.
std::string to_decimal(std::string_view digits, unsigned base) {
  constexpr std::uint64_t kLimb = 1'000'000'000;
  std::vector<std::uint64_t> limbs = {0};  // the lowest first
  for (const char digit : digits) {
    const int value = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    auto carry = static_cast<std::uint64_t>(value);
    for (std::uint64_t& limb : limbs) {
      carry += limb * base;
      limb = carry % kLimb;
      carry /= kLimb;
    }
    if (carry > 0) limbs.push_back(carry);
  }
  std::string text = std::to_string(limbs.back());
  for (std::size_t i = limbs.size() - 1; i-- > 0;) {
    const std::string part = std::to_string(limbs[i]);
    text.append(9 - part.size(), '0');
    text += part;
  }
  return text;
}

std::optional<Json> int_value(std::string_view text) {
  constexpr std::size_t kOtherBaseCharactersMax = 4096;
  std::string digits = without_underscores(text);
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.erase(0, 1);
  const unsigned base = digits.starts_with("0b")   ? 2
                        : digits.starts_with("0o") ? 8
                        : digits.starts_with("0x") ? 16
                                                   : 10;
  if (base != 10) {
    if (digits.size() > kOtherBaseCharactersMax) return std::nullopt;
    digits.erase(0, 2);
    if (!digits.empty()) digits = to_decimal(digits, base);
  }
  if (digits.empty()) return Json(text);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (is_negative && digits != "0") digits.insert(0, 1, '-');
  if (const auto value = parse_int(digits)) return Json(*value);
  return Json(JsonBigInteger{digits});
}

Json float_value(std::string_view text) {
  const double infinity = std::numeric_limits<double>::infinity();
  if (text.back() == 'n' || text.back() == 'N') return Json(std::numeric_limits<double>::quiet_NaN());
  const bool is_negative = text.front() == '-';
  if (text.back() == 'f' || text.back() == 'F') return Json(is_negative ? -infinity : infinity);
  std::string digits = without_underscores(text);
  if (digits.front() == '+') digits.erase(0, 1);
  if (digits.find_first_of(kDigits) == std::string::npos) return Json(text);
  if (const auto value = parse_double(digits)) return Json(*value);
  // ".e+5" is matched as a float once its underscores are gone, and is none.
  const std::size_t first = is_negative ? 1 : 0;
  if (digits.compare(first, 2, ".e") == 0 || digits.compare(first, 2, ".E") == 0) return Json(text);
  return Json(is_negative ? -infinity : infinity);
}

}  // namespace

YamlTag resolved_tag(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return YamlTag::kNull;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return YamlTag::kBool;
  if (text == "<<") return YamlTag::kMerge;
  if (text == "=") return YamlTag::kValue;
  if (is_float(text)) return YamlTag::kFloat;
  if (is_int(text)) return YamlTag::kInt;
  if (is_timestamp(text)) return YamlTag::kTimestamp;
  return YamlTag::kString;
}

std::optional<Json> resolved_value(std::string_view text) {
  switch (resolved_tag(text)) {
    case YamlTag::kNull:
      return Json();
    case YamlTag::kBool:
      return Json(text.front() == 't' || text.front() == 'T');
    case YamlTag::kInt:
      return int_value(text);
    case YamlTag::kFloat:
      return float_value(text);
    case YamlTag::kTimestamp:
    case YamlTag::kMerge:
    case YamlTag::kValue:
    case YamlTag::kString:
      return Json(text);
  }
  CHECK(false);
}

}  // namespace starcast::codec
