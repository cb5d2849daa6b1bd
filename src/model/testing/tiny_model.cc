#include "model/testing/tiny_model.h"

#include <fmt/format.h>

namespace starcast::model {

namespace {

// LightGBM's text of one tree of one leaf.
std::string leaf_forest(const features::Encoder& encoder, double value) {
  std::vector<std::string> names;
  std::vector<std::string> infos;
  for (const features::FeatureColumn& column : encoder.columns()) {
    names.push_back(column.name);
    infos.emplace_back("none");
  }
  return fmt::format(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={}\nobjective=regression\n"
      "feature_names={}\nfeature_infos={}\ntree_sizes=60\n\nTree=0\nnum_leaves=1\nnum_cat=0\nleaf_value={}\nshrinkage=1\n\n\n"
      "end of trees\n\nfeature_importances:\n",
      names.size() - 1, fmt::join(names, " "), fmt::join(infos, " "), value);
}

}  // namespace

std::vector<listing::Listing> tiny_listings() {
  std::vector<listing::Listing> listings(2);
  listings[0].app = "Alpha, \"quoted\"";
  listings[0].category = "TOOLS";
  listings[0].rating = 4;
  listings[0].reviews = 50;
  listings[1].app = "Beta \u00e9";
  listings[1].category = "GAME";
  listings[1].rating = 4.5;
  listings[1].reviews = 5000;
  return listings;
}

features::Encoder tiny_encoder() {
  const std::vector<double> weights = {1, 1};
  return features::Encoder::fit(tiny_listings(), weights, {}).value().encoder;
}

RatingModel tiny_model(const features::Encoder& encoder) {
  RatingModel model;
  model.learner = "boosted";
  model.objective = "squared error";
  model.seed = 7;
  model.calibration.groups = {{0, {{0.5, 1}, {0.8, 2}}}, {100, {{0.5, 0.5}, {0.8, 1}}}};
  model.trained_on = {"0123456789abcdef0123456789abcdef", "2018-08-08", 2, false};
  model.point = {{"mean", 0.25, leaf_forest(encoder, 4)}, {"median", 0.75, leaf_forest(encoder, 4.4)}};
  model.median = leaf_forest(encoder, 4.2);
  model.low = leaf_forest(encoder, 3.8);
  model.high = leaf_forest(encoder, 4.6);
  return model;
}

}  // namespace starcast::model
