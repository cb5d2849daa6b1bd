#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "forest/model_value.h"

namespace starcast::forest {

namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

class JsonReader {
 public:
  JsonReader(std::string_view text, const std::vector<std::string_view>& dropped)
      : text_(text), dropped_(dropped) {}

  Result<ModelValue> read() {
    ModelValue value = TRY(read_value(0));
    skip_space();
    if (at_ != text_.size()) return broken("more text after the end of the model");
    return value;
  }

 private:
  Error broken(std::string_view what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    const std::size_t start = at_ == 0 ? 0 : text_.rfind('\n', at_ - 1) + 1;  // npos + 1 is 0
    return Error(ErrorCode::kCorrupt,
                 fmt::format("line {}, byte {}: {}; the model file is damaged, fetch or save it "
                             "again",
                             line, at_ - start + 1, what));
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  // The next character that is no space, or 0 at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<ModelValue> read_value(std::size_t depth) {
    if (++values_ > kFewValues + text_.size() / kBytesAValue) return broken("more values than a model has");
    if (depth > kModelDepthMax) return broken(fmt::format("nested more than {} deep", kModelDepthMax));
    ModelValue value;
    switch (peek()) {
      case '{':
        TRY(read_object(depth, value));
        return value;
      case '[':
        TRY(read_array(depth, value));
        return value;
      case '"':
        value.kind = ModelValue::Kind::kText;
        value.text = TRY(read_string());
        return value;
      case '\0':
        return broken("the text ends within the model");
      default:
        break;
    }
    if (take_word("null")) return value;
    value.kind = ModelValue::Kind::kNumber;
    if (take_word("false")) return value;
    if (take_word("true")) {
      value.number = 1;
      return value;
    }
    value.number = TRY(read_number());
    return value;
  }

  Result<void> read_object(std::size_t depth, ModelValue& object) {
    object.kind = ModelValue::Kind::kMembers;
    ++at_;
    if (peek() == '}') {
      ++at_;
      return {};
    }
    while (true) {
      if (peek() != '"') return broken("the name of a member is missing");
      std::string name = TRY(read_string());
      if (peek() != ':') return broken("a ':' is missing");
      ++at_;
      ModelValue value = TRY(read_value(depth + 1));
      if (std::find(dropped_.begin(), dropped_.end(), name) == dropped_.end()) {
        object.names.push_back(std::move(name));
        object.items.push_back(std::move(value));
      }
      const char next = peek();
      if (next != ',' && next != '}') return broken("a ',' or '}' is missing");
      ++at_;
      if (next == '}') return {};
    }
  }

  Result<void> read_array(std::size_t depth, ModelValue& array) {
    array.kind = ModelValue::Kind::kNumbers;
    ++at_;
    if (peek() == ']') {
      ++at_;
      return {};
    }
    while (true) {
      const char first = peek();
      const bool is_number = (first >= '0' && first <= '9') || first == '-' || first == 'N' || first == 'I';
      if (is_number) {
        if (!array.items.empty()) return broken("a number in an array of other values");
        array.numbers.push_back(TRY(read_number()));
      } else {
        if (!array.numbers.empty()) return broken("something else in an array of numbers");
        array.kind = ModelValue::Kind::kItems;
        array.items.push_back(TRY(read_value(depth + 1)));
      }
      const char next = peek();
      if (next != ',' && next != ']') return broken("a ',' or ']' is missing");
      ++at_;
      if (next == ']') return {};
    }
  }

  // An integer as it is, anything else as a float.
  Result<double> read_number() {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (take_word("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (take_word("Infinity")) return kInfinity;
    if (take_word("-Infinity")) return -kInfinity;
    const char* const digits = begin != end && *begin == '-' ? begin + 1 : begin;
    if (digits == end || *digits < '0' || *digits > '9') return broken("a value is missing");
    std::int64_t integer = 0;
    const auto [integer_end, integer_status] = std::from_chars(begin, end, integer);
    const bool goes_on =
        integer_end != end && (*integer_end == '.' || *integer_end == 'e' || *integer_end == 'E');
    if (integer_status == std::errc() && !goes_on) {
      at_ += static_cast<std::size_t>(integer_end - begin);
      if (integer == 0 && *begin == '-') return -0.0;
      return static_cast<double>(integer);
    }
    float number = 0;
    auto [number_end, status] = std::from_chars(begin, end, number);
    if (status == std::errc::result_out_of_range) {
      double wide = 0;
      const auto [wide_end, wide_status] = std::from_chars(begin, end, wide);
      if (wide_status != std::errc()) return broken("a number is out of range");
      number = static_cast<float>(wide);
      number_end = wide_end;
      status = std::errc();
    }
    if (status != std::errc()) return broken("not a number");
    at_ += static_cast<std::size_t>(number_end - begin);
    return static_cast<double>(number);
  }

  Result<std::string> read_string() {
    std::string out;
    ++at_;
    while (true) {
      if (at_ == text_.size()) return broken("a text does not end");
      const char next = text_[at_++];
      if (next == '"') return out;
      if (static_cast<unsigned char>(next) < 0x20) return broken("a control character in a text");
      if (next != '\\') {
        out.push_back(next);
        continue;
      }
      if (at_ == text_.size()) return broken("a text does not end");
      const char escaped = text_[at_++];
      constexpr std::string_view kEscapes = "\"\\/bfnrt";
      constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
      const std::size_t which = kEscapes.find(escaped);
      if (which != std::string_view::npos) {
        out.push_back(kMeanings[which]);
      } else if (escaped == 'u') {
        append_utf8(out, TRY(read_code_point()));
      } else {
        return broken("an unknown escape in a text");
      }
    }
  }

  Result<std::uint32_t> read_code_point() {
    const std::uint32_t first = TRY(read_hex());
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || !take_word("\\u")) return broken("half of a surrogate pair in a text");
    const std::uint32_t second = TRY(read_hex());
    if (second < 0xDC00 || second > 0xDFFF) return broken("half of a surrogate pair in a text");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  Result<std::uint32_t> read_hex() {
    constexpr std::size_t kDigits = 4;
    std::uint32_t value = 0;
    const std::string_view digits = text_.substr(at_, kDigits);
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (status != std::errc() || digits.size() != kDigits || end != digits.data() + kDigits) {
      return broken("\\u without four digits in a text");
    }
    at_ += kDigits;
    return value;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  const std::vector<std::string_view>& dropped_;
};

}  // namespace

core::Result<ModelValue> read_model_json(std::string_view text,
                                         const std::vector<std::string_view>& dropped) {
  return JsonReader(text, dropped).read();
}

}  // namespace starcast::forest
