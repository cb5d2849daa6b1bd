// Universal Binary JSON, draft 12 (ubjson.org), as far as XGBoost writes it: big-endian numbers, containers
// with an optional type and count in front.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
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

class UbjsonReader {
 public:
  UbjsonReader(std::string_view bytes, const std::vector<std::string_view>& dropped)
      : bytes_(bytes), dropped_(dropped) {}

  Result<ModelValue> read() {
    const char type = TRY(take_type());
    ModelValue value = TRY(read_value(type, 0));
    if (at_ != bytes_.size()) return broken("more bytes after the end of the model");
    return value;
  }

 private:
  // What stands in front of the members of an array or object.
  struct Head {
    char type = '\0';  // of each of them, or 0
    std::optional<std::size_t> count;
  };

  Error broken(std::string_view what) const {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("byte {}: {}; the model file is damaged, fetch or save it again", at_, what));
  }

  std::size_t left() const { return bytes_.size() - at_; }

  Result<char> take_type() {
    constexpr char kNothing = 'N';
    while (at_ < bytes_.size() && bytes_[at_] == kNothing) ++at_;
    if (at_ == bytes_.size()) return broken("the file ends within the model");
    return bytes_[at_++];
  }

  bool take_if(char expected) {
    if (at_ == bytes_.size() || bytes_[at_] != expected) return false;
    ++at_;
    return true;
  }

  // 0 for what is no number.
  static std::size_t size_of(char type) {
    switch (type) {
      case 'i':
      case 'U':
        return 1;
      case 'I':
        return 2;
      case 'l':
      case 'd':
        return 4;
      case 'L':
      case 'D':
        return 8;
      default:
        return 0;
    }
  }

  std::uint64_t take_bits(std::size_t size) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < size; ++i) bits = bits << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += size;
    return bits;
  }

  // There are enough bytes.
  double take_number(char type) {
    const std::uint64_t bits = take_bits(size_of(type));
    switch (type) {
      case 'i':
        return static_cast<double>(static_cast<std::int8_t>(bits));
      case 'I':
        return static_cast<double>(static_cast<std::int16_t>(bits));
      case 'l':
        return static_cast<double>(static_cast<std::int32_t>(bits));
      case 'L':
        return static_cast<double>(static_cast<std::int64_t>(bits));
      case 'd':
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
      case 'D':
        return std::bit_cast<double>(bits);
      default:
        return static_cast<double>(bits);  // 'U'
    }
  }

  Result<double> read_number(char type) {
    const std::size_t size = size_of(type);
    if (size == 0) return broken("a number is missing");
    if (left() < size) return broken("the file ends within a number");
    return take_number(type);
  }

  Result<std::size_t> read_length() {
    const char type = TRY(take_type());
    if (type == 'd' || type == 'D') return broken("a length is no integer");
    const double length = TRY(read_number(type));
    if (!(length >= 0 && length <= static_cast<double>(left()))) {
      return broken("a length is larger than the rest of the file");
    }
    return static_cast<std::size_t>(length);
  }

  Result<std::string> read_string() {
    const std::size_t length = TRY(read_length());
    std::string text(bytes_.substr(at_, length));
    at_ += length;
    return text;
  }

  Result<Head> read_head() {
    Head head;
    if (take_if('$')) {
      head.type = TRY(take_type());
      if (at_ == bytes_.size() || bytes_[at_] != '#') return broken("a type without a count");
    }
    if (take_if('#')) head.count = TRY(read_length());
    return head;
  }

  Result<ModelValue> read_value(char type, std::size_t depth) {
    if (++values_ > kFewValues + bytes_.size() / kBytesAValue) return broken("more values than a model has");
    if (depth > kModelDepthMax) return broken(fmt::format("nested more than {} deep", kModelDepthMax));
    ModelValue value;
    switch (type) {
      case '{':
        TRY(read_object(depth, value));
        return value;
      case '[':
        TRY(read_array(depth, value));
        return value;
      case 'S':
        value.kind = ModelValue::Kind::kText;
        value.text = TRY(read_string());
        return value;
      case 'C':
        if (left() < 1) return broken("the file ends within a character");
        value.kind = ModelValue::Kind::kText;
        value.text.push_back(bytes_[at_++]);
        return value;
      case 'Z':
        return value;
      default:
        break;
    }
    value.kind = ModelValue::Kind::kNumber;
    if (type == 'F') return value;
    if (type == 'T') {
      value.number = 1;
      return value;
    }
    if (size_of(type) == 0) {
      --at_;
      return broken("an unknown type of value");
    }
    value.number = TRY(read_number(type));
    return value;
  }

  Result<void> read_object(std::size_t depth, ModelValue& object) {
    object.kind = ModelValue::Kind::kMembers;
    const Head head = TRY(read_head());
    for (std::size_t i = 0; !head.count || i < *head.count; ++i) {
      if (!head.count && take_if('}')) return {};
      std::string name = TRY(read_string());
      const char type = head.type != '\0' ? head.type : TRY(take_type());
      ModelValue value = TRY(read_value(type, depth + 1));
      if (std::find(dropped_.begin(), dropped_.end(), name) == dropped_.end()) {
        object.names.push_back(std::move(name));
        object.items.push_back(std::move(value));
      }
    }
    return {};
  }

  Result<void> read_array(std::size_t depth, ModelValue& array) {
    array.kind = ModelValue::Kind::kNumbers;
    const Head head = TRY(read_head());
    if (const std::size_t size = size_of(head.type); size > 0) {
      if (*head.count > left() / size) return broken("an array is larger than the rest of the file");
      array.numbers.reserve(*head.count);
      for (std::size_t i = 0; i < *head.count; ++i) array.numbers.push_back(take_number(head.type));
      return {};
    }
    // A counted value without bytes of its own would cost nothing to write and much to keep.
    if (head.type != '\0' && head.type != 'S' && head.type != '{' && head.type != '[') {
      return broken("an array of a type that XGBoost does not write");
    }
    for (std::size_t i = 0; !head.count || i < *head.count; ++i) {
      if (!head.count && take_if(']')) return {};
      const char type = head.type != '\0' ? head.type : TRY(take_type());
      if (size_of(type) > 0) {
        if (!array.items.empty()) return broken("a number in an array of other values");
        array.numbers.push_back(TRY(read_number(type)));
      } else {
        if (!array.numbers.empty()) return broken("something else in an array of numbers");
        array.kind = ModelValue::Kind::kItems;
        array.items.push_back(TRY(read_value(type, depth + 1)));
      }
    }
    return {};
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  const std::vector<std::string_view>& dropped_;
};

}  // namespace

core::Result<ModelValue> read_model_ubjson(std::string_view bytes,
                                           const std::vector<std::string_view>& dropped) {
  return UbjsonReader(bytes, dropped).read();
}

}  // namespace starcast::forest
