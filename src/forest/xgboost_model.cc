// Reads XGBoost's model files: {"learner": {"gradient_booster": {"model": {"trees": [...]}}, ...}}, as JSON
// or as UBJSON. A tree's nodes and leaves are numbered together there; ours are numbered apart, as they are
// met on the way down from the root, so that neither a cycle nor what pruning left behind comes with them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "core/strings.h"
#include "forest/forest.h"
#include "forest/model_value.h"

namespace starcast::forest {

namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kFeaturesMax = std::size_t{1} << 24;
constexpr std::size_t kClassesMax = 65536;
constexpr std::size_t kSetWordsMax = std::size_t{1} << 25;  // of all sets: 128 MiB, from few bytes of a file
constexpr std::uint32_t kCategoriesMax = 16777216;          // XGBoost's: what floats tell apart

Error corrupt(std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("{}; the model file is damaged, fetch or save it again", what));
}

Error unsupported(std::string_view what) {
  return Error(ErrorCode::kUnsupported, std::string(what));
}

std::string_view excerpt(std::string_view text) {
  return text.substr(0, std::min<std::size_t>(text.size(), 40));
}

// How a base score, which is a prediction, becomes the margin that the sum starts from.
enum class BaseScore { kMargin, kProbability, kExponential };

struct Objective {
  std::string_view name;
  OutputTransform transform = OutputTransform::kIdentity;
  BaseScore base = BaseScore::kMargin;
};

constexpr std::array kObjectives = {
    Objective{"reg:squarederror"},
    Objective{"reg:linear"},
    Objective{"reg:squaredlogerror"},
    Objective{"reg:pseudohubererror"},
    Objective{"reg:absoluteerror"},
    Objective{"reg:quantileerror"},
    Objective{"reg:expectileerror"},
    Objective{"reg:logistic", OutputTransform::kSigmoid, BaseScore::kProbability},
    Objective{"binary:logistic", OutputTransform::kSigmoid, BaseScore::kProbability},
    Objective{"binary:logitraw"},
    Objective{"binary:hinge", OutputTransform::kStep},
    Objective{"count:poisson", OutputTransform::kExponential, BaseScore::kExponential},
    Objective{"reg:gamma", OutputTransform::kExponential, BaseScore::kExponential},
    Objective{"reg:tweedie", OutputTransform::kExponential, BaseScore::kExponential},
    Objective{"survival:cox", OutputTransform::kExponential, BaseScore::kExponential},
    Objective{"survival:aft", OutputTransform::kExponential, BaseScore::kExponential},
    Objective{"multi:softprob", OutputTransform::kSoftmax},
    Objective{"multi:softmax", OutputTransform::kClassIndex},
    Objective{"rank:pairwise"},
    Objective{"rank:ndcg"},
    Objective{"rank:map"},
};

double margin_of(BaseScore kind, float score) {
  switch (kind) {
    case BaseScore::kMargin:
      break;
    case BaseScore::kProbability:
      return static_cast<double>(-std::log(1.0f / score - 1.0f));
    case BaseScore::kExponential:
      return static_cast<double>(std::log(score));
  }
  return static_cast<double>(score);
}

// Members that are needed, by name.

Result<const ModelValue*> member(const ModelValue& object, std::string_view name) {
  const ModelValue* const value = object.find(name);
  if (value == nullptr) return corrupt(fmt::format("{} is missing", name));
  return value;
}

Result<const ModelValue*> member(const ModelValue& object, std::string_view name, ModelValue::Kind kind) {
  const ModelValue* const value = TRY(member(object, name));
  const bool is_empty_array =
      value->kind == ModelValue::Kind::kNumbers && value->numbers.empty() && kind == ModelValue::Kind::kItems;
  if (value->kind != kind && !is_empty_array) {
    return corrupt(fmt::format("{} is not what it should be: an object, a list, a text or a number", name));
  }
  return value;
}

