// Reads LightGBM's model text: a header of "key=value" lines, then per tree a line "Tree=N" and a block of
// arrays that an empty line ends, then "end of trees". What follows (importances, parameters) does not matter
// for predictions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "core/strings.h"
#include "forest/forest.h"

namespace starcast::forest {

namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

enum class HeaderKey {
  kVersion,
  kClasses,
  kTreesPerRound,
  kMaxFeature,
  kObjective,
  kAverage,
  kFeatureNames,
  kTreeSizes,
  kCount,  // not a key: how many there are
};

constexpr std::array<std::string_view, static_cast<std::size_t>(HeaderKey::kCount)> kHeaderNames = {
    "version",   "num_class",      "num_tree_per_iteration", "max_feature_idx",
    "objective", "average_output", "feature_names",          "tree_sizes"};

enum class TreeKey {
  kLeaves,
  kCategoricalSplits,
  kFeature,
  kGain,
  kThreshold,
  kDecision,
  kLeft,
  kRight,
  kLeafValue,
  kLeafCount,
  kNodeCount,
  kSetBounds,
  kSetWords,
  kLinear,
  kShrinkage,
  kCount,  // not a key: how many there are
};

constexpr std::array<std::string_view, static_cast<std::size_t>(TreeKey::kCount)> kTreeNames = {
    "num_leaves",     "num_cat",        "split_feature", "split_gain", "threshold",
    "decision_type",  "left_child",     "right_child",   "leaf_value", "leaf_count",
    "internal_count", "cat_boundaries", "cat_threshold", "is_linear",  "shrinkage"};

constexpr std::size_t kClassesMax = 65536;

// The bits of decision_type.
constexpr int kCategoricalBit = 1;
constexpr int kDefaultLeftBit = 2;
constexpr int kMissingShift = 2;
constexpr int kDecisionMax = 11;  // missing kind 2, both bits

struct Field {
  std::string_view name;
  std::string_view value;
  std::size_t line = 0;
};

// The fields of a block, by the position of their key in a table of names.
template <typename Key>
struct Fields {
  std::array<std::optional<Field>, static_cast<std::size_t>(Key::kCount)> found;

  const std::optional<Field>& operator[](Key key) const { return found[static_cast<std::size_t>(key)]; }
};

Error corrupt(std::size_t line, std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("line {}: {}; the model text is damaged, fetch or train it again", line, what));
}

Error unsupported(std::size_t line, std::string_view what) {
  return Error(ErrorCode::kUnsupported, fmt::format("line {}: {}", line, what));
}

// Text that goes into a message: short, whatever the file holds.
std::string_view excerpt(std::string_view text) {
  return text.substr(0, std::min<std::size_t>(text.size(), 40));
}

// Appends to `values`; `expected` bounds what is stored, so a hostile line costs no more memory than its own
// length.
template <typename T>
Result<std::vector<T>> parse_array(const Field& field, std::size_t expected) {
  std::vector<T> values;
  values.reserve(std::min(expected, field.value.size() / 2 + 1));
  const char* cursor = field.value.data();
  const char* const end = cursor + field.value.size();
  while (true) {
    while (cursor != end && *cursor == ' ') ++cursor;
    if (cursor == end) break;
    T value{};
    const auto [stop, status] = std::from_chars(cursor, end, value);
    if (status != std::errc() || (stop != end && *stop != ' ')) {
      return corrupt(field.line, fmt::format("{}[{}] is not a number that fits", field.name, values.size()));
    }
    if (values.size() == expected) {
      return corrupt(field.line, fmt::format("{} has more than {} values", field.name, expected));
    }
    values.push_back(value);
    cursor = stop;
  }
  if (values.size() != expected) {
    return corrupt(field.line, fmt::format("{} has {} values, not {}", field.name, values.size(), expected));
  }
  return values;
}

template <typename T>
Result<T> parse_one(const Field& field) {
  const std::vector<T> values = TRY(parse_array<T>(field, 1));
  return values.front();
}

