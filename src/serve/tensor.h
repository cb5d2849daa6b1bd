// Tensor: what the Open Inference Protocol sends and takes, as JSON or as the bytes of its binary extension.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::serve {

// Numbers in a row-major order; a tensor of BYTES holds texts instead.
struct Tensor {
  std::string name;
  std::string datatype;  // "FP64"
  std::vector<std::size_t> shape;
  std::vector<double> numbers;                    // NaN: missing
  std::vector<std::optional<std::string>> texts;  // nothing: missing

  bool is_text() const { return datatype == "BYTES"; }
  std::size_t size() const { return is_text() ? texts.size() : numbers.size(); }
};

// A member of a request's "inputs". A tensor whose parameters have a `binary_data_size` takes that many bytes
// from the front of `binary`. kInvalidInput, naming the tensor: a member that is missing or of another kind,
// an unknown datatype, a shape that does not fit the data. kTooLarge: more than `elements_max` elements.
core::Result<Tensor> read_tensor(const codec::Json& json, std::string_view& binary, std::size_t elements_max);

// The member of a response's "outputs", as JSON text; with `binary`, its data is appended there instead.
std::string write_tensor(const Tensor& tensor, std::string* binary);

}  // namespace starcast::serve