Result<const ModelValue*> object_at(const ModelValue& object, std::string_view name) {
  return member(object, name, ModelValue::Kind::kMembers);
}

Result<std::string_view> text_at(const ModelValue& object, std::string_view name) {
  const ModelValue* const value = TRY(member(object, name, ModelValue::Kind::kText));
  return std::string_view(value->text);
}

// XGBoost writes its parameters as texts.
Result<std::size_t> count_at(const ModelValue& object, std::string_view name, std::size_t most) {
  const std::string_view text = TRY(text_at(object, name));
  std::size_t count = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (status != std::errc() || end != text.data() + text.size() || count > most) {
    return corrupt(fmt::format("{} is '{}', not a count up to {}", name, excerpt(text), most));
  }
  return count;
}

Result<const std::vector<double>*> numbers_at(const ModelValue& object, std::string_view name,
                                              std::size_t count) {
  const ModelValue* const value = TRY(member(object, name, ModelValue::Kind::kNumbers));
  if (value->numbers.size() != count) {
    return corrupt(fmt::format("{} has {} values, not {}", name, value->numbers.size(), count));
  }
  return &value->numbers;
}

// The same, each an integer from `least` to `most`.
Result<const std::vector<double>*> integers_at(const ModelValue& object, std::string_view name,
                                               std::size_t count, double least, double most) {
  const std::vector<double>* const numbers = TRY(numbers_at(object, name, count));
  for (std::size_t i = 0; i < count; ++i) {
    const double number = (*numbers)[i];
    if (!(number >= least && number <= most) || number != std::floor(number)) {
      return corrupt(fmt::format("{}[{}] is {}, out of range", name, i, number));
    }
  }
  return numbers;
}

Result<std::vector<std::string>> texts_of(const ModelValue& learner, std::string_view name) {
  std::vector<std::string> texts;
  if (learner.find(name) == nullptr) return texts;
  const ModelValue* const value = TRY(member(learner, name, ModelValue::Kind::kItems));
  for (const ModelValue& item : value->items) {
    if (item.kind != ModelValue::Kind::kText)
      return corrupt(fmt::format("{} has something else than texts", name));
    texts.push_back(item.text);
  }
  return texts;
}

Result<float> parse_float(std::string_view text, std::string_view name) {
  float number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return corrupt(fmt::format("{} is '{}', not a number", name, excerpt(text)));
  }
  return number;
}

// One tree's arrays, by XGBoost's numbers of nodes and leaves.
struct Columns {
  const std::vector<double>* left = nullptr;
  const std::vector<double>* right = nullptr;
  const std::vector<double>* feature = nullptr;
  const std::vector<double>* condition = nullptr;  // a split's threshold, a leaf's value
  const std::vector<double>* default_left = nullptr;
  const std::vector<double>* cover = nullptr;
  const std::vector<double>* gain = nullptr;
  const std::vector<double>* is_category = nullptr;  // may be null
};

}  // namespace

class XgBoostParser {
 public:
  XgBoostParser(const ModelValue& root, const ParseOptions& options) : root_(root), options_(options) {}

  Result<Forest> parse() {
    forest_.library_ = Library::kXgBoost;
    const ModelValue* const learner = TRY(object_at(root_, "learner"));
    TRY(parse_learner(*learner), "learner");
    TRY(forest_.choose_kernel(options_.kernel));
    return std::move(forest_);
  }