// LightGBM writes infinities, e.g. as the threshold between numbers and an infinite value, but no NaN.
Result<void> require_numbers(const Field& field, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i]))
      return corrupt(field.line, fmt::format("{}[{}] is not a number", field.name, i));
  }
  return {};
}

}  // namespace

class LightGbmParser {
 public:
  LightGbmParser(std::string_view text, const ParseOptions& options) : rest_(text), options_(options) {}

  Result<Forest> parse() {
    if (!next_line() || line_ != "tree") {
      return Error(ErrorCode::kInvalidInput,
                   "line 1: not a LightGBM model text, which starts with the line \"tree\"");
    }
    const std::size_t trees = TRY(parse_header());
    TRY(parse_trees(trees));
    TRY(forest_.choose_kernel(options_.kernel));
    return std::move(forest_);
  }

 private:
  // Moves to the next line, without its "\n" or "\r\n"; false at the end.
  bool next_line() {
    if (rest_.empty()) return false;
    const void* const found = std::memchr(rest_.data(), '\n', rest_.size());
    const std::size_t length = found == nullptr
                                   ? rest_.size()
                                   : static_cast<std::size_t>(static_cast<const char*>(found) - rest_.data());
    line_ = rest_.substr(0, length);
    rest_.remove_prefix(found == nullptr ? length : length + 1);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++number_;
    return true;
  }

  bool at_tree_end() const { return line_.starts_with("Tree=") || line_ == "end of trees"; }

  // Puts the current line where its key belongs; keys that predictions do not need are passed over.
  template <typename Key, std::size_t N>
  Result<void> take_field(Fields<Key>& fields, const std::array<std::string_view, N>& names) const {
    const std::size_t equals = line_.find('=');
    const std::string_view key = line_.substr(0, equals);
    for (std::size_t i = 0; i < N; ++i) {
      if (names[i] != key) continue;
      if (fields.found[i]) return corrupt(number_, fmt::format("{} is there twice", key));
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : line_.substr(equals + 1);
      fields.found[i] = Field{names[i], value, number_};
      break;
    }
    return {};
  }

  template <typename Key, std::size_t N>
  Result<Field> need(const Fields<Key>& fields, Key key, const std::array<std::string_view, N>& names) const {
    if (!fields[key]) {
      return corrupt(number_, fmt::format("{} is missing", names[static_cast<std::size_t>(key)]));
    }
    return *fields[key];
  }

  // Ends on the first line of the trees; returns how many there have to be, or the maximum if the text does
  // not say.
  Result<std::size_t> parse_header() {
    Fields<HeaderKey> fields;
    while (true) {
      if (!next_line()) return corrupt(number_, "the text ends before the first tree");
      if (at_tree_end()) break;
      TRY(take_field(fields, kHeaderNames));
    }
    TRY(check_kind(fields));
    TRY(parse_features(fields));
    if (const auto& objective = fields[HeaderKey::kObjective]) TRY(parse_objective(*objective));
    forest_.averaged_ = fields[HeaderKey::kAverage].has_value();

    const auto& sizes = fields[HeaderKey::kTreeSizes];
    if (!sizes) return std::numeric_limits<std::size_t>::max();
    const auto parts = core::split(core::trimmed(sizes->value), ' ');
    return parts.size() == 1 && parts.front().empty() ? std::size_t{0} : parts.size();
  }

