#include "forest/forest.h"

#include <cmath>

#include "core/check.h"
#include "forest/decision.h"

namespace starcast::forest {

namespace {

double sign_of(double value) {
  return (value > 0 ? 1.0 : 0.0) - (value < 0 ? 1.0 : 0.0);
}

std::int32_t leaf_of(const Tree& tree, const std::vector<std::vector<std::uint32_t>>& category_sets,
                     std::span<const double> row) {
  if (tree.left.empty()) return 0;
  std::int32_t next = 0;
  while (next >= 0) {
    const auto node = static_cast<std::size_t>(next);
    double value = row[static_cast<std::size_t>(tree.feature[node])];
    if (is_zero(value)) value = 0;  // LightGBM drops such cells before the walk, whatever the missing kind
    const std::int32_t set = tree.category_set[node];
    const Side side = set < 0 ? numeric_side(tree, node, value)
                              : category_side(category_sets[static_cast<std::size_t>(set)], value);
    next = side == Side::kLeft ? tree.left[node] : tree.right[node];
  }
  return ~next;
}

}  // namespace

double Forest::predict_raw(std::span<const double> row) const {
  CHECK(row.size() == feature_count());
  double sum = 0;
  for (const Tree& tree : trees_) {
    sum += tree.leaf_value[static_cast<std::size_t>(leaf_of(tree, category_sets_, row))];
  }
  if (averaged_) sum /= static_cast<double>(trees_.size());
  return sum;
}

double Forest::predict(std::span<const double> row) const {
  const double sum = predict_raw(row);
  switch (transform_) {
    case OutputTransform::kIdentity:
      return sum;
    case OutputTransform::kSqrt:
      return sign_of(sum) * sum * sum;
    case OutputTransform::kExponential:
      return std::exp(sum);
    case OutputTransform::kSigmoid:
      return 1.0 / (1.0 + std::exp(-sigmoid_ * sum));
  }
  CHECK(false);
}

void Forest::leaves(std::span<const double> row, std::span<std::int32_t> leaf_of_tree) const {
  CHECK(row.size() == feature_count());
  CHECK(leaf_of_tree.size() == tree_count());
  for (std::size_t i = 0; i < trees_.size(); ++i) leaf_of_tree[i] = leaf_of(trees_[i], category_sets_, row);
}

}  // namespace starcast::forest
