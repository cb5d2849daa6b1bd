#include "model/testing/tiny_forest.h"

#include <fmt/format.h>

namespace starcast::model {
namespace {

std::string tree_text(int index, double low, double high) {
  return fmt::format(
      "Tree={}\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=1\nthreshold=1.5\ndecision_type=10\n"
      "left_child=-1\nright_child=-2\nleaf_value={} {}\nleaf_weight=1 1\nleaf_count=1 1\ninternal_value={}\n"
      "internal_weight=2\ninternal_count=2\nis_linear=0\nshrinkage=1\n\n\n",
      index, low, high, (low + high) / 2);
}

std::string header_text(const std::vector<std::string>& features, int classes, const std::string& objective) {
  const std::vector<std::string> infos(features.size(), "[0:9]");
  const std::vector<int> sizes(static_cast<std::size_t>(classes), 60);
  return fmt::format(
      "tree\nversion=v4\nnum_class={}\nnum_tree_per_iteration={}\nlabel_index=0\nmax_feature_idx={}"
      "\nobjective="
      "{}\nfeature_names={}\nfeature_infos={}\ntree_sizes={}\n\n",
      classes, classes, features.size() - 1, objective, fmt::join(features, " "), fmt::join(infos, " "),
      fmt::join(sizes, " "));
}

constexpr const char* kEnd = "end of trees\n\nfeature_importances:\n";

}  // namespace

std::string stump_text(const std::vector<std::string>& features, double low, double high) {
  return header_text(features, 1, "regression") + tree_text(0, low, high) + kEnd;
}

std::string three_class_text() {
  std::string text = header_text({"x"}, 3, "multiclass num_class:3");
  text += tree_text(0, 0, 0);
  text += tree_text(1, 2, 0);
  text += tree_text(2, 0, 2);
  return text + kEnd;
}

std::shared_ptr<const ForestScorer> stump_scorer(const std::vector<std::string>& features, double low,
                                                 double high) {
  ForestModel model{forest::parse_lightgbm(stump_text(features, low, high)).value()};
  return ForestScorer::create(std::move(model)).value();
}

}  // namespace starcast::model