 private:
  Result<void> parse_learner(const ModelValue& learner) {
    const ModelValue* const objective = TRY(object_at(learner, "objective"));
    const std::string_view name = TRY(text_at(*objective, "name"), "objective");
    const auto* const found = std::find_if(kObjectives.begin(), kObjectives.end(),
                                           [name](const Objective& one) { return one.name == name; });
    if (found == kObjectives.end()) {
      return unsupported(fmt::format("the objective '{}'; XGBoost's own objectives are read", excerpt(name)));
    }
    forest_.objective_ = name;
    forest_.transform_ = found->transform;
    forest_.has_double_exponential_ = name == "survival:aft";

    const ModelValue* const parameters = TRY(object_at(learner, "learner_model_param"));
    TRY(parse_shape(learner, *parameters));
    TRY(parse_base_scores(*parameters, found->base), "learner_model_param");

    const ModelValue* const booster = TRY(object_at(learner, "gradient_booster"));
    const std::string_view booster_name = TRY(text_at(*booster, "name"), "gradient_booster");
    if (booster_name == "dart") {
      const ModelValue* const inner = TRY(object_at(*booster, "gbtree"), "gradient_booster");
      const ModelValue* const model = TRY(object_at(*inner, "model"), "gradient_booster.gbtree");
      weights_ = TRY(member(*booster, "weight_drop", ModelValue::Kind::kNumbers), "gradient_booster");
      TRY(parse_model(learner, *model), "gradient_booster.gbtree.model");
      return {};
    }
    if (booster_name != "gbtree") {
      return unsupported(fmt::format("the booster '{}'; gbtree and dart are read", excerpt(booster_name)));
    }
    const ModelValue* const model = TRY(object_at(*booster, "model"), "gradient_booster");
    TRY(parse_model(learner, *model), "gradient_booster.model");
    return {};
  }

  Result<void> parse_shape(const ModelValue& learner, const ModelValue& parameters) {
    constexpr std::string_view kContext = "learner_model_param";
    const std::size_t features = TRY(count_at(parameters, "num_feature", kFeaturesMax), kContext);
    const std::size_t classes = TRY(count_at(parameters, "num_class", kClassesMax), kContext);
    std::size_t targets = 1;
    if (parameters.find("num_target") != nullptr) {
      targets = TRY(count_at(parameters, "num_target", kClassesMax), kContext);
    }
    if (features == 0) return corrupt("learner_model_param: the model has no features");
    forest_.class_count_ = std::max({classes, targets, std::size_t{1}});

    forest_.feature_names_ = TRY(texts_of(learner, "feature_names"));
    forest_.feature_types_ = TRY(texts_of(learner, "feature_types"));
    if (!forest_.feature_names_.empty() && forest_.feature_names_.size() != features) {
      return corrupt(fmt::format("feature_names has {} names, but num_feature says {}",
                                 forest_.feature_names_.size(), features));
    }
    if (!forest_.feature_types_.empty() && forest_.feature_types_.size() != features) {
      return corrupt(fmt::format("feature_types has {} types, but num_feature says {}",
                                 forest_.feature_types_.size(), features));
    }
    for (std::size_t i = forest_.feature_names_.size(); i < features; ++i) {
      forest_.feature_names_.push_back(fmt::format("f{}", i));
    }
    forest_.gains_.assign(features, 0.0);
    return {};
  }

  // "5E-1", or since 3.1 "[5E-1]" and one for each class.
  Result<void> parse_base_scores(const ModelValue& parameters, BaseScore kind) {
    std::string_view text = TRY(text_at(parameters, "base_score"));
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    forest_.base_scores_.clear();
    for (const std::string_view part : core::split(text, ',')) {
      const float score = TRY(parse_float(core::trimmed(part), "base_score"));
      const double margin = margin_of(kind, score);
      if (!std::isfinite(margin)) {
        return corrupt(fmt::format("base_score is {}, which the objective cannot start from", score));
      }
      forest_.base_scores_.push_back(margin);
    }
    const std::size_t classes = forest_.class_count_;
    if (forest_.base_scores_.size() == 1) forest_.base_scores_.resize(classes, forest_.base_scores_.front());
    if (forest_.base_scores_.size() != classes) {
      return corrupt(
          fmt::format("base_score has {} values for {} classes", forest_.base_scores_.size(), classes));
    }
    return {};
  }