  Result<void> check_kind(const Fields<HeaderKey>& fields) {
    const Field version = TRY(need(fields, HeaderKey::kVersion, kHeaderNames));
    if (version.value != "v3" && version.value != "v4") {
      return unsupported(
          version.line,
          fmt::format("format version '{}'; v3 and v4 are read: save the model with LightGBM 3 or 4",
                      excerpt(version.value)));
    }
    const Field classes = TRY(need(fields, HeaderKey::kClasses, kHeaderNames));
    const Field trees = TRY(need(fields, HeaderKey::kTreesPerRound, kHeaderNames));
    forest_.class_count_ = TRY(parse_class_count(classes));
    const std::size_t trees_a_round = TRY(parse_class_count(trees));
    if (trees_a_round != forest_.class_count_) {
      return corrupt(trees.line, fmt::format("{} is {}, but num_class is {}", trees.name, trees_a_round,
                                             forest_.class_count_));
    }
    forest_.base_scores_.assign(forest_.class_count_, 0);
    return {};
  }

  static Result<std::size_t> parse_class_count(const Field& field) {
    const auto count = TRY(parse_one<std::int32_t>(field));
    if (count < 1) return corrupt(field.line, fmt::format("{} is {}", field.name, count));
    if (static_cast<std::size_t>(count) > kClassesMax) {
      return unsupported(field.line,
                         fmt::format("{} is {}; at most {} are read", field.name, count, kClassesMax));
    }
    return static_cast<std::size_t>(count);
  }

  Result<void> parse_features(const Fields<HeaderKey>& fields) {
    const Field names = TRY(need(fields, HeaderKey::kFeatureNames, kHeaderNames));
    const Field last = TRY(need(fields, HeaderKey::kMaxFeature, kHeaderNames));
    const auto max_feature = TRY(parse_one<std::int32_t>(last));
    if (max_feature < 0) return corrupt(last.line, "the model has no features");
    for (const std::string_view name : core::split(names.value, ' ')) {
      if (!name.empty()) forest_.feature_names_.emplace_back(name);
    }
    const std::size_t expected = static_cast<std::size_t>(max_feature) + 1;
    if (forest_.feature_names_.size() != expected) {
      return corrupt(names.line, fmt::format("feature_names has {} names, but max_feature_idx says {}",
                                             forest_.feature_names_.size(), expected));
    }
    forest_.gains_.assign(expected, 0.0);
    return {};
  }

