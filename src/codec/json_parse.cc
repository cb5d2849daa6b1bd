#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

#include "codec/json.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "codec/utf8_decode.h"

namespace starcast::codec {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Finds members by name: a plain walk while they are few, a table when they are many.
class MemberNames {
 public:
  // The place of an earlier member of that name; otherwise remembers this one as the next.
  std::optional<std::size_t> find_or_add(const JsonObject& members, const std::string& name) {
    constexpr std::size_t kFew = 16;
    if (members.size() < kFew) {
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].first == name) return i;
      }
      return std::nullopt;
    }
    if (places_.empty()) {
      for (std::size_t i = 0; i < members.size(); ++i) places_.emplace(members[i].first, i);
    }
    const auto [place, is_new] = places_.emplace(name, members.size());
    if (is_new) return std::nullopt;
    return place->second;
  }

 private:
  std::unordered_map<std::string, std::size_t> places_;
};

class Parser {
 public:
  Parser(std::string_view text, JsonOptions options) : text_(text), options_(options) {}

  Result<Json> parse() {
    take("\xEF\xBB\xBF");
    skip_spaces();
    Json value = TRY(parse_value(0));
    skip_spaces();
    if (at_ < text_.size()) return fail(at_, "text after the end of the value");
    return value;
  }

 private:
  bool is_python() const { return options_.dialect == JsonDialect::kPython; }

