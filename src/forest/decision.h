// Which side of a split a value takes: the rules that prediction and reasons share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
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
inline Side lightgbm_category_side(const std::vector<std::uint32_t>& set, double value) {
  constexpr double kIntBound = static_cast<double>(std::numeric_limits<std::int32_t>::max()) + 1;
  if (!(value > -1 && value < kIntBound)) return Side::kRight;
  const auto category = static_cast<std::size_t>(value);
  const std::size_t word = category / 32;
  if (word >= set.size()) return Side::kRight;
  return ((set[word] >> (category % 32)) & 1U) != 0 ? Side::kLeft : Side::kRight;
}

// XGBoost's members go right, and everything that it does not know goes left; categories from 2^24 on, which
// floats do not tell apart, and negative ones are unknown. Missing values have a side of their own.
inline Side xgboost_category_side(const std::vector<std::uint32_t>& set, bool default_left, double value) {
  if (std::isnan(value)) return default_left ? Side::kLeft : Side::kRight;
  constexpr double kCategoriesMax = 16777216;
  if (!(value >= 0 && value < kCategoriesMax)) return Side::kLeft;
  const auto category = static_cast<std::size_t>(value);
  const std::size_t word = category / 32;
  if (word >= set.size()) return Side::kLeft;
  return ((set[word] >> (category % 32)) & 1U) != 0 ? Side::kRight : Side::kLeft;
}

inline Side category_side(Library library, const std::vector<std::uint32_t>& set, bool default_left,
                          double value) {
  return library == Library::kXgBoost ? xgboost_category_side(set, default_left, value)
                                      : lightgbm_category_side(set, value);
}

// The cell as the library sees it. LightGBM drops cells near 0 before the walk, whatever the missing kind;
// XGBoost has floats.
inline double cell_seen_by(Library library, double cell) {
  if (library == Library::kXgBoost) return static_cast<double>(static_cast<float>(cell));
  return is_zero(cell) ? 0 : cell;
}

inline Side side_of(Library library, const Tree& tree,
                    const std::vector<std::vector<std::uint32_t>>& category_sets, std::size_t node,
                    double cell) {
  const double value = cell_seen_by(library, cell);
  const std::int32_t set = tree.category_set[node];
  if (set < 0) return numeric_side(tree, node, value);
  return category_side(library, category_sets[static_cast<std::size_t>(set)], tree.default_left[node] != 0,
                       value);
}

// A feature's cells as its numeric splits compare them: one column for each way in which they treat missing
// values, so that "cell <= threshold" alone decides: what goes left by default is -infinity there, what goes
// right is NaN.
struct SplitColumn {
  std::uint32_t feature = 0;
  MissingKind missing = MissingKind::kNone;
  bool default_left = false;
};

inline SplitColumn split_column(const Tree& tree, std::size_t node) {
  const MissingKind missing = tree.missing[node];
  return {.feature = static_cast<std::uint32_t>(tree.feature[node]),
          .missing = missing,
          .default_left = missing != MissingKind::kNone && tree.default_left[node] != 0};
}

// Numbers a feature's columns from 0: none are missing; zero or NaN, to the left or to the right.
inline constexpr std::size_t kSplitVariants = 5;
inline std::size_t variant_of(const SplitColumn& column) {
  if (column.missing == MissingKind::kNone) return 0;
  return 2 * static_cast<std::size_t>(column.missing) - (column.default_left ? 1U : 0U);
}

inline SplitColumn split_column(std::uint32_t feature, std::size_t variant) {
  return {.feature = feature,
          .missing = static_cast<MissingKind>((variant + 1) / 2),
          .default_left = variant % 2 == 1};
}

inline double cell_of(Library library, const SplitColumn& column, std::span<const double> row) {
  double value = cell_seen_by(library, row[column.feature]);
  if (std::isnan(value) && column.missing != MissingKind::kNaN) value = 0;
  const bool goes_default = column.missing == MissingKind::kNaN
                                ? std::isnan(value)
                                : column.missing == MissingKind::kZero && value == 0;
  if (!goes_default) return value;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return column.default_left ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace starcast::forest
