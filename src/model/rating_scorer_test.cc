#include "model/rating_scorer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

// LightGBM's text of one tree with one split.
std::string stump_on(const features::Encoder& encoder, std::size_t column, double gain) {
  std::vector<std::string> names;
  std::vector<std::string> infos;
  for (const features::FeatureColumn& named : encoder.columns()) {
    names.push_back(named.name);
    infos.emplace_back("[0:9]");
  }
  return fmt::format(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={}\nobjective="
      "regression\n"
      "feature_names={}\nfeature_infos={}\ntree_sizes=60\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature={}"
      "\n"
      "split_gain={}\nthreshold=1.5\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=4 5\n"
      "leaf_weight=1 1\nleaf_count=1 "
      "1\ninternal_value=4.5\ninternal_weight=2\ninternal_count=2\nis_linear=0\n"
      "shrinkage=1\n\n\nend of trees\n\nfeature_importances:\n",
      names.size() - 1, fmt::join(names, " "), fmt::join(infos, " "), column, gain);
}

RatingScorer tiny_scorer() {
  return RatingScorer::create(tiny_model()).value();
}

TEST(RatingScorer, TakesTheWeightedMeanOfItsPointForests) {
  EXPECT_NEAR(tiny_scorer().predict(launched_listing(5)).prediction.value, 4.3, 1e-12);
}

TEST(RatingScorer, WidensTheBandByTheGroupOfReviews) {
  const RatingScorer scorer = tiny_scorer();

  const Interval few = interval_at(scorer.predict(launched_listing(99)).prediction, 0.8).value();
  const Interval many = interval_at(scorer.predict(launched_listing(100)).prediction, 0.8).value();

  EXPECT_NEAR(few.low, 3.5, 1e-12);
  EXPECT_NEAR(few.high, 4.9, 1e-12);
  EXPECT_NEAR(many.low, 3.8, 1e-12);
  EXPECT_NEAR(many.high, 4.6, 1e-12);
}

TEST(RatingScorer, AnswersBeforeLaunchWhenReviewsOrInstallsAreNotKnown) {
  const RatingScorer scorer = tiny_scorer();
  listing::Listing without_installs;
  without_installs.reviews = 10;

  const RatingPrediction nothing = scorer.predict({});

  EXPECT_EQ(nothing.answered_as, LaunchCase::kBeforeLaunch);
  EXPECT_NEAR(nothing.prediction.value, 3.95, 1e-12);
  EXPECT_NEAR(interval_at(nothing.prediction, 0.8)->low, 2.9, 1e-12);
  EXPECT_EQ(scorer.predict(without_installs).answered_as, LaunchCase::kBeforeLaunch);
  EXPECT_EQ(scorer.predict(launched_listing(10)).answered_as, LaunchCase::kLaunched);
}

TEST(RatingScorer, AModelOfOneCaseAnswersAll) {
  RatingModel model = tiny_model();
  model.cases.pop_back();
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();

  EXPECT_EQ(scorer.predict({}).answered_as, LaunchCase::kLaunched);
  EXPECT_FALSE(scorer.answers(LaunchCase::kBeforeLaunch));
}

TEST(RatingScorer, IntervalsHoldThePredictionAndEachOther) {
  const Prediction prediction = tiny_scorer().predict(launched_listing(1000)).prediction;

  ASSERT_EQ(prediction.intervals.size(), 2U);
  EXPECT_LE(prediction.intervals[1].low, prediction.intervals[0].low);
  EXPECT_GE(prediction.intervals[1].high, prediction.intervals[0].high);
  EXPECT_LE(prediction.intervals[0].low, prediction.value);
  EXPECT_GE(prediction.intervals[0].high, prediction.value);
}

TEST(RatingScorer, HasNoIntervalWhereItIsNotCalibrated) {
  EXPECT_FALSE(interval_at(tiny_scorer().predict({}).prediction, 0.99).has_value());
}

TEST(RatingScorer, RefusesWeightsThatDoNotSumToOne) {
  RatingModel model = tiny_model();
  model.cases[0].point[0].weight = 0.5;

  EXPECT_EQ(RatingScorer::create(std::move(model)).error().code(), core::ErrorCode::kCorrupt);
}

TEST(RatingScorer, RefusesACalibrationThatDoesNotAscend) {
  RatingModel model = tiny_model();
  model.cases[1].calibration.groups[0].levels[1].scale = -0.9;

  EXPECT_EQ(RatingScorer::create(std::move(model)).error().code(), core::ErrorCode::kCorrupt);
}

TEST(RatingScorer, RefusesAForestOfOtherFeatures) {
  RatingModel model = tiny_model();
  features::EncoderOptions options;
  options.feature_set = features::FeatureSet::kPredecessor;
  const std::vector<double> weights = {1, 1};
  model.cases[0].encoder = features::Encoder::fit(tiny_listings(), weights, options).value().encoder;

  const auto scorer = RatingScorer::create(std::move(model));

  ASSERT_FALSE(scorer);
  EXPECT_NE(scorer.error().message().find("takes"), std::string::npos);
}

TEST(RatingScorer, RefusesAModelWithoutACase) {
  EXPECT_EQ(RatingScorer::create({}).error().code(), core::ErrorCode::kCorrupt);
}

TEST(RatingScorer, ForestsWithoutSplitsGiveNoColumnAShare) {
  const std::vector<ColumnGain> gains = tiny_scorer().gains();

  ASSERT_FALSE(gains.empty());
  for (const ColumnGain& gain : gains) EXPECT_EQ(gain.share, 0) << gain.column.name;
}

TEST(RatingScorer, WeighsTheShareOfEachForestsGain) {
  RatingModel model = tiny_model();
  std::vector<PointForest>& point = model.cases.front().point;
  point[0].text = stump_on(model.cases.front().encoder, 0, 10);
  point[1].text = stump_on(model.cases.front().encoder, 1, 4000);

  const std::vector<ColumnGain> gains = RatingScorer::create(std::move(model)).value().gains();

  EXPECT_EQ(gains[1].column.name, tiny_model().cases.front().encoder.columns()[1].name);
  EXPECT_NEAR(gains[0].share, 0.25, 1e-12);
  EXPECT_NEAR(gains[1].share, 0.75, 1e-12);
}

}  // namespace
}  // namespace starcast::model
