#include "forest/forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "core/numeric.h"
#include "core/random.h"
#include "forest/batch_plan.h"
#include "forest/decision.h"
#include "forest/path_plan.h"
#include "forest/processor.h"

namespace starcast::forest {

namespace {

double sign_of(double value) {
  return (value > 0 ? 1.0 : 0.0) - (value < 0 ? 1.0 : 0.0);
}

// XGBoost's, with its guards against overflow and division by 0.
float sigmoid_of(float sum) {
  constexpr float kExponentMax = 88.7f;
  constexpr float kEpsilon = 1e-16f;
  return 1.0f / (std::exp(std::min(-sum, kExponentMax)) + 1.0f + kEpsilon);
}

void softmax(std::span<const double> sums, std::span<double> outputs) {
  const double largest = *std::max_element(sums.begin(), sums.end());
  double total = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    outputs[i] = std::exp(sums[i] - largest);
    total += outputs[i];
  }
  for (double& output : outputs) output /= total;
}

// XGBoost's: floats, but for the total.
void softmax_of_floats(std::span<const double> sums, std::span<double> outputs) {
  const auto largest = static_cast<float>(*std::max_element(sums.begin(), sums.end()));
  double total = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    outputs[i] = static_cast<double>(std::exp(static_cast<float>(sums[i]) - largest));
    total += outputs[i];
  }
  const auto divisor = static_cast<float>(total);
  for (double& output : outputs) output = static_cast<double>(static_cast<float>(output) / divisor);
}

std::int32_t leaf_of(Library library, const Tree& tree,
                     const std::vector<std::vector<std::uint32_t>>& category_sets,
                     std::span<const double> row) {
  if (tree.left.empty()) return 0;
  std::int32_t next = 0;
  while (next >= 0) {
    const auto node = static_cast<std::size_t>(next);
    const double cell = row[static_cast<std::size_t>(tree.feature[node])];
    const Side side = side_of(library, tree, category_sets, node, cell);
    next = side == Side::kLeft ? tree.left[node] : tree.right[node];
  }
  return ~next;
}

bool have_same_bits(std::span<const double> left, std::span<const double> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

}  // namespace

std::string_view name_of(Library library) {
  switch (library) {
    case Library::kLightGbm:
      return "LightGBM";
    case Library::kXgBoost:
      return "XGBoost";
  }
  return "LightGBM";
}

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

core::Result<void> Forest::choose_kernel(std::optional<ForestKernel> kernel) {
  const std::vector<ForestKernel> usable = forest_kernels();
  if (kernel && std::find(usable.begin(), usable.end(), *kernel) == usable.end()) {
    return core::Error(
        core::ErrorCode::kUnsupported,
        fmt::format("this processor cannot run the forest kernel {}; the fastest that it can is {}",
                    name_of(*kernel), name_of(usable.back())));
  }
  paths_ = std::make_shared<const PathPlan>(plan_paths(library_, trees_, feature_count(), class_of_tree_));
  batch_ = std::make_shared<const BatchPlan>(plan_batch(*paths_, trees_));
  kernel_ = kernel.value_or(usable.back());
  if (!repeats_the_plain_walk()) kernel_ = ForestKernel::kPlain;
  return {};
}

bool Forest::repeats_the_plain_walk() const {
  constexpr std::size_t kRows = 12;
  core::Random random(trees_.size());
  const std::size_t width = feature_count();
  std::vector<double> rows(kRows * width);
  std::vector<double> plain(kRows * class_count_);
  std::vector<double> fast(class_count_);
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::span<double> row = std::span(rows).subspan(i * width, width);
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
    const std::span<double> expected = std::span(plain).subspan(i * class_count_, class_count_);
    predict_raw_plainly(row, expected);
    predict_raw(row, fast);
    if (!have_same_bits(fast, expected)) return false;
  }
  std::vector<double> batch(plain.size());
  predict_batch_raw(rows, batch);
  return have_same_bits(batch, plain);
}

void Forest::finish_sums(std::span<double> sums) const {
  if (!averaged_) return;
  const auto rounds = static_cast<double>(trees_.size() / class_count_);
  for (double& sum : sums) sum /= rounds;
}

void Forest::add_leaves(std::span<const double> row, std::span<double> sums) const {
  const PathPlan& paths = *paths_;
  std::vector<double> walked;
  for (const std::uint32_t tree : paths.walked) {
    const auto leaf = static_cast<std::size_t>(leaf_of(library_, trees_[tree], category_sets_, row));
    walked.push_back(trees_[tree].leaf_value[leaf]);
  }
  PathCodes codes;
  code_row(paths, category_sets_, row, codes);
  switch (kernel_) {
    case ForestKernel::kPlain:
    case ForestKernel::kPortable:
      return add_paths_portable(paths, codes, walked.data(), sums.data());
    case ForestKernel::kAvx2:
      return add_paths_avx2(paths, codes, walked.data(), sums.data());
    case ForestKernel::kAvx512:
      return add_paths_avx512(paths, codes, walked.data(), sums.data());
  }
  CHECK(false);
}

