// Forest: decision trees as flat arrays, read from the model files of LightGBM and XGBoost and evaluated by
// us, bit-equal to the library that trained them.
//
//   Forest forest = TRY(parse_lightgbm(text));
//   double rating = forest.predict(row);   // row.size() == forest.feature_count(); NaN is missing
//
//   std::vector<double> shares(forest.output_count());   // several classes: one value each
//   forest.predict(row, shares);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace starcast::forest {

// Whose rules hold for cells, missing values, categories and sums.
enum class Library : std::uint8_t {
  kLightGbm,  // compares and adds doubles
  kXgBoost,   // compares and adds floats; cells are rounded to float, predictions are floats
};
std::string_view name_of(Library library);  // "LightGBM"

enum class MissingKind : std::uint8_t { kNone, kZero, kNaN };

// One tree; node i's arrays are parallel. A child >= 0 is a node, < 0 is leaf ~child. A tree of one leaf has
// no nodes.
struct Tree {
  std::vector<std::int32_t> feature;
  // Numeric: value <= threshold goes left; may be infinite, is never NaN. XGBoost's "value < t" is kept as
  // "value <= the float before t", which is the same for floats.
  std::vector<double> threshold;
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
  std::vector<MissingKind> missing;
  std::vector<std::uint8_t> default_left;
  std::vector<std::int32_t> category_set;  // -1: numeric split; else index into Forest's category bitsets
  std::vector<double> leaf_value;
  std::vector<std::uint32_t> leaf_count;  // training rows of each leaf; zeros when the file has none
  std::vector<std::uint32_t> node_count;
  // XGBoost: the sum of the second derivatives in each leaf and node, which its reasons use for the counts;
  // empty for LightGBM.
  std::vector<double> leaf_cover;
  std::vector<double> node_cover;
  double shrinkage = 1;
};

// What is done with the summed leaves: the objective, as far as prediction knows it.
enum class OutputTransform {
  kIdentity,     // regression, ranking, custom, or no objective
  kSqrt,         // LightGBM's reg_sqrt: sign(x) * x * x
  kExponential,  // poisson, gamma, tweedie, XGBoost's survival:cox and survival:aft
  kSigmoid,      // binary, cross_entropy, multiclassova (each class by itself), reg:logistic
  kSoftplus,     // cross_entropy_lambda: log(1 + exp(x))
  kSoftmax,      // multiclass, multi:softprob
  kClassIndex,   // multi:softmax: the index of the largest of the classes' sums, one output
  kStep,         // binary:hinge: 1 above 0, else 0
};

// How a row's leaves are found. All give the same bits.
enum class ForestKernel {
  kPlain,     // from node to node: the reference
  kPortable,  // one row: path masks, see path_plan.h; many: compare and blend, see batch_plan.h
  kAvx2,
  kAvx512,
};
std::string_view name_of(ForestKernel kernel);  // "plain"
std::optional<ForestKernel> forest_kernel_named(std::string_view name);
// Those that this processor can run, the fastest last.
std::vector<ForestKernel> forest_kernels();

struct PathPlan;
struct BatchPlan;
class BatchScratch;

// Thread-compatible after parsing. Sizes of rows and answers are CHECKed.
class Forest {
 public:
  std::size_t feature_count() const { return feature_names_.size(); }
  const std::vector<std::string>& feature_names() const { return feature_names_; }
  // XGBoost's feature_types, e.g. "float", "int", "c"; empty when the file has none.
  const std::vector<std::string>& feature_types() const { return feature_types_; }
  Library library() const { return library_; }
  std::size_t tree_count() const { return trees_.size(); }
  const std::vector<Tree>& trees() const { return trees_; }
  // Bit i of word i/32 of a set: category i goes left (LightGBM) or right (XGBoost). Tree::category_set names
  // the set.
  const std::vector<std::vector<std::uint32_t>>& category_sets() const { return category_sets_; }
  // average_output: the prediction is the mean of the trees, not their sum.
  bool averaged() const { return averaged_; }
  OutputTransform transform() const { return transform_; }
  // LightGBM's factor in front of the sum within the sigmoid.
  double sigmoid() const { return sigmoid_; }
  // The objective as the file names it, e.g. "binary sigmoid:1" or "reg:squarederror"; may be empty.
  const std::string& objective() const { return objective_; }

  // Sums a row: 1, or the number of classes (or targets) that have trees of their own.
  std::size_t class_count() const { return class_count_; }
  // Values a row of predict(): class_count(), but 1 where the prediction is the class itself (kClassIndex).
  std::size_t output_count() const { return transform_ == OutputTransform::kClassIndex ? 1 : class_count_; }
  std::size_t class_of(std::size_t tree) const { return class_of_tree_.empty() ? 0 : class_of_tree_[tree]; }
  // What the sum of each class starts from: 0 for LightGBM, the margin of base_score for XGBoost.
  const std::vector<double>& base_scores() const { return base_scores_; }

  // What the library calls predict. The first form is for output_count() == 1.
  double predict(std::span<const double> row) const;
  void predict(std::span<const double> row, std::span<double> outputs) const;

