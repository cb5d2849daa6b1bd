// Forest: decision trees as flat arrays, read from LightGBM's model text and evaluated by us, bit-equal to
// LightGBM.
//
//   Forest forest = TRY(parse_lightgbm(text));
//   double rating = forest.predict(row);   // row.size() == forest.feature_count(); NaN is missing
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace starcast::forest {

enum class MissingKind : std::uint8_t { kNone, kZero, kNaN };

// One tree; node i's arrays are parallel. A child >= 0 is a node, < 0 is leaf ~child. A tree of one leaf has
// no nodes.
struct Tree {
  std::vector<std::int32_t> feature;
  std::vector<double> threshold;  // numeric: value <= threshold goes left; may be infinite, is never NaN
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
  std::vector<MissingKind> missing;
  std::vector<std::uint8_t> default_left;
  std::vector<std::int32_t> category_set;  // -1: numeric split; else index into Forest's category bitsets
  std::vector<double> leaf_value;
  std::vector<std::uint32_t> leaf_count;  // training rows of each leaf; zeros when the text has none
  std::vector<std::uint32_t> node_count;
  double shrinkage = 1;
};

// What is done with the summed leaves: LightGBM's objective, as far as prediction knows it.
enum class OutputTransform {
  kIdentity,     // regression, regression_l1, quantile, huber, fair, mape, custom, or no objective
  kSqrt,         // regression, regression_l1, quantile, fair or mape with reg_sqrt: sign(x) * x * x
  kExponential,  // poisson, gamma, tweedie
  kSigmoid,      // binary, cross_entropy
};

// How a row's leaves are found. All give the same bits.
enum class ForestKernel {
  kPlain,     // from node to node: the reference
  kPortable,  // path masks, see path_plan.h
  kAvx2,
  kAvx512,
};
std::string_view name_of(ForestKernel kernel);  // "plain"
std::optional<ForestKernel> forest_kernel_named(std::string_view name);
// Those that this processor can run, the fastest last.
std::vector<ForestKernel> forest_kernels();

struct PathPlan;

// Thread-compatible after parsing.
class Forest {
 public:
  std::size_t feature_count() const { return feature_names_.size(); }
  const std::vector<std::string>& feature_names() const { return feature_names_; }
  std::size_t tree_count() const { return trees_.size(); }
  const std::vector<Tree>& trees() const { return trees_; }
  // Bit i of word i/32 of a set: category i goes left. Tree::category_set names the set.
  const std::vector<std::vector<std::uint32_t>>& category_sets() const { return category_sets_; }
  // average_output: the prediction is the mean of the trees, not their sum.
  bool averaged() const { return averaged_; }
  OutputTransform transform() const { return transform_; }

  // CHECKs the row's size.
  double predict(std::span<const double> row) const;

  // The same before the objective's transform: the summed leaves, or their mean if averaged().
  double predict_raw(std::span<const double> row) const;

  // The same from node to node, whatever the kernel.
  double predict_raw_plainly(std::span<const double> row) const;

  // A parsed forest has the fastest kernel of this processor, once that has repeated the plain walk's answers
  // for some rows made of the forest's own thresholds; else the plain one.
  ForestKernel kernel() const { return kernel_; }
  // CHECKs that the processor can run it.
  void use(ForestKernel kernel);
  // What the fast kernels computed; never null after parsing.
  const std::shared_ptr<const PathPlan>& paths() const { return paths_; }

  // The leaf that the row reaches in each tree.
  void leaves(std::span<const double> row, std::span<std::int32_t> leaf_of_tree) const;

  // Total gain of the splits on each feature, as LightGBM's "gain" importance.
  const std::vector<double>& gains() const { return gains_; }

 private:
  friend class LightGbmParser;
  // After the last tree.
  void choose_kernel();
  bool repeats_the_plain_walk() const;
  double sum_of_leaves(std::span<const double> row) const;

  std::vector<std::string> feature_names_;
  std::vector<Tree> trees_;
  std::vector<std::vector<std::uint32_t>> category_sets_;
  std::vector<double> gains_;
  bool averaged_ = false;
  OutputTransform transform_ = OutputTransform::kIdentity;
  double sigmoid_ = 1;
  ForestKernel kernel_ = ForestKernel::kPlain;
  std::shared_ptr<const PathPlan> paths_;
};

// Reads LightGBM's model text, format v3 or v4, one class. kInvalidInput or kCorrupt with the line: a hostile
// file gets a clear error, never a crash: children out of range or in a cycle, arrays of differing length,
// features out of range, counts that do not fit. kUnsupported by name: linear trees, several classes (until
// the scoring issue), other objectives.
core::Result<Forest> parse_lightgbm(std::string_view text);

}  // namespace starcast::forest
