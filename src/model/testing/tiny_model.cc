#include "model/testing/tiny_model.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

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
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={}\nobjective="
      "regression\n"
      "feature_names={}\nfeature_infos={}\ntree_sizes=60\n\nTree=0\nnum_leaves=1\nnum_cat=0\nleaf_value={}"
      "\nshrinkage=1\n\n\n"
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
  listings[0].installs = 1000;
  listings[1].app = "Beta \u00e9";
  listings[1].category = "GAME";
  listings[1].rating = 4.5;
  listings[1].reviews = 5000;
  listings[1].installs = 100000;
  return listings;
}

namespace {

RatingCase tiny_case(LaunchCase launch_case, std::vector<std::pair<double, double>> weighted_values,
                     Band band, std::vector<CalibrationGroup> groups) {
  const std::vector<double> weights = {1, 1};
  RatingCase rating_case{
      launch_case, features::Encoder::fit(tiny_listings(), weights, {}).value().encoder, {}, {}, {}, {}};
  for (const auto& weighted : weighted_values) {
    rating_case.point.push_back({fmt::format("point-{}", rating_case.point.size() + 1), weighted.first,
                                 leaf_forest(rating_case.encoder, weighted.second)});
  }
  rating_case.band = {leaf_forest(rating_case.encoder, band.median),
                      leaf_forest(rating_case.encoder, band.low),
                      leaf_forest(rating_case.encoder, band.high)};
  rating_case.calibration.groups = std::move(groups);
  return rating_case;
}

}  // namespace

RatingModel tiny_model() {
  RatingModel model;
  model.learner = "boosted";
  model.objective = "squared error";
  model.seed = 7;
  model.trained_on = {"0123456789abcdef0123456789abcdef", "2018-08-08", 2, false,
                      SeenFields::of(tiny_listings())};
  model.apps =
      std::make_shared<const TrainingApps>(TrainingApps::of(tiny_listings(), std::vector<double>{1, 1}));
  model.cases.push_back(tiny_case(LaunchCase::kLaunched, {{0.25, 4}, {0.75, 4.4}}, {4.2, 3.8, 4.6},
                                  {{0, {{0.5, -0.5}, {0.8, 0.3}}}, {100, {{0.5, -0.75}, {0.8, 0}}}}));
  model.cases.push_back(
      tiny_case(LaunchCase::kBeforeLaunch, {{1, 3.95}}, {4.05, 3, 4.5}, {{0, {{0.5, -0.5}, {0.8, 0.1}}}}));
  return model;
}

listing::Listing launched_listing(double reviews) {
  listing::Listing listing;
  listing.reviews = reviews;
  listing.installs = 1000;
  return listing;
}

}  // namespace starcast::model