void Forest::predict_raw(std::span<const double> row, std::span<double> sums) const {
  if (kernel_ == ForestKernel::kPlain) return predict_raw_plainly(row, sums);
  CHECK(row.size() == feature_count());
  CHECK(sums.size() == class_count_);
  std::copy(base_scores_.begin(), base_scores_.end(), sums.begin());
  add_leaves(row, sums);
  finish_sums(sums);
}

void Forest::predict_raw_plainly(std::span<const double> row, std::span<double> sums) const {
  CHECK(row.size() == feature_count());
  CHECK(sums.size() == class_count_);
  std::copy(base_scores_.begin(), base_scores_.end(), sums.begin());
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    const double leaf =
        trees_[i].leaf_value[static_cast<std::size_t>(leaf_of(library_, trees_[i], category_sets_, row))];
    double& sum = sums[class_of(i)];
    sum = library_ == Library::kXgBoost
              ? static_cast<double>(static_cast<float>(sum) + static_cast<float>(leaf))
              : sum + leaf;
  }
  finish_sums(sums);
}

double Forest::predict_raw(std::span<const double> row) const {
  CHECK(class_count_ == 1);
  double sum = 0;
  predict_raw(row, {&sum, 1});
  return sum;
}

double Forest::predict_raw_plainly(std::span<const double> row) const {
  CHECK(class_count_ == 1);
  double sum = 0;
  predict_raw_plainly(row, {&sum, 1});
  return sum;
}

double Forest::predict(std::span<const double> row) const {
  CHECK(output_count() == 1);
  double output = 0;
  predict(row, {&output, 1});
  return output;
}

void Forest::predict(std::span<const double> row, std::span<double> outputs) const {
  CHECK(outputs.size() == output_count());
  if (outputs.size() == class_count_) {
    predict_raw(row, outputs);
    apply_transform(outputs, outputs);
    return;
  }
  std::vector<double> sums(class_count_);
  predict_raw(row, sums);
  apply_transform(sums, outputs);
}

void Forest::predict_batch_raw(std::span<const double> rows, std::span<double> sums) const {
  const std::size_t width = feature_count();
  CHECK(rows.size() % width == 0);
  const std::size_t count = rows.size() / width;
  CHECK(sums.size() == count * class_count_);
  std::size_t done = 0;
  if (kernel_ != ForestKernel::kPlain && count >= kBatchRowsMin && class_count_ <= kBatchClassesMax) {
    BatchScratch scratch(*paths_, *batch_, class_count_);
    while (count - done >= kBatchRowsMin) {
      const std::size_t block = std::min(kBlockRows, count - done);
      predict_block_raw(rows.subspan(done * width, block * width),
                        sums.subspan(done * class_count_, block * class_count_), scratch);
      done += block;
    }
  }
  for (; done < count; ++done) {
    predict_raw(rows.subspan(done * width, width), sums.subspan(done * class_count_, class_count_));
  }
}

void Forest::predict_block_raw(std::span<const double> rows, std::span<double> sums,
                               BatchScratch& scratch) const {
  const std::size_t count = rows.size() / feature_count();
  const bool has_floats = library_ == Library::kXgBoost;
  for (std::size_t c = 0; c < class_count_; ++c) {
    if (has_floats) {
      std::fill_n(scratch.float_sums(c), kBlockRows, static_cast<float>(base_scores_[c]));
    } else {
      std::fill_n(scratch.sums(c), kBlockRows, base_scores_[c]);
    }
  }
  add_block(rows, scratch);
  for (std::size_t c = 0; c < class_count_; ++c) {
    for (std::size_t i = 0; i < count; ++i) {
      sums[i * class_count_ + c] =
          has_floats ? static_cast<double>(scratch.float_sums(c)[i]) : scratch.sums(c)[i];
    }
  }
  if (!averaged_) return;
  for (std::size_t i = 0; i < count; ++i) finish_sums(sums.subspan(i * class_count_, class_count_));
}

