#include "serve/tensor.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "codec/number.h"
#include "core/numeric.h"

namespace starcast::serve {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kLengthBytes = 4;  // in front of each element of BYTES

Error invalid(std::string message) {
  return Error(ErrorCode::kInvalidInput, std::move(message));
}

template <typename Number>
double number_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<double>(number);
}

// IEEE 754 half precision.
double half_at(const char* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double sign = (bits >> 15) != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : core::kMissing;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

struct NumberType {
  std::string_view name;
  std::size_t bytes;
  double (*read)(const char*);
  double low;  // of the integers; the floating types take everything
  double high;
};

constexpr double kAll = std::numeric_limits<double>::infinity();
constexpr std::array<NumberType, 12> kNumberTypes = {{
    {"FP64", 8, number_at<double>, -kAll, kAll},
    {"FP32", 4, number_at<float>, -kAll, kAll},
    {"FP16", 2, half_at, -kAll, kAll},
    {"INT64", 8, number_at<std::int64_t>, -0x1p63, 0x1p63},
    {"INT32", 4, number_at<std::int32_t>, -0x1p31, 0x1p31 - 1},
    {"INT16", 2, number_at<std::int16_t>, -0x1p15, 0x1p15 - 1},
    {"INT8", 1, number_at<std::int8_t>, -128, 127},
    {"UINT64", 8, number_at<std::uint64_t>, 0, 0x1p64},
    {"UINT32", 4, number_at<std::uint32_t>, 0, 0x1p32 - 1},
    {"UINT16", 2, number_at<std::uint16_t>, 0, 65535},
    {"UINT8", 1, number_at<std::uint8_t>, 0, 255},
    {"BOOL", 1, number_at<std::uint8_t>, 0, 1},
}};

const NumberType* number_type_of(std::string_view name) {
  for (const NumberType& type : kNumberTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

// Fills a tensor from its "data": flat, or nested as its shape.
class DataReader {
 public:
  DataReader(Tensor& tensor, const NumberType* type, std::size_t elements)
      : tensor_(tensor), type_(type), elements_(elements) {}

  Result<void> read(const Json& data) {
    TRY(data.as_array(), "data");
    TRY(read_level(data, 0));
    if (tensor_.size() != elements_) {
      return invalid(
          fmt::format("data holds {} elements, but the shape needs {}", tensor_.size(), elements_));
    }
    return {};
  }

 private:
  Result<void> read_level(const Json& json, std::size_t depth) {
    if (depth > tensor_.shape.size()) return invalid("data is nested deeper than the shape");
    for (const Json& item : std::get<codec::JsonArray>(json.value())) {
      if (item.is_array()) {
        TRY(read_level(item, depth + 1));
      } else {
        if (tensor_.size() == elements_) {
          return invalid(fmt::format("data holds more elements than the {} of the shape", elements_));
        }
        TRY(read_element(item));
      }
    }
    return {};
  }

  Result<void> read_element(const Json& item) {
    if (type_ == nullptr) {
      if (item.is_null()) {
        tensor_.texts.emplace_back();
        return {};
      }
      tensor_.texts.emplace_back(TRY(item.as_string(), element()));
      return {};
    }
    if (item.is_null()) {
      tensor_.numbers.push_back(core::kMissing);
      return {};
    }
    double number = 0;
    if (const bool* const flag = std::get_if<bool>(&item.value())) {
      if (type_->name != "BOOL")
        return invalid(fmt::format("{}: a number is needed, not {}", element(), *flag));
      number = *flag ? 1 : 0;
    } else {
      number = TRY(item.as_double(), element());
    }
    const bool is_whole = type_->high == kAll || std::floor(number) == number;
    if (!is_whole || number < type_->low || number > type_->high) {
      return invalid(fmt::format("{}: {} is no {}", element(), number, type_->name));
    }
    tensor_.numbers.push_back(number);
    return {};
  }

  std::string element() const { return fmt::format("data: element {}", tensor_.size()); }

  Tensor& tensor_;
  const NumberType* type_;
  std::size_t elements_;
};

Result<void> read_texts(std::string_view bytes, std::size_t elements, Tensor& tensor) {
  while (!bytes.empty()) {
    std::uint32_t length = 0;
    if (bytes.size() < kLengthBytes) return invalid("the last element's length is cut off");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < length) return invalid("the last element is cut off");
    if (tensor.texts.size() == elements) break;
    tensor.texts.emplace_back(std::string(bytes.substr(0, length)));
    bytes.remove_prefix(length);
  }
  if (tensor.texts.size() != elements || !bytes.empty())
    return invalid(fmt::format("the binary data does not hold the {} elements of the shape", elements));
  return {};
}

Result<void> read_binary(std::string_view bytes, const NumberType* type, std::size_t elements,
                         Tensor& tensor) {
  if (type == nullptr) return read_texts(bytes, elements, tensor);
  if (bytes.size() != elements * type->bytes) {
    return invalid(
        fmt::format("{} bytes of binary data, but the shape needs {}", bytes.size(), elements * type->bytes));
  }
  tensor.numbers.reserve(elements);
  for (std::size_t i = 0; i < elements; ++i)
    tensor.numbers.push_back(type->read(bytes.data() + i * type->bytes));
  return {};
}

Result<std::size_t> read_shape(const Json& json, std::size_t elements_max, Tensor& tensor) {
  std::size_t elements = 1;
  for (const Json& extent : *TRY(json.array_at("shape"))) {
    const std::int64_t size = TRY(extent.as_int(), "shape");
    if (size < 0) return invalid(fmt::format("shape: {} is negative", size));
    const auto count = static_cast<std::size_t>(size);
    if (count != 0 && elements > elements_max / count)
      return Error(ErrorCode::kTooLarge, fmt::format("the shape has more than {} elements", elements_max));
    elements *= count;
    tensor.shape.push_back(count);
  }
  return elements;
}

Result<void> fill_tensor(const Json& json, std::string_view& binary, std::size_t elements_max,
                         Tensor& tensor) {
  tensor.datatype = TRY(json.string_at("datatype"));
  const NumberType* const type = number_type_of(tensor.datatype);
  if (type == nullptr && !tensor.is_text())
    return invalid(fmt::format("datatype '{}' is unknown", tensor.datatype));
  const std::size_t elements = TRY(read_shape(json, elements_max, tensor));
  const Json* const parameters = json.find("parameters");
  const Json* const size = parameters == nullptr ? nullptr : parameters->find("binary_data_size");
  if (size == nullptr) {
    const Json* const data = TRY(json.at("data"));
    return DataReader(tensor, type, elements).read(*data);
  }
  const std::int64_t bytes = TRY(size->as_int(), "binary_data_size");
  if (bytes < 0 || static_cast<std::uint64_t>(bytes) > binary.size()) {
    return invalid(
        fmt::format("binary_data_size is {}, but {} bytes of binary data are left", bytes, binary.size()));
  }
  const std::string_view own = binary.substr(0, static_cast<std::size_t>(bytes));
  binary.remove_prefix(own.size());
  return read_binary(own, type, elements, tensor);
}

void append_length(std::string& out, std::size_t size) {
  const auto length = static_cast<std::uint32_t>(size);
  char bytes[kLengthBytes];
  std::memcpy(bytes, &length, sizeof length);
  out.append(bytes, sizeof bytes);
}

template <typename Number>
void append_number(std::string& out, double number) {
  const auto narrowed = static_cast<Number>(number);
  char bytes[sizeof narrowed];
  std::memcpy(bytes, &narrowed, sizeof narrowed);
  out.append(bytes, sizeof bytes);
}

void append_binary(const Tensor& tensor, std::string& out) {
  for (const std::optional<std::string>& text : tensor.texts) {
    append_length(out, text ? text->size() : 0);
    if (text) out += *text;
  }
  for (const double number : tensor.numbers) {
    if (tensor.datatype == "INT64") {
      append_number<std::int64_t>(out, number);
    } else {
      append_number<double>(out, number);
    }
  }
}

void append_data(const Tensor& tensor, std::string& out) {
  const char* separator = "";
  for (const std::optional<std::string>& text : tensor.texts) {
    out += std::exchange(separator, ",");
    out += text ? codec::to_text(Json(*text), codec::JsonStyle::kCompact) : std::string("null");
  }
  for (const double number : tensor.numbers) {
    out += std::exchange(separator, ",");
    if (!std::isfinite(number)) {
      out += "null";
    } else {
      out += tensor.datatype == "INT64" ? codec::to_shortest(number) : codec::to_python(number);
    }
  }
}

}  // namespace

Result<Tensor> read_tensor(const Json& json, std::string_view& binary, std::size_t elements_max) {
  Tensor tensor;
  tensor.name = TRY(json.string_at("name"), "inputs");
  TRY(fill_tensor(json, binary, elements_max, tensor), fmt::format("input '{}'", tensor.name));
  return tensor;
}

std::string write_tensor(const Tensor& tensor, std::string* binary) {
  std::string text = fmt::format(R"({{"name":{},"shape":[{}],"datatype":"{}",)",
                                 codec::to_text(Json(tensor.name), codec::JsonStyle::kCompact),
                                 fmt::join(tensor.shape, ","), tensor.datatype);
  if (binary != nullptr) {
    const std::size_t before = binary->size();
    append_binary(tensor, *binary);
    text += fmt::format(R"("parameters":{{"binary_data_size":{}}}}})", binary->size() - before);
  } else {
    text += R"("data":[)";
    append_data(tensor, text);
    text += "]}";
  }
  return text;
}

}  // namespace starcast::serve
