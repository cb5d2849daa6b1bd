// Signature: the columns a model takes and gives, in MLflow's form (mlflow.md 11).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::model {

// MLflow's column types, as far as rows of single cells have them.
enum class ColumnType {
  kBoolean,
  kInteger,  // 32 bits
  kLong,     // 64 bits
  kFloat,    // 32 bits
  kDouble,
  kString,
  kBinary,
  kDatetime,
  kAny,  // a number or a text: "10,000+" and 10000 are both fine
};
std::string_view name_of(ColumnType type);  // "double", "string", "any"
bool is_number(ColumnType type);            // kBoolean to kDouble

struct Column {
  std::string name;  // empty in a signature whose columns have no names: they go by position
  ColumnType type = ColumnType::kDouble;
  bool required = true;
  bool operator==(const Column&) const = default;
};

// What a model takes or gives as one array rather than as columns.
struct Tensor {
  std::string name;                 // "" where there is only one
  std::string dtype;                // numpy's name: "float64"
  std::vector<std::int64_t> shape;  // -1: any
  bool operator==(const Tensor&) const = default;
};

// What a caller may give beside the rows.
struct Parameter {
  std::string name;
  std::string type;  // MLflow's: "double", "string"
  codec::Json default_value;
  bool is_list = false;
  bool operator==(const Parameter&) const = default;
};

// Inputs are either columns or tensors, as are outputs; both are empty where the model does not say.
struct Signature {
  std::vector<Column> inputs;
  std::vector<Column> outputs;
  std::vector<Tensor> input_tensors{};
  std::vector<Tensor> output_tensors{};
  std::vector<Parameter> parameters{};
  bool has_parameters = false;  // a parameter schema is there, if only an empty one
  bool operator==(const Signature&) const = default;
};

// The object under MLmodel's `signature` key: its members are JSON texts, as MLflow writes them.
codec::Json to_mlflow(const Signature& signature);
// kUnsupported, with the name, for columns that hold arrays, objects or maps, and for types MLflow has not.
// Outputs of such types are left out: they are no more than documentation.
core::Result<Signature> signature_from_mlflow(const codec::Json& json);

}  // namespace starcast::model