  // The same before the objective's transform, class_count() values: the summed leaves, or their mean if
  // averaged().
  double predict_raw(std::span<const double> row) const;
  void predict_raw(std::span<const double> row, std::span<double> sums) const;

  // The same from node to node, whatever the kernel.
  double predict_raw_plainly(std::span<const double> row) const;
  void predict_raw_plainly(std::span<const double> row, std::span<double> sums) const;

  // Many rows, one after the other in `rows`; answers likewise. The same bits as row by row, and several
  // times faster from some ten rows on.
  void predict_batch(std::span<const double> rows, std::span<double> outputs) const;
  void predict_batch_raw(std::span<const double> rows, std::span<double> sums) const;

  // The transform alone, of class_count() sums into output_count() outputs.
  void apply_transform(std::span<const double> sums, std::span<double> outputs) const;

  // A parsed forest has the kernel that was asked for, else the fastest of this processor; but the plain one
  // if that does not repeat the plain walk's answers for some rows made of the forest's own thresholds.
  ForestKernel kernel() const { return kernel_; }
  // CHECKs that the processor can run it.
  void use(ForestKernel kernel);
  // What the fast kernels computed; never null after parsing.
  const std::shared_ptr<const PathPlan>& paths() const { return paths_; }

  // The leaf that the row reaches in each tree. LightGBM's pred_leaf gives the same numbers; XGBoost's gives
  // the place among nodes and leaves together: see leaf_id().
  void leaves(std::span<const double> row, std::span<std::int32_t> leaf_of_tree) const;
  // The same for many rows, row after row.
  void leaves_batch(std::span<const double> rows, std::span<std::int32_t> leaves_of_rows) const;
  // By tree and leaf: the number under which the library's pred_leaf names it.
  std::int32_t leaf_id(std::size_t tree, std::int32_t leaf) const {
    return leaf_ids_.empty() ? leaf : leaf_ids_[tree][static_cast<std::size_t>(leaf)];
  }

  // Total gain of the splits on each feature, as LightGBM's "gain" importance.
  const std::vector<double>& gains() const { return gains_; }

 private:
  friend class LightGbmParser;
  friend class XgBoostParser;
  // After the last tree.
  core::Result<void> choose_kernel(std::optional<ForestKernel> kernel);
  bool repeats_the_plain_walk() const;
  void add_leaves(std::span<const double> row, std::span<double> sums) const;
  void finish_sums(std::span<double> sums) const;
  void add_block(std::span<const double> rows, BatchScratch& scratch) const;
  void walk_block(std::size_t tree, std::span<const double> rows, BatchScratch& scratch) const;
  void predict_block_raw(std::span<const double> rows, std::span<double> sums, BatchScratch& scratch) const;
  double transformed(double sum) const;
  double transformed_float(float sum) const;

  Library library_ = Library::kLightGbm;
  std::vector<std::string> feature_names_;
  std::vector<std::string> feature_types_;
  std::vector<Tree> trees_;
  std::vector<std::uint32_t> class_of_tree_;  // empty for one class
  std::size_t class_count_ = 1;
  std::vector<double> base_scores_ = {0};
  std::vector<std::vector<std::uint32_t>> category_sets_;
  std::vector<std::vector<std::int32_t>> leaf_ids_;  // empty where a leaf's number is its place
  std::vector<double> gains_;
  bool averaged_ = false;
  std::string objective_;
  OutputTransform transform_ = OutputTransform::kIdentity;
  bool has_double_exponential_ = false;  // XGBoost's survival:aft: exp of a double, rounded to float
  double sigmoid_ = 1;
  ForestKernel kernel_ = ForestKernel::kPlain;
  std::shared_ptr<const PathPlan> paths_;
  std::shared_ptr<const BatchPlan> batch_;
};

struct ParseOptions {
  // Instead of the fastest; kUnsupported if this processor cannot run it. The program takes it from
  // STARCAST_FOREST_KERNEL.
  std::optional<ForestKernel> kernel = std::nullopt;
  // Counts only the rounds up to the file's best_iteration, as XGBoost's scikit-learn wrappers predict after
  // early stopping; without that attribute, and for LightGBM (which writes no more rounds than those), all.
  bool best_iteration_only = false;
};

// Reads LightGBM's model text, format v3 or v4. kInvalidInput or kCorrupt with the line: a hostile file gets
// a clear error, never a crash: children out of range or in a cycle, arrays of differing length, features out
// of range, counts that do not fit. kUnsupported by name: linear trees, unknown objectives.
core::Result<Forest> parse_lightgbm(std::string_view text, const ParseOptions& options = {});

// Reads a model file of XGBoost 1.7 to 3.x, JSON or UBJSON (told by its first bytes): gbtree and dart.
// kInvalidInput if it is neither, kCorrupt with the place in the file for what does not fit together,
// kUnsupported by name: gblinear, trees with vector leaves (multi_strategy=multi_output_tree), unknown
// objectives, the binary format of XGBoost before 1.7 and pickles.
core::Result<Forest> parse_xgboost(std::string_view bytes, const ParseOptions& options = {});

}  // namespace starcast::forest
