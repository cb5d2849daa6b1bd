// ModelValue: what a model file of XGBoost holds, read from JSON or UBJSON into the same tree of values.
//
// A reader of its own beside codec/json, because model files are arrays of millions of numbers: they are kept
// as numbers, not as values; texts of floats are rounded once, to float, as XGBoost does; and arrays that
// prediction does not need are dropped while reading.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace starcast::forest {

struct ModelValue {
  enum class Kind { kNull, kNumber, kText, kNumbers, kItems, kMembers };

  Kind kind = Kind::kNull;
  double number = 0;  // also 0 and 1 for false and true
  std::string text;
  std::vector<double> numbers;     // an array of numbers, or an empty one
  std::vector<std::string> names;  // of an object's members, in the file's order
  std::vector<ModelValue> items;   // these members, or an array of anything but numbers

  // The member of that name, or nullptr when there is none or this is no object.
  const ModelValue* find(std::string_view name) const;
};

inline constexpr std::size_t kModelDepthMax = 32;  // XGBoost's files nest ten deep

// A file of nothing but tiny values would take many times its size; the shortest that a model has much of are
// names of features.
inline constexpr std::size_t kFewValues = 1000;
inline constexpr std::size_t kBytesAValue = 4;

// Objects and arrays of one kind of value; NaN and Infinity as Python writes them. kCorrupt with the line, or
// the byte, of what is broken. Members that are named in `dropped` are checked and not kept.
core::Result<ModelValue> read_model_json(std::string_view text, const std::vector<std::string_view>& dropped);
core::Result<ModelValue> read_model_ubjson(std::string_view bytes,
                                           const std::vector<std::string_view>& dropped);

}  // namespace starcast::forest