  // As LightGBM reads it: the name, then words such as "sqrt", "sigmoid:1", "alpha:0.5".
  Result<void> parse_objective(const Field& field) {
    const auto words = core::split(field.value, ' ');
    const std::string_view name = words.front();
    constexpr std::array<std::string_view, 5> kTakeSqrt = {"regression", "regression_l1", "fair", "quantile",
                                                           "mape"};
    constexpr std::array<std::string_view, 3> kExponentials = {"poisson", "gamma", "tweedie"};
    constexpr std::array<std::string_view, 4> kIdentities = {"huber", "custom", "lambdarank", "rank_xendcg"};
    const auto is_in = [&name](const auto& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    forest_.objective_ = field.value;
    const bool has_classes = name == "multiclass" || name == "softmax" || name == "multiclassova" ||
                             name == "multiclass_ova" || name == "ova" || name == "ovr";
    if (has_classes) TRY(check_classes(field, words));
    if (is_in(kTakeSqrt)) {
      const bool sqrt = std::find(words.begin() + 1, words.end(), "sqrt") != words.end();
      forest_.transform_ = sqrt ? OutputTransform::kSqrt : OutputTransform::kIdentity;
    } else if (is_in(kIdentities)) {
      forest_.transform_ = OutputTransform::kIdentity;
    } else if (is_in(kExponentials)) {
      forest_.transform_ = OutputTransform::kExponential;
    } else if (name == "cross_entropy" || name == "xentropy") {
      forest_.transform_ = OutputTransform::kSigmoid;
    } else if (name == "cross_entropy_lambda" || name == "xentlambda") {
      forest_.transform_ = OutputTransform::kSoftplus;
    } else if (name == "multiclass" || name == "softmax") {
      forest_.transform_ = OutputTransform::kSoftmax;
    } else if (name == "binary" || has_classes) {
      forest_.transform_ = OutputTransform::kSigmoid;
      return parse_sigmoid(field, words);
    } else {
      return unsupported(field.line,
                         fmt::format("the objective '{}'; LightGBM's own objectives of version 4 and "
                                     "custom ones are read",
                                     excerpt(name)));
    }
    return {};
  }

  // "num_class:3" says again what the line num_class does.
  Result<void> check_classes(const Field& field, const std::vector<std::string_view>& words) const {
    constexpr std::string_view kPrefix = "num_class:";
    for (const std::string_view word : words) {
      if (!word.starts_with(kPrefix)) continue;
      const auto count =
          TRY(parse_one<std::int32_t>(Field{"num_class", word.substr(kPrefix.size()), field.line}));
      if (count > 0 && static_cast<std::size_t>(count) == forest_.class_count_) return {};
      return corrupt(field.line, fmt::format("the objective has {} classes, but there are {} trees a round",
                                             count, forest_.class_count_));
    }
    return corrupt(field.line, "the objective lacks its num_class");
  }

  Result<void> parse_sigmoid(const Field& field, const std::vector<std::string_view>& words) {
    constexpr std::string_view kPrefix = "sigmoid:";
    for (const std::string_view word : words) {
      if (!word.starts_with(kPrefix)) continue;
      forest_.sigmoid_ = TRY(parse_one<double>(Field{"sigmoid", word.substr(kPrefix.size()), field.line}));
      if (forest_.sigmoid_ > 0 && std::isfinite(forest_.sigmoid_)) return {};
      return corrupt(field.line, "sigmoid is not above 0");
    }
    return corrupt(field.line, "the objective lacks its sigmoid");
  }

  // Starts on a "Tree=" line or on "end of trees".
  Result<void> parse_trees(std::size_t expected) {
    forest_.trees_.reserve(std::min(expected, rest_.size() / 64));
    while (line_ != "end of trees") {
      const std::size_t index = forest_.trees_.size();
      if (index == expected) {
        return corrupt(number_, fmt::format("more trees than the {} that tree_sizes names", expected));
      }
      Fields<TreeKey> fields;
      const std::size_t first_line = number_;
      while (true) {
        if (!next_line()) return corrupt(number_, fmt::format("the text ends within tree {}", index));
        if (line_.empty() || at_tree_end()) break;
        TRY(take_field(fields, kTreeNames));
      }
      TRY(add_tree(fields), fmt::format("tree {} (line {})", index, first_line));
      while (line_.empty()) {
        if (!next_line()) return corrupt(number_, "the text ends without \"end of trees\"");
      }
      if (!at_tree_end()) return corrupt(number_, fmt::format("'{}' between two trees", excerpt(line_)));
    }
    if (forest_.trees_.empty()) return corrupt(number_, "the model has no trees");
    if (expected != std::numeric_limits<std::size_t>::max() && forest_.trees_.size() != expected) {
      return corrupt(number_,
                     fmt::format("{} trees, but tree_sizes names {}", forest_.trees_.size(), expected));
    }
    const std::size_t classes = forest_.class_count_;
    if (forest_.trees_.size() % classes != 0) {
      return corrupt(number_,
                     fmt::format("{} trees are no whole rounds of {}", forest_.trees_.size(), classes));
    }
    for (std::size_t i = 0; classes > 1 && i < forest_.trees_.size(); ++i) {
      forest_.class_of_tree_.push_back(static_cast<std::uint32_t>(i % classes));
    }
    return {};
  }

  Result<void> add_tree(const Fields<TreeKey>& fields) {
    if (const auto& linear = fields[TreeKey::kLinear]) {
      const auto is_linear = TRY(parse_one<std::int32_t>(*linear));
      if (is_linear != 0) {
        return unsupported(linear->line, "linear trees (linear_tree=true); train with linear_tree=false");
      }
    }
    const Field leaves = TRY(need(fields, TreeKey::kLeaves, kTreeNames));
    const auto leaf_count = TRY(parse_one<std::int32_t>(leaves));
    if (leaf_count < 1) return corrupt(leaves.line, fmt::format("num_leaves is {}", leaf_count));
    const auto size = static_cast<std::size_t>(leaf_count);

    Tree tree;
    const Field values = TRY(need(fields, TreeKey::kLeafValue, kTreeNames));
    tree.leaf_value = TRY(parse_array<double>(values, size));
    TRY(require_numbers(values, tree.leaf_value));
    tree.leaf_count = TRY(parse_counts(fields[TreeKey::kLeafCount], size));
    if (const auto& shrinkage = fields[TreeKey::kShrinkage]) {
      tree.shrinkage = TRY(parse_one<double>(*shrinkage));
    }
    if (size > 1) TRY(parse_nodes(fields, size - 1, tree));
    forest_.trees_.push_back(std::move(tree));
    return {};
  }

  // Zeros when the text has none.
  static Result<std::vector<std::uint32_t>> parse_counts(const std::optional<Field>& field,
                                                         std::size_t size) {
    if (!field) return std::vector<std::uint32_t>(size, 0);
    return parse_array<std::uint32_t>(*field, size);
  }

  Result<void> parse_nodes(const Fields<TreeKey>& fields, std::size_t nodes, Tree& tree) {
    const Field features = TRY(need(fields, TreeKey::kFeature, kTreeNames));
    tree.feature = TRY(parse_array<std::int32_t>(features, nodes));
    for (std::size_t i = 0; i < nodes; ++i) {
      if (tree.feature[i] < 0 || static_cast<std::size_t>(tree.feature[i]) >= forest_.feature_count()) {
        return corrupt(features.line, fmt::format("split_feature[{}] is {}, but the model has {} features", i,
                                                  tree.feature[i], forest_.feature_count()));
      }
    }
    const Field thresholds = TRY(need(fields, TreeKey::kThreshold, kTreeNames));
    tree.threshold = TRY(parse_array<double>(thresholds, nodes));
    TRY(require_numbers(thresholds, tree.threshold));
    tree.node_count = TRY(parse_counts(fields[TreeKey::kNodeCount], nodes));
    TRY(parse_children(fields, nodes, tree));
    TRY(parse_decisions(fields, thresholds, tree));
    if (const auto& gains = fields[TreeKey::kGain]) {
      // LightGBM holds gains as float, and counts those above 0.
      const auto values = TRY(parse_array<double>(*gains, nodes));
      for (std::size_t i = 0; i < nodes; ++i) {
        const auto gain = static_cast<double>(static_cast<float>(values[i]));
        if (gain > 0) forest_.gains_[static_cast<std::size_t>(tree.feature[i])] += gain;
      }
    }
    return {};
  }

  Result<void> parse_children(const Fields<TreeKey>& fields, std::size_t nodes, Tree& tree) const {
    for (const TreeKey key : {TreeKey::kLeft, TreeKey::kRight}) {
      const Field field = TRY(need(fields, key, kTreeNames));
      std::vector<std::int32_t>& children = key == TreeKey::kLeft ? tree.left : tree.right;
      children = TRY(parse_array<std::int32_t>(field, nodes));
      for (std::size_t i = 0; i < nodes; ++i) {
        const std::int32_t child = children[i];
        const auto bound = static_cast<std::int64_t>(nodes);
        if (child < -(bound + 1) || child >= bound) {
          return corrupt(field.line, fmt::format("{}[{}] is {}, out of range for {} leaves", field.name, i,
                                                 child, nodes + 1));
        }
      }
    }
    return check_shape(fields[TreeKey::kLeft]->line, nodes, tree);
  }

  // A walk from node 0 meets each node and each leaf exactly once, so no cycle exists and every prediction
  // ends.
  static Result<void> check_shape(std::size_t line, std::size_t nodes, const Tree& tree) {
    std::vector<std::uint8_t> met(2 * nodes + 1, 0);
    std::vector<std::size_t> waiting = {0};
    std::size_t met_count = 1;
    met[0] = 1;
    while (!waiting.empty()) {
      const std::size_t node = waiting.back();
      waiting.pop_back();
      for (const std::int32_t child : {tree.left[node], tree.right[node]}) {
        const std::size_t place =
            child >= 0 ? static_cast<std::size_t>(child) : nodes + static_cast<std::size_t>(~child);
        if (met[place] != 0) {
          return corrupt(line, fmt::format("{} {} has two parents or is its own ancestor",
                                           child >= 0 ? "node" : "leaf", child >= 0 ? child : ~child));
        }
        met[place] = 1;
        ++met_count;
        if (child >= 0) waiting.push_back(place);
      }
    }
    if (met_count != met.size()) return corrupt(line, "some nodes cannot be reached from the first");
    return {};
  }

  // decision_type tells numeric from categorical splits, the missing kind and where missing values go.
  Result<void> parse_decisions(const Fields<TreeKey>& fields, const Field& thresholds, Tree& tree) {
    const std::size_t nodes = tree.left.size();
    const std::size_t first_set = forest_.category_sets_.size();
    TRY(parse_sets(fields));
    const std::size_t sets = forest_.category_sets_.size() - first_set;

    tree.missing.assign(nodes, MissingKind::kNone);
    tree.default_left.assign(nodes, 0);
    tree.category_set.assign(nodes, -1);
    const auto& field = fields[TreeKey::kDecision];
    if (!field) return {};
    const auto decisions = TRY(parse_array<std::int32_t>(*field, nodes));
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::int32_t decision = decisions[i];
      if (decision < 0 || decision > kDecisionMax) {
        return corrupt(field->line, fmt::format("decision_type[{}] is {}", i, decision));
      }
      tree.missing[i] = static_cast<MissingKind>(decision >> kMissingShift);
      tree.default_left[i] = (decision & kDefaultLeftBit) != 0 ? 1 : 0;
      if ((decision & kCategoricalBit) == 0) continue;
      const double index = tree.threshold[i];  // of a categorical split: which of the tree's sets
      if (!(index >= 0 && index < static_cast<double>(sets)) || index != std::floor(index)) {
        return corrupt(thresholds.line,
                       fmt::format("threshold[{}] names a category set, but the tree has {}", i, sets));
      }
      tree.category_set[i] = static_cast<std::int32_t>(first_set + static_cast<std::size_t>(index));
    }
    return {};
  }