void Forest::add_block(std::span<const double> rows, BatchScratch& scratch) const {
  struct Kernel {
    CodeRows* code;
    AddTree* add;
  };
  constexpr Kernel kPortable = {code_rows_portable, add_tree_portable};
  constexpr Kernel kAvx2 = {code_rows_avx2, add_tree_avx2};
  constexpr Kernel kAvx512 = {code_rows_avx512, add_tree_avx512};
  const Kernel kernel = kernel_ == ForestKernel::kAvx512 ? kAvx512
                        : kernel_ == ForestKernel::kAvx2 ? kAvx2
                                                         : kPortable;
  const std::size_t width = feature_count();
  const std::size_t count = rows.size() / width;
  const std::size_t lines = (count + kLineRows - 1) / kLineRows;
  for (std::size_t line = 0; line < lines; ++line) {
    const std::size_t first = line * kLineRows;
    const std::size_t in_line = std::min(kLineRows, count - first);
    kernel.code(*paths_, category_sets_, {rows.subspan(first * width, in_line * width), width, line},
                scratch.codes());
  }
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    const BatchTree& tree = batch_->trees[i];
    if (tree.is_walked) {
      walk_block(i, rows, scratch);
    } else {
      kernel.add(*batch_, {tree, class_of(i)}, lines, scratch);
    }
  }
}

void Forest::walk_block(std::size_t tree, std::span<const double> rows, BatchScratch& scratch) const {
  const std::size_t width = feature_count();
  const std::size_t class_index = class_of(tree);
  for (std::size_t i = 0; i * width < rows.size(); ++i) {
    const auto leaf = static_cast<std::size_t>(
        leaf_of(library_, trees_[tree], category_sets_, rows.subspan(i * width, width)));
    const double value = trees_[tree].leaf_value[leaf];
    if (library_ == Library::kXgBoost) {
      scratch.float_sums(class_index)[i] += static_cast<float>(value);
    } else {
      scratch.sums(class_index)[i] += value;
    }
  }
}

void Forest::predict_batch(std::span<const double> rows, std::span<double> outputs) const {
  const std::size_t width = output_count();
  CHECK(outputs.size() % width == 0);
  const std::size_t count = outputs.size() / width;
  if (width == class_count_) {
    predict_batch_raw(rows, outputs);
    if (transform_ == OutputTransform::kIdentity) return;
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<double> row = outputs.subspan(i * width, width);
      apply_transform(row, row);
    }
    return;
  }
  std::vector<double> sums(count * class_count_);
  predict_batch_raw(rows, sums);
  for (std::size_t i = 0; i < count; ++i) {
    apply_transform(std::span(sums).subspan(i * class_count_, class_count_),
                    outputs.subspan(i * width, width));
  }
}

void Forest::apply_transform(std::span<const double> sums, std::span<double> outputs) const {
  CHECK(sums.size() == class_count_);
  CHECK(outputs.size() == output_count());
  const bool has_floats = library_ == Library::kXgBoost;
  if (transform_ == OutputTransform::kSoftmax) {
    return has_floats ? softmax_of_floats(sums, outputs) : softmax(sums, outputs);
  }
  if (transform_ == OutputTransform::kClassIndex) {
    outputs[0] = static_cast<double>(std::max_element(sums.begin(), sums.end()) - sums.begin());
    return;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    outputs[i] = has_floats ? transformed_float(static_cast<float>(sums[i])) : transformed(sums[i]);
  }
}

double Forest::transformed(double sum) const {
  switch (transform_) {
    case OutputTransform::kIdentity:
    case OutputTransform::kSoftmax:
    case OutputTransform::kClassIndex:
      return sum;
    case OutputTransform::kSqrt:
      return sign_of(sum) * sum * sum;
    case OutputTransform::kExponential:
      return std::exp(sum);
    case OutputTransform::kSigmoid:
      return 1.0 / (1.0 + std::exp(-sigmoid_ * sum));
    case OutputTransform::kSoftplus:
      return std::log1p(std::exp(sum));
    case OutputTransform::kStep:
      return sum > 0 ? 1 : 0;
  }
  CHECK(false);
}

double Forest::transformed_float(float sum) const {
  if (transform_ == OutputTransform::kExponential) {
    if (!has_double_exponential_) return static_cast<double>(std::exp(sum));
    return static_cast<double>(static_cast<float>(std::exp(static_cast<double>(sum))));
  }
  if (transform_ == OutputTransform::kSigmoid) return static_cast<double>(sigmoid_of(sum));
  return transformed(static_cast<double>(sum));
}

void Forest::leaves(std::span<const double> row, std::span<std::int32_t> leaf_of_tree) const {
  CHECK(row.size() == feature_count());
  CHECK(leaf_of_tree.size() == tree_count());
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    leaf_of_tree[i] = leaf_of(library_, trees_[i], category_sets_, row);
  }
}

void Forest::leaves_batch(std::span<const double> rows, std::span<std::int32_t> leaves_of_rows) const {
  const std::size_t width = feature_count();
  CHECK(rows.size() % width == 0);
  const std::size_t count = rows.size() / width;
  CHECK(leaves_of_rows.size() == count * tree_count());
  for (std::size_t i = 0; i < count; ++i) {
    leaves(rows.subspan(i * width, width), leaves_of_rows.subspan(i * tree_count(), tree_count()));
  }
}

}  // namespace starcast::forest