  Result<void> parse_model(const ModelValue& learner, const ModelValue& model) {
    const ModelValue* const trees = TRY(member(model, "trees", ModelValue::Kind::kItems));
    const std::size_t count = trees->items.size();
    if (count == 0) return corrupt("the model has no trees");
    const auto last_class = static_cast<double>(forest_.class_count_ - 1);
    const std::vector<double>* const classes = TRY(integers_at(model, "tree_info", count, 0, last_class));
    if (weights_ != nullptr && weights_->numbers.size() != count) {
      return corrupt(
          fmt::format("weight_drop has {} values, but there are {} trees", weights_->numbers.size(), count));
    }
    std::size_t counted = count;
    if (options_.best_iteration_only) counted = TRY(trees_up_to_best(learner, model, count));
    forest_.trees_.reserve(counted);
    for (std::size_t i = 0; i < counted; ++i) {
      const auto weight = weights_ == nullptr ? 1.0f : static_cast<float>(weights_->numbers[i]);
      if (!std::isfinite(weight)) return corrupt(fmt::format("weight_drop[{}] is not a number", i));
      TRY(add_tree(trees->items[i], weight), fmt::format("trees[{}]", i));
      if (forest_.class_count_ > 1) {
        forest_.class_of_tree_.push_back(static_cast<std::uint32_t>((*classes)[i]));
      }
    }
    return {};
  }

  // How many trees count if rounds after the best one do not.
  Result<std::size_t> trees_up_to_best(const ModelValue& learner, const ModelValue& model,
                                       std::size_t count) const {
    const ModelValue* const attributes = learner.find("attributes");
    if (attributes == nullptr || attributes->find("best_iteration") == nullptr) return count;
    const std::size_t best = TRY(count_at(*attributes, "best_iteration", count), "attributes");
    if (const ModelValue* const bounds = model.find("iteration_indptr")) {
      if (best + 1 >= bounds->numbers.size()) return corrupt("best_iteration is behind the last iteration");
      const double bound = bounds->numbers[best + 1];
      if (!(bound >= 1 && bound <= static_cast<double>(count)) || bound != std::floor(bound)) {
        return corrupt(fmt::format("iteration_indptr[{}] is {}, out of range", best + 1, bound));
      }
      return static_cast<std::size_t>(bound);
    }
    const ModelValue* const parameters = TRY(object_at(model, "gbtree_model_param"));
    const std::size_t parallel = TRY(count_at(*parameters, "num_parallel_tree", count));
    const std::size_t trees = (best + 1) * std::max<std::size_t>(parallel, 1) * forest_.class_count_;
    if (trees > count) return corrupt("best_iteration is behind the last iteration");
    return trees;
  }