  Result<void> parse_sets(const Fields<TreeKey>& fields) {
    const Field count_field = TRY(need(fields, TreeKey::kCategoricalSplits, kTreeNames));
    const auto count = TRY(parse_one<std::int32_t>(count_field));
    if (count < 0) return corrupt(count_field.line, fmt::format("num_cat is {}", count));
    if (count == 0) return {};
    const Field bounds_field = TRY(need(fields, TreeKey::kSetBounds, kTreeNames));
    const Field words_field = TRY(need(fields, TreeKey::kSetWords, kTreeNames));
    const auto bounds = TRY(parse_array<std::uint32_t>(bounds_field, static_cast<std::size_t>(count) + 1));
    if (bounds.front() != 0 || !std::is_sorted(bounds.begin(), bounds.end())) {
      return corrupt(bounds_field.line, "cat_boundaries does not rise from 0");
    }
    const auto words = TRY(parse_array<std::uint32_t>(words_field, bounds.back()));
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      forest_.category_sets_.emplace_back(words.begin() + bounds[i], words.begin() + bounds[i + 1]);
    }
    return {};
  }

  std::string_view rest_;   // after the current line
  std::string_view line_;   // the current line
  std::size_t number_ = 0;  // its number, from 1
  const ParseOptions& options_;
  Forest forest_;
};

core::Result<Forest> parse_lightgbm(std::string_view text, const ParseOptions& options) {
  return LightGbmParser(text, options).parse();
}

}  // namespace starcast::forest
