#include "model/explanation.h"

#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

double sum_of(const RatingExplanation& explanation) {
  double sum = explanation.base + explanation.similar_share;
  for (const FieldShare& share : explanation.shares) sum += share.share;
  return sum;
}

// tiny_model() with a kernel model of its two listings.
RatingModel tiny_model_with_kernel(double weight) {
  RatingModel model = tiny_model();
  RatingCase& launched = model.cases[0];
  const KernelInputMaker inputs = KernelInputMaker::create(launched.encoder).value();
  const std::vector<listing::Listing> listings = tiny_listings();
  std::vector<double> row(launched.encoder.columns().size());
  std::vector<KernelInput> made;
  for (const listing::Listing& listing : listings) {
    launched.encoder.transform(listing, row);
    made.push_back(inputs.make(listing, row));
  }
  const std::vector<similar::KernelItem> items = {made[0].item(), made[1].item()};
  const std::vector<double> ratings = {4, 4.5};
  const std::vector<double> noise = {0.1, 0.1};
  const similar::KernelFit fit = similar::KernelModel::fit({items, ratings, noise}, kernel_options()).value();
  for (PointForest& point : launched.point) point.weight *= 1 - weight;
  launched.kernel = KernelPart{weight, fit.model.to_bytes()};
  return model;
}

TEST(RatingExplainer, HasOneShareAListingField) {
  const RatingScorer scorer = RatingScorer::create(tiny_model()).value();

  const RatingExplanation explanation = RatingExplainer::create(scorer).value().explain(launched_listing(5));

  ASSERT_EQ(explanation.shares.size(), listing::kFieldCount - 1);
  for (const FieldShare& share : explanation.shares) EXPECT_NE(share.field, listing::Field::kRating);
}

TEST(RatingExplainer, LeavesThatKnowNoFieldAreAllBase) {
  const RatingScorer scorer = RatingScorer::create(tiny_model()).value();

  const RatingExplanation explanation = RatingExplainer::create(scorer).value().explain(launched_listing(5));

  EXPECT_NEAR(explanation.base, 4.3, 1e-12);
  EXPECT_EQ(explanation.similar_share, 0);
  EXPECT_TRUE(explanation.similar_apps.empty());
}

TEST(RatingExplainer, SaysWhatTheScorerSays) {
  const RatingScorer scorer = RatingScorer::create(tiny_model_with_kernel(0.25)).value();
  const RatingExplainer explainer = RatingExplainer::create(scorer).value();

  for (const listing::Listing& listing : {launched_listing(5), listing::Listing{}, tiny_listings()[0]}) {
    const RatingPrediction predicted = scorer.predict(listing);
    const RatingExplanation explanation = explainer.explain(listing);

    EXPECT_EQ(explanation.prediction.value, predicted.prediction.value);
    EXPECT_EQ(explanation.answered_as, predicted.answered_as);
    ASSERT_EQ(explanation.prediction.intervals.size(), predicted.prediction.intervals.size());
    EXPECT_EQ(explanation.prediction.intervals[1].low, predicted.prediction.intervals[1].low);
    EXPECT_NEAR(sum_of(explanation), explanation.raw, 1e-9);
  }
}

TEST(RatingExplainer, NamesTheSimilarAppsOfTheKernelModel) {
  const RatingScorer scorer = RatingScorer::create(tiny_model_with_kernel(0.25)).value();

  const RatingExplanation explanation = RatingExplainer::create(scorer).value().explain(tiny_listings()[1]);

  ASSERT_EQ(explanation.similar_apps.size(), 2U);
  EXPECT_EQ(explanation.similar_apps[0].name, listing::key_of(tiny_listings()[1]));
  EXPECT_EQ(explanation.similar_apps[0].category, "GAME");
  EXPECT_EQ(explanation.similar_apps[0].rating, 4.5);
  EXPECT_EQ(explanation.similar_apps[0].reviews, 5000);
  EXPECT_NEAR(explanation.similar_apps[0].pull + explanation.similar_apps[1].pull, explanation.similar_share,
              1e-9);
}

TEST(RatingExplainer, LeavesOutForestsThatDoNotCount) {
  RatingModel model = tiny_model();
  model.cases[0].point[0].weight = 0;
  model.cases[0].point[1].weight = 1;
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();

  const RatingExplanation explanation = RatingExplainer::create(scorer).value().explain(launched_listing(5));

  EXPECT_NEAR(explanation.base, 4.4, 1e-12);
}

TEST(RatingExplainer, SaysWhenThePredictionWasClipped) {
  RatingModel model = tiny_model();
  model.cases[0].point[0].weight = -9;
  model.cases[0].point[1].weight = 10;
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();

  const RatingExplanation explanation = RatingExplainer::create(scorer).value().explain(launched_listing(5));

  EXPECT_NEAR(explanation.raw, 8, 1e-9);
  EXPECT_EQ(explanation.prediction.value, 5);
  EXPECT_TRUE(explanation.is_clipped());
}

TEST(RatingExplainer, RefusesAForestWithATransform) {
  RatingModel model = tiny_model();
  std::string& text = model.cases[0].point[0].text;
  text.replace(text.find("objective=regression"), 20, "objective=poisson");
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();

  EXPECT_EQ(RatingExplainer::create(scorer).error().code(), core::ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace starcast::model
