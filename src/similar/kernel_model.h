// KernelModel: a Gaussian process over named items with numbers and labels; its prediction is a sum of the
// items' pulls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "similar/name_index.h"

namespace starcast::similar {

class PanelMatrix;
struct DenseKernels;
struct ItemPanels;
struct KernelTerms;

// One item, borrowed. All items of a model have as many numbers and labels as its options say.
struct KernelItem {
  std::string_view name;                     // case folded by the caller
  std::span<const double> numbers;           // NaN = missing; no infinities
  std::span<const std::string_view> labels;  // equal or not; the empty label is one like any other
};

// How far apart numbers of one column are.
struct KernelColumn {
  double width = 1;      // in standard deviations of the column; larger counts for less
  bool is_core = false;  // also in the term `core`, which looks at the core columns alone
};

// What two items with the same text there have in common: see KernelWeights.
struct LabelWeights {
  double plain = 0.02;
  double wide = 0.05;
  double name = 0;

  bool operator==(const LabelWeights&) const = default;
};

// The kernel between two items, with c the cosine of their names, d the squared distance of their
// standardised numbers divided by the widths, d' the same over the core columns, narrow = 1/(1+d), wide =
// 1/(1+d/9):
//   constant + wide_weight wide + core (1+d'/4)^-2 + name c + name_squared c^2 + name_fourth c^4
//   + name_narrow c narrow + name_squared_wide c^2 wide + sum over equal labels of (plain + wide_label wide +
//   name_label c wide)
// A missing number counts as the column's mean; in a column that some training items have and some lack, an
// item with the number and one without are moreover 1/width apart. So a number that no training item lacks
// may be missing in a question: the answer is that for an item that is average there.
struct KernelWeights {
  double constant = 0.05;  // how uncertain the mean is
  double wide = 0.1;
  double core = 0.05;
  double name = 0.03;
  double name_squared = 0.03;
  double name_fourth = 0.05;
  double name_narrow = 0.1;
  double name_squared_wide = 0.1;
  std::vector<LabelWeights> labels;  // one a label, at most 4
};

struct KernelOptions {
  std::vector<KernelColumn> columns;
  KernelWeights weights;
  // Of more items a sample is taken: seeded, in equal shares of each first label and, within it, of large and
  // small noise.
  std::size_t items_max = 8192;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  // Taken instead of a new one, if it is of just the names of the model's items.
  std::shared_ptr<const NameIndex> index{};
};

struct KernelTraining {
  std::span<const KernelItem> items;
  std::span<const double> targets;
  std::span<const double> noise_variances;  // of each target; at least 0.001
  // Whether the item's leave-one-out values are asked for: one byte an item, 0 = no. Empty: all.
  std::span<const std::uint8_t> leave_one_out{};
};

struct SimilarItem {
  std::size_t item = 0;
  double similarity = 0;  // the kernel over that of an item with itself, both without constant: 1 = alike
  double pull = 0;        // what the item adds to the prediction

  bool operator==(const SimilarItem&) const = default;
};

// base + all pulls, summed in order = prediction, to the last rounding.
struct KernelExplanation {
  double prediction = 0;
  double base = 0;                   // what would be predicted for an item like no other
  std::vector<double> pulls;         // by item
  std::vector<double> similarities;  // by item, see SimilarItem

  // The at most `count` most similar items; and those that pull most, either way. Of equals the first item
  // first.
  std::vector<SimilarItem> most_similar(std::size_t count) const;
  std::vector<SimilarItem> strongest(std::size_t count) const;
};

struct KernelFit;

// Thread-compatible. Fitted from the same items, targets and options it has the same bytes on any number of
// threads and any processor; so has a prediction. (The one thing left to the C library is std::log.)
class KernelModel {
 public:
  // kInvalidInput: no items, lists of unequal length, a target or noise that is not finite, noise below
  // 0.001, an infinite number, more than 4 labels or more than 256 columns, items_max above 65,536.
  static core::Result<KernelFit> fit(const KernelTraining& training, const KernelOptions& options);

  std::size_t size() const { return index_->size(); }
  std::size_t column_count() const { return columns_.size(); }
  std::size_t label_count() const { return weights_.labels.size(); }
  const NameIndex& index() const { return *index_; }
  // The texts of a label that occur among the items, sorted.
  const std::vector<std::string>& label_names(std::size_t label) const { return label_names_[label]; }
  double base() const { return base_; }

  // The item must have column_count() numbers and label_count() labels. Finite for each item. `cosines`, if
  // they are of index(), are those of the item's name; it changes how long this takes, never what it gives.
  double predict(const KernelItem& item, const NameCosines* cosines = nullptr) const;
  KernelExplanation explain(const KernelItem& item, const NameCosines* cosines = nullptr) const;

  // The format is docs/formats/kernel-model.md. What from_bytes takes for good gives finite predictions;
  // anything else is kCorrupt. `index` is taken instead of a new one, if it is of just the items' names.
  std::string to_bytes() const;
  static core::Result<KernelModel> from_bytes(std::string_view bytes,
                                              const std::shared_ptr<const NameIndex>& index = nullptr);

 private:
  struct Column {
    double width = 1;
    double mean = 0;
    double deviation = 0;  // 0: all items have the same number, and the column is left out
    bool is_core = false;
    bool tells_missing = false;  // some training items have the number and some lack it
  };

  KernelModel() = default;

  // `index` if it is of these names, and a new one if not.
  static std::shared_ptr<const NameIndex> index_of(std::vector<std::string> names,
                                                   const std::shared_ptr<const NameIndex>& index);

  void measure_columns(std::span<const KernelColumn> columns, const KernelTraining& training,
                       std::span<const std::size_t> used);
  void number_labels(std::span<const KernelItem> items, std::span<const std::size_t> used);
  float standardised(std::size_t column, double number) const;
  float label_number(std::size_t label, std::string_view text) const;

  // Appends what the kernel looks at, in the order of ItemPanels: numbers of labels, core columns, other
  // columns.
  void append_row(std::span<const float> labels, std::span<const float> numbers,
                  std::vector<float>& row) const;
  std::size_t row_width() const;
  void build_panels();
  KernelTerms terms(double constant) const;
  ItemPanels item_panels() const;
  core::Result<PanelMatrix> kernel_matrix(std::span<const double> noise_variances,
                                          const DenseKernels& kernels, std::size_t threads) const;

  // The kernel without its constant between the item and each of the model's (and some zeros).
  std::vector<float> kernel_of(const KernelItem& item, const NameCosines* cosines) const;
  double kernel_with_itself() const;

  KernelWeights weights_;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> label_names_;  // by label: those that occur, sorted
  double base_ = 0;
  std::shared_ptr<const NameIndex> index_ = std::make_shared<const NameIndex>();
  std::vector<float> numbers_;        // by item: standardised, NaN = missing
  std::vector<float> labels_;         // by item: places in label_names_
  std::vector<double> pull_weights_;  // by item: what its kernel value is multiplied by
  std::vector<float> panels_;         // the items as the dense kernels want them
};

struct KernelFit {
  KernelModel model;
  std::vector<std::size_t>
      used;  // the training items that the model holds, ascending: model item -> training item
  // By training item. Of an item in the model: what the model fitted without it would predict, and the
  // variance of its target about that (noise included). Of an item left out by the sample: the model's
  // prediction, and NaN. Of an item not asked for: NaN.
  std::vector<double> leave_one_out;
  std::vector<double> leave_one_out_variance;
};

}  // namespace starcast::similar
