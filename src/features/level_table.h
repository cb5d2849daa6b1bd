// LevelTable: a number for each level of a string.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::features {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class LevelTable {
 public:
  enum class Kind {
    kNumbers,  // any finite ones
    kCounts,   // whole numbers from 1
  };

  explicit LevelTable(Kind kind) : kind_(kind) {}

  void reserve(std::size_t levels) { values_.reserve(levels); }
  void put(std::string_view level, double value) { values_.insert_or_assign(std::string(level), value); }

  double value_or(std::string_view level, double otherwise) const {
    const auto place = values_.find(level);
    return place == values_.end() ? otherwise : place->second;
  }

  // An object, its members in the order of their names' bytes.
  codec::Json to_json() const;
  static core::Result<LevelTable> from_json(const codec::Json& json, std::string_view path, Kind kind);

 private:
  Kind kind_;
  TextMap<double> values_;
};

}  // namespace starcast::features
