#include "learn/evaluation.h"

#include <gtest/gtest.h>

namespace starcast::learn {
namespace {

using listing::Listing;

// Three apps: two with few reviews, one with many; predictions with one interval each.
TestPredictions three_apps() {
  TestPredictions test;
  const double ratings[] = {4.0, 3.0, 4.5};
  const double reviews[] = {3, core::kMissing, 250000};
  const double values[] = {4.0, 4.0, 4.4};
  for (int i = 0; i < 3; ++i) {
    Listing listing;
    listing.app = "app";
    listing.rating = ratings[i];
    listing.reviews = reviews[i];
    test.listings.push_back(listing);
    test.predictions.push_back({values[i], {{0.8, values[i] - 0.5, values[i] + 0.5}}});
  }
  test.baselines.push_back({"mean", "mean of all", {4, 4, 4}});
  return test;
}

TEST(Evaluate, MeasuresTheModelAndItsBaselines) {
  const Evaluation evaluation = evaluate(three_apps(), {100, 1}).value();

  EXPECT_EQ(evaluation.apps, 3U);
  EXPECT_NEAR(evaluation.metrics.mae, 1.1 / 3, 1e-12);
  ASSERT_EQ(evaluation.baselines.size(), 1U);
  EXPECT_NEAR(evaluation.baselines[0].metrics.mae, 0.5, 1e-12);
}

TEST(Evaluate, CountsWhatTheIntervalsCover) {
  const Evaluation evaluation = evaluate(three_apps(), {100, 1}).value();

  ASSERT_EQ(evaluation.intervals.size(), 1U);
  EXPECT_NEAR(evaluation.intervals[0].coverage, 2.0 / 3, 1e-12);
  EXPECT_NEAR(evaluation.intervals[0].mean_width, 1.0, 1e-12);
}

TEST(Evaluate, BucketsByReviewsAndAnUnknownNumberIsInTheFirst) {
  const Evaluation evaluation = evaluate(three_apps(), {100, 1}).value();

  EXPECT_EQ(evaluation.by_reviews.front().count, 2U);
  EXPECT_EQ(evaluation.by_reviews.back().count, 1U);
  EXPECT_EQ(evaluation.by_reviews[2].count, 0U);
}

TEST(Evaluate, RefusesAnEmptyTestPart) {
  EXPECT_EQ(evaluate({}, {100, 1}).error().code(), core::ErrorCode::kInvalidInput);
}

TEST(ToJson, NamesLevelsAndBuckets) {
  const codec::Json json = to_json(evaluate(three_apps(), {100, 1}).value());

  EXPECT_NEAR(json.find("intervals")->find("80")->double_at("coverage").value(), 2.0 / 3, 1e-12);
  EXPECT_EQ(json.find("by_reviews")->find("under_10")->int_at("apps").value(), 2);
  EXPECT_TRUE(json.find("model")->find("bootstrap_95")->find("r2") != nullptr);
}

TEST(WritePredictions, HasAColumnPairForEachLevel) {
  core::StringSink sink;

  ASSERT_TRUE(write_predictions(sink, three_apps()));

  EXPECT_TRUE(
      sink.text().starts_with("App,Category,Reviews,rating,prediction,low_80,high_80\napp,,3,4,4,3.5,4.5\n"))
      << sink.text();
}

}  // namespace
}  // namespace starcast::learn