  Error fail(std::size_t at, std::string_view what) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t newline = before.rfind('\n');
    const std::string_view in_line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    const std::size_t column = code_points(in_line).size() + 1;
    return Error(ErrorCode::kInvalidInput, fmt::format("line {}, column {}: {}", line, column, what));
  }

  // For an error at the current byte: what was expected there and what is there.
  Error unexpected(std::string_view wanted) const {
    if (at_ >= text_.size()) return fail(at_, fmt::format("the text ends where {} should be", wanted));
    const DecodedCharacter character = decode_utf8(text_.substr(at_));
    if (!character.valid) return fail(at_, "invalid UTF-8");
    if (character.point < 0x20 || character.point == 0x7F)
      return fail(at_, fmt::format("expected {}, found the control character 0x{:02x}", wanted,
                                   static_cast<unsigned>(character.point)));
    return fail(at_, fmt::format("expected {}, found '{}'", wanted, text_.substr(at_, character.length)));
  }

  bool next_is(char byte) const { return at_ < text_.size() && text_[at_] == byte; }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void skip_spaces() {
    while (at_ < text_.size()) {
      const char byte = text_[at_];
      if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') return;
      ++at_;
    }
  }

  Result<Json> parse_value(std::size_t depth) {
    if (at_ >= text_.size()) return unexpected("a value");
    const char byte = text_[at_];
    if (byte == '{' || byte == '[') {
      if (depth >= options_.depth_max)
        return fail(at_, fmt::format("more than {} levels of nesting", options_.depth_max));
      return byte == '{' ? parse_object(depth) : parse_array(depth);
    }
    if (byte == '"') {
      std::string text = TRY(parse_string());
      return Json(std::move(text));
    }
    if (take("true")) return Json(true);
    if (take("false")) return Json(false);
    if (take("null")) return Json(nullptr);
    if (is_python()) {
      if (take("NaN")) return Json(std::numeric_limits<double>::quiet_NaN());
      if (take("Infinity")) return Json(std::numeric_limits<double>::infinity());
      if (take("-Infinity")) return Json(-std::numeric_limits<double>::infinity());
    }
    if (byte == '-' || is_digit(byte)) return parse_number();
    return unexpected("a value");
  }

  Result<Json> parse_array(std::size_t depth) {
    ++at_;
    JsonArray items;
    skip_spaces();
    if (take("]")) return Json(std::move(items));
    for (;;) {
      skip_spaces();
      Json item = TRY(parse_value(depth + 1));
      items.push_back(std::move(item));
      skip_spaces();
      if (take("]")) return Json(std::move(items));
      if (!take(",")) return unexpected("',' or ']'");
    }
  }

  Result<Json> parse_object(std::size_t depth) {
    ++at_;
    JsonObject members;
    MemberNames names;
    skip_spaces();
    if (take("}")) return Json(std::move(members));
    for (;;) {
      skip_spaces();
      if (!next_is('"')) return unexpected("a member's name in double quotes");
      const std::size_t name_at = at_;
      std::string name = TRY(parse_string());
      const std::optional<std::size_t> earlier = names.find_or_add(members, name);
      if (earlier && (!is_python() || options_.unique_names))
        return fail(name_at, fmt::format("the name \"{}\" is there twice", name));
      skip_spaces();
      if (!take(":")) return unexpected("':'");
      skip_spaces();
      Json value = TRY(parse_value(depth + 1));
      if (earlier) {
        members[*earlier].second = std::move(value);
      } else {
        members.emplace_back(std::move(name), std::move(value));
      }
      skip_spaces();
      if (take("}")) return Json(std::move(members));
      if (!take(",")) return unexpected("',' or '}'");
    }
  }

  std::size_t skip_digits() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  }

  Result<Json> parse_number() {
    const std::size_t from = at_;
    const bool is_negative = take("-");
    if (next_is('0')) {
      ++at_;
      if (at_ < text_.size() && is_digit(text_[at_])) return fail(from, "a number with a leading zero");
    } else if (skip_digits() == 0) {
      return unexpected("a digit");
    }
    bool is_integer = true;
    if (take(".")) {
      is_integer = false;
      if (skip_digits() == 0) return unexpected("a digit after the point");
    }
    if (next_is('e') || next_is('E')) {
      is_integer = false;
      ++at_;
      if (next_is('+') || next_is('-')) ++at_;
      if (skip_digits() == 0) return unexpected("a digit of the exponent");
    }
    const std::string_view text = text_.substr(from, at_ - from);
    if (text == "-0" && !is_python()) return Json(-0.0);
    if (is_integer) {
      if (const auto integer = parse_int(text)) return Json(*integer);
      return Json(JsonBigInteger{std::string(text)});
    }
    if (const auto number = parse_double(text)) return Json(*number);
    if (!is_python()) return fail(from, "a number beyond the range of doubles");
    const double infinity = std::numeric_limits<double>::infinity();
    return Json(is_negative ? -infinity : infinity);
  }

  Result<std::string> parse_string() {
    const std::size_t opened_at = at_;
    ++at_;
    std::string value;
    for (;;) {
      const std::size_t from = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      const std::string_view plain = text_.substr(from, at_ - from);
      if (!is_utf8(plain)) return fail(from + first_broken(plain), "invalid UTF-8");
      value += plain;
      if (at_ >= text_.size()) return fail(opened_at, "this text has no closing quote");
      if (take("\"")) return value;
      if (text_[at_] != '\\') {
        return fail(at_, fmt::format("the control character 0x{:02x} inside a text; write it as an escape",
                                     static_cast<unsigned>(text_[at_])));
      }
      TRY(parse_escape(value));
    }
  }

  static std::size_t first_broken(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const DecodedCharacter character = decode_utf8(text.substr(at));
      if (!character.valid) break;
      at += character.length;
    }
    return at;
  }

  Result<void> parse_escape(std::string& value) {
    const std::size_t from = at_;
    ++at_;
    if (at_ >= text_.size()) return unexpected("the rest of the escape");
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const std::size_t index = kNames.find(text_[at_]);
    if (index != std::string_view::npos) {
      value += kValues[index];
      ++at_;
      return {};
    }
    if (text_[at_] != 'u') return fail(from, "an escape that JSON does not have");
    ++at_;
    char32_t point = TRY(parse_hex4());
    const auto is_high = [](char32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; };
    const auto is_low = [](char32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; };
    if (is_high(point) && take("\\u")) {
      const char32_t low = TRY(parse_hex4());
      if (!is_low(low)) return fail(from, "a \\u surrogate without its other half");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    } else if (is_high(point) || is_low(point)) {
      return fail(from, "a \\u surrogate without its other half");
    }
    append_utf8(value, point);
    return {};
  }

  Result<char32_t> parse_hex4() {
    char32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ >= text_.size()) return unexpected("four hexadecimal digits");
      const char byte = text_[at_];
      char32_t digit = 0;
      if (is_digit(byte)) {
        digit = static_cast<char32_t>(byte - '0');
      } else if (byte >= 'a' && byte <= 'f') {
        digit = static_cast<char32_t>(byte - 'a' + 10);
      } else if (byte >= 'A' && byte <= 'F') {
        digit = static_cast<char32_t>(byte - 'A' + 10);
      } else {
        return unexpected("four hexadecimal digits");
      }
      value = value << 4 | digit;
      ++at_;
    }
    return value;
  }

  std::string_view text_;
  JsonOptions options_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Json> parse_json(std::string_view text, JsonOptions options) {
  return Parser(text, options).parse();
}

}  // namespace starcast::codec