  Result<void> add_tree(const ModelValue& tree, float weight) {
    const ModelValue* const parameters = TRY(object_at(tree, "tree_param"));
    const std::size_t size =
        TRY(count_at(*parameters, "num_nodes", std::numeric_limits<std::int32_t>::max()), "tree_param");
    if (size == 0) return corrupt("tree_param: num_nodes is 0");
    if (parameters->find("size_leaf_vector") != nullptr) {
      const std::size_t width = TRY(count_at(*parameters, "size_leaf_vector", kClassesMax), "tree_param");
      if (width > 1) {
        return unsupported(
            "trees with a vector in each leaf (multi_strategy=multi_output_tree); train with "
            "multi_strategy=one_output_per_tree");
      }
    }
    const auto bound = static_cast<double>(size - 1);
    const auto features = static_cast<double>(forest_.feature_count());
    Columns columns;
    columns.left = TRY(integers_at(tree, "left_children", size, -1, bound));
    columns.right = TRY(integers_at(tree, "right_children", size, -1, bound));
    columns.feature =
        TRY(integers_at(tree, "split_indices", size, 0, std::numeric_limits<std::int32_t>::max()));
    columns.condition = TRY(numbers_at(tree, "split_conditions", size));
    columns.default_left = TRY(integers_at(tree, "default_left", size, 0, 1));
    columns.cover = TRY(numbers_at(tree, "sum_hessian", size));
    columns.gain = TRY(numbers_at(tree, "loss_changes", size));
    if (tree.find("split_type") != nullptr)
      columns.is_category = TRY(integers_at(tree, "split_type", size, 0, 1));
    const std::map<std::size_t, std::vector<std::uint32_t>> sets = TRY(parse_sets(tree, size));

    Tree made;
    std::vector<std::int32_t> ids;
    std::vector<std::uint8_t> met(size, 0);
    struct Waiting {
      std::size_t place;
      std::int32_t* parent_side;  // where its number in our tree belongs; null for the root
    };
    // The vectors of sides are never longer than all of the tree, so their elements stay where they are.
    made.left.reserve(size);
    made.right.reserve(size);
    std::vector<Waiting> waiting = {{0, nullptr}};
    while (!waiting.empty()) {
      const Waiting next = waiting.back();
      waiting.pop_back();
      const std::size_t place = next.place;
      if (met[place]++ != 0)
        return corrupt(fmt::format("node {} has two parents or is its own ancestor", place));
      const double left = (*columns.left)[place];
      const double right = (*columns.right)[place];
      const double condition = (*columns.condition)[place];
      if (left < 0) {
        if (std::isnan(condition)) return corrupt(fmt::format("split_conditions[{}] is not a number", place));
        if (next.parent_side != nullptr)
          *next.parent_side = ~static_cast<std::int32_t>(made.leaf_value.size());
        made.leaf_value.push_back(static_cast<double>(static_cast<float>(condition) * weight));
        made.leaf_cover.push_back((*columns.cover)[place]);
        ids.push_back(static_cast<std::int32_t>(place));
        continue;
      }
      if (right < 0) return corrupt(fmt::format("node {} has one side only", place));
      const double feature = (*columns.feature)[place];
      if (feature >= features) {
        return corrupt(
            fmt::format("split_indices[{}] is {}, but the model has {} features", place, feature, features));
      }
      if (next.parent_side != nullptr) *next.parent_side = static_cast<std::int32_t>(made.left.size());
      made.feature.push_back(static_cast<std::int32_t>(feature));
      made.missing.push_back(MissingKind::kNaN);
      made.default_left.push_back((*columns.default_left)[place] != 0 ? 1 : 0);
      made.node_cover.push_back((*columns.cover)[place]);
      if (columns.is_category != nullptr && (*columns.is_category)[place] != 0) {
        const auto set = sets.find(place);
        if (set == sets.end()) return corrupt(fmt::format("node {} has no categories", place));
        made.category_set.push_back(number_of(set->second));
        made.threshold.push_back(0);
      } else {
        made.category_set.push_back(-1);
        made.threshold.push_back(TRY(last_below(condition, place)));
      }
      const double gain = (*columns.gain)[place];
      if (gain > 0) forest_.gains_[static_cast<std::size_t>(feature)] += gain;
      made.left.push_back(0);
      made.right.push_back(0);
      // The left side is met first, so its leaves come first.
      waiting.push_back({static_cast<std::size_t>(right), &made.right.back()});
      waiting.push_back({static_cast<std::size_t>(left), &made.left.back()});
    }
    made.leaf_count.assign(made.leaf_value.size(), 0);
    made.node_count.assign(made.left.size(), 0);
    forest_.trees_.push_back(std::move(made));
    forest_.leaf_ids_.push_back(std::move(ids));
    return {};
  }

