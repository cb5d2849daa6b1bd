// Signature: the columns a model takes and gives, in MLflow's form (mlflow.md 11).
#pragma once

#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::model {

// MLflow's column types, as far as our models use them.
enum class ColumnType {
  kDouble,
  kString,
  kAny,  // a number or a text: "10,000+" and 10000 are both fine
};
std::string_view name_of(ColumnType type);  // "double", "string", "any"

struct Column {
  std::string name;
  ColumnType type = ColumnType::kDouble;
  bool required = true;
  bool operator==(const Column&) const = default;
};

struct Signature {
  std::vector<Column> inputs;
  std::vector<Column> outputs;
  bool operator==(const Signature&) const = default;
};

// The object under MLmodel's `signature` key: its members are JSON texts, as MLflow writes them.
codec::Json to_mlflow(const Signature& signature);
core::Result<Signature> signature_from_mlflow(const codec::Json& json);

}  // namespace starcast::model
