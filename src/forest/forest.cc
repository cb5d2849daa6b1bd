#include "forest/forest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "core/numeric.h"
#include "core/random.h"
#include "forest/decision.h"
#include "forest/path_plan.h"
#include "forest/processor.h"

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

std::string_view name_of(ForestKernel kernel) {
  switch (kernel) {
    case ForestKernel::kPlain:
      return "plain";
    case ForestKernel::kPortable:
      return "portable";
    case ForestKernel::kAvx2:
      return "avx2";
    case ForestKernel::kAvx512:
      return "avx512";
  }
  return "plain";
}

std::optional<ForestKernel> forest_kernel_named(std::string_view name) {
  for (const ForestKernel kernel :
       {ForestKernel::kPlain, ForestKernel::kPortable, ForestKernel::kAvx2, ForestKernel::kAvx512}) {
    if (name == name_of(kernel)) return kernel;
  }
  return std::nullopt;
}

std::vector<ForestKernel> forest_kernels() {
  std::vector<ForestKernel> kernels = {ForestKernel::kPlain, ForestKernel::kPortable};
  if (has_avx2()) kernels.push_back(ForestKernel::kAvx2);
  if (has_avx512()) kernels.push_back(ForestKernel::kAvx512);
  return kernels;
}

void Forest::use(ForestKernel kernel) {
  const std::vector<ForestKernel> usable = forest_kernels();
  CHECK(std::find(usable.begin(), usable.end(), kernel) != usable.end());
  kernel_ = kernel;
}

void Forest::choose_kernel() {
  paths_ = std::make_shared<const PathPlan>(plan_paths(trees_, feature_count()));
  kernel_ = forest_kernels().back();
  if (!repeats_the_plain_walk()) kernel_ = ForestKernel::kPlain;
}

bool Forest::repeats_the_plain_walk() const {
  constexpr int kRows = 4;
  core::Random random(trees_.size());
  std::vector<double> row(feature_count());
  for (int i = 0; i < kRows; ++i) {
    for (double& cell : row) cell = random.normal();
    // A cell is a threshold of one of its splits, the next number above it, or missing.
    for (const Tree& tree : trees_) {
      if (tree.left.empty()) continue;
      const std::size_t node = random.below(tree.left.size());
      double cell = tree.threshold[node];
      const std::uint64_t kind = random.below(8);
      if (kind == 0) cell = core::kMissing;
      if (kind > 4) cell = std::nextafter(cell, std::numeric_limits<double>::infinity());
      row[static_cast<std::size_t>(tree.feature[node])] = cell;
    }
    if (std::bit_cast<std::uint64_t>(predict_raw(row)) !=
        std::bit_cast<std::uint64_t>(predict_raw_plainly(row))) {
      return false;
    }
  }
  return true;
}

double Forest::sum_of_leaves(std::span<const double> row) const {
  const PathPlan& paths = *paths_;
  std::vector<double> walked;
  for (const std::uint32_t tree : paths.walked) {
    const auto leaf = static_cast<std::size_t>(leaf_of(trees_[tree], category_sets_, row));
    walked.push_back(trees_[tree].leaf_value[leaf]);
  }
  PathCodes codes;
  code_row(paths, category_sets_, row, codes);
  switch (kernel_) {
    case ForestKernel::kPlain:
    case ForestKernel::kPortable:
      return sum_portable(paths, codes, walked.data());
    case ForestKernel::kAvx2:
      return sum_avx2(paths, codes, walked.data());
    case ForestKernel::kAvx512:
      return sum_avx512(paths, codes, walked.data());
  }
  CHECK(false);
}

double Forest::predict_raw(std::span<const double> row) const {
  if (kernel_ == ForestKernel::kPlain) return predict_raw_plainly(row);
  CHECK(row.size() == feature_count());
  const double sum = sum_of_leaves(row);
  return averaged_ ? sum / static_cast<double>(trees_.size()) : sum;
}

double Forest::predict_raw_plainly(std::span<const double> row) const {
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
