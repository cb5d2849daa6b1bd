// Which side of a split a value takes: the rules that prediction and reasons share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "forest/forest.h"

namespace starcast::forest {

// LightGBM's zero is the float 1e-35, widened: values up to it count as 0, both as input and as a missing
// value.
inline constexpr double kZeroThreshold = static_cast<double>(1e-35f);

inline bool is_zero(double value) {
  return value >= -kZeroThreshold && value <= kZeroThreshold;
}

enum class Side { kLeft, kRight };

inline Side numeric_side(const Tree& tree, std::size_t node, double value) {
  const MissingKind missing = tree.missing[node];
  if (std::isnan(value) && missing != MissingKind::kNaN) value = 0;
  const bool goes_default = (missing == MissingKind::kZero && is_zero(value)) ||
                            (missing == MissingKind::kNaN && std::isnan(value));
  if (goes_default) return tree.default_left[node] != 0 ? Side::kLeft : Side::kRight;
  return value <= tree.threshold[node] ? Side::kLeft : Side::kRight;
}

// Truncates as a cast to int does: -0.5 is category 0. What does not fit an int is in no set, and NaN fails
// both tests.
inline Side category_side(const std::vector<std::uint32_t>& set, double value) {
  constexpr double kIntBound = static_cast<double>(std::numeric_limits<std::int32_t>::max()) + 1;
  if (!(value > -1 && value < kIntBound)) return Side::kRight;
  const auto category = static_cast<std::size_t>(value);
  const std::size_t word = category / 32;
  if (word >= set.size()) return Side::kRight;
  return ((set[word] >> (category % 32)) & 1U) != 0 ? Side::kLeft : Side::kRight;
}

}  // namespace starcast::forest