  // The largest float below a threshold: "value < threshold" is "value <= it" for floats.
  static Result<double> last_below(double condition, std::size_t place) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const auto threshold = static_cast<float>(condition);
    if (std::isnan(threshold) || threshold == -kInfinity) {
      return corrupt(fmt::format("split_conditions[{}] is {}, which no value is below", place, condition));
    }
    return static_cast<double>(std::nextafter(threshold, -kInfinity));
  }

  // The categories of each category split, by the node's place, as bits.
  Result<std::map<std::size_t, std::vector<std::uint32_t>>> parse_sets(const ModelValue& tree,
                                                                       std::size_t size) {
    std::map<std::size_t, std::vector<std::uint32_t>> sets;
    if (tree.find("categories_nodes") == nullptr) return sets;
    const ModelValue* const nodes_value = TRY(member(tree, "categories_nodes", ModelValue::Kind::kNumbers));
    const std::size_t count = nodes_value->numbers.size();
    if (count == 0) return sets;
    const ModelValue* const categories_value = TRY(member(tree, "categories", ModelValue::Kind::kNumbers));
    const std::size_t total = categories_value->numbers.size();
    const auto places = static_cast<double>(size - 1);
    const auto bound = static_cast<double>(total);
    const std::vector<double>& nodes = *TRY(integers_at(tree, "categories_nodes", count, 0, places));
    const std::vector<double>& firsts = *TRY(integers_at(tree, "categories_segments", count, 0, bound));
    const std::vector<double>& sizes = *TRY(integers_at(tree, "categories_sizes", count, 0, bound));
    const std::vector<double>& categories =
        *TRY(integers_at(tree, "categories", total, 0, kCategoriesMax - 1));
    for (std::size_t i = 0; i < count; ++i) {
      if (firsts[i] + sizes[i] > bound) return corrupt(fmt::format("categories_sizes[{}] is too large", i));
      const auto first = categories.begin() + static_cast<std::ptrdiff_t>(firsts[i]);
      const auto last = first + static_cast<std::ptrdiff_t>(sizes[i]);
      std::vector<std::uint32_t>& words = sets[static_cast<std::size_t>(nodes[i])];
      for (auto category = first; category != last; ++category) {
        const auto bit = static_cast<std::uint32_t>(*category);
        if (words.size() <= bit / 32) {
          set_words_ += bit / 32 + 1 - words.size();
          if (set_words_ > kSetWordsMax) {
            return Error(ErrorCode::kTooLarge,
                         "the category splits need more than 128 MiB; number the categories "
                         "from 0 without gaps and train again");
          }
          words.resize(bit / 32 + 1, 0);
        }
        words[bit / 32] |= 1U << bit % 32;
      }
    }
    return sets;
  }

  // Equal sets are kept once, so that a row's fast kernels look at them once.
  std::int32_t number_of(const std::vector<std::uint32_t>& words) {
    const auto [found, is_new] =
        numbers_of_sets_.try_emplace(words, static_cast<std::int32_t>(forest_.category_sets_.size()));
    if (is_new) forest_.category_sets_.push_back(words);
    return found->second;
  }

  const ModelValue& root_;
  const ParseOptions& options_;
  const ModelValue* weights_ = nullptr;  // of dart's trees
  std::map<std::vector<std::uint32_t>, std::int32_t> numbers_of_sets_;
  std::size_t set_words_ = 0;
  Forest forest_;
};

core::Result<Forest> parse_xgboost(std::string_view bytes, const ParseOptions& options) {
  const std::vector<std::string_view> dropped = {"base_weights", "parents", "cats"};
  const std::size_t first = bytes.find_first_not_of(" \n\r\t");
  if (bytes.starts_with("binf") || bytes.starts_with("CONFIG-offset:")) {
    return Error(ErrorCode::kUnsupported,
                 "a model in XGBoost's own binary form; save it by save_model('model.json') or 'model.ubj'");
  }
  if (first == std::string_view::npos || bytes[first] != '{') {
    return Error(ErrorCode::kInvalidInput,
                 "not a model file of XGBoost, which starts with '{'; save it by save_model('model.json') or "
                 "'model.ubj'");
  }
  const std::size_t second = bytes.find_first_not_of(" \n\r\t", first + 1);
  const bool is_json = second != std::string_view::npos && (bytes[second] == '"' || bytes[second] == '}');
  const ModelValue root =
      is_json ? TRY(read_model_json(bytes, dropped)) : TRY(read_model_ubjson(bytes, dropped));
  return XgBoostParser(root, options).parse();
}

}  // namespace starcast::forest
