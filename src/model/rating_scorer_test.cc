#include "model/rating_scorer.h"

#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

RatingScorer tiny_scorer() {
  features::Encoder encoder = tiny_encoder();
  const RatingModel model = tiny_model(encoder);
  return RatingScorer::create(std::move(encoder), model).value();
}

TEST(RatingScorer, TakesTheWeightedMeanOfItsPointForests) {
  EXPECT_NEAR(tiny_scorer().predict({}).value, 4.3, 1e-12);
}

TEST(RatingScorer, ScalesTheIntervalByTheGroupOfReviews) {
  const RatingScorer scorer = tiny_scorer();
  listing::Listing few;
  few.reviews = 99;
  listing::Listing many;
  many.reviews = 100;

  const Interval few_interval = interval_at(scorer.predict(few), 0.8).value();
  const Interval many_interval = interval_at(scorer.predict(many), 0.8).value();

  EXPECT_NEAR(few_interval.low, 4.2 - 2 * 0.4, 1e-12);
  EXPECT_NEAR(few_interval.high, 5, 1e-12);  // clipped to five stars
  EXPECT_NEAR(many_interval.low, 3.8, 1e-12);
  EXPECT_NEAR(many_interval.high, 4.6, 1e-12);
}

TEST(RatingScorer, AListingThatDoesNotSayItsReviewsHasTheWidestGroup) {
  const Prediction prediction = tiny_scorer().predict({});

  EXPECT_NEAR(interval_at(prediction, 0.8)->low, 3.4, 1e-12);
}

TEST(RatingScorer, IntervalsHoldThePredictionAndEachOther) {
  listing::Listing many;
  many.reviews = 1000;

  const Prediction prediction = tiny_scorer().predict(many);

  ASSERT_EQ(prediction.intervals.size(), 2U);
  EXPECT_LE(prediction.intervals[1].low, prediction.intervals[0].low);
  EXPECT_GE(prediction.intervals[1].high, prediction.intervals[0].high);
  EXPECT_LE(prediction.intervals[0].low, prediction.value);
  EXPECT_GE(prediction.intervals[0].high, prediction.value);
}

TEST(RatingScorer, HasNoIntervalWhereItIsNotCalibrated) {
  EXPECT_FALSE(interval_at(tiny_scorer().predict({}), 0.99).has_value());
}

TEST(RatingScorer, RowsAndListingsGiveTheSameAnswer) {
  const RatingScorer scorer = tiny_scorer();
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  rows->add_row();
  rows->set_text(0, "Alpha");
  rows->set_number(2, 5000);
  rows->add_row();

  const std::vector<Prediction> predictions = scorer.score(*rows);

  ASSERT_EQ(predictions.size(), 2U);
  EXPECT_EQ(scorer.signature().inputs[2].name, "Reviews");
  EXPECT_NEAR(predictions[0].intervals[1].low, 3.8, 1e-12);
  EXPECT_NEAR(predictions[1].intervals[1].low, 3.4, 1e-12);
}

TEST(RatingScorer, NotesACellThatMakesNoSense) {
  const RatingScorer scorer = tiny_scorer();
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  rows->add_row();

  rows->set_text(2, "many");

  ASSERT_EQ(rows->notes(0).size(), 1U);
  EXPECT_NE(rows->notes(0)[0].find("many"), std::string::npos);
}

TEST(RatingScorer, RefusesWeightsThatDoNotSumToOne) {
  features::Encoder encoder = tiny_encoder();
  RatingModel model = tiny_model(encoder);
  model.point[0].weight = 0.5;

  EXPECT_EQ(RatingScorer::create(std::move(encoder), model).error().code(), core::ErrorCode::kCorrupt);
}

TEST(RatingScorer, RefusesAForestOfOtherFeatures) {
  features::Encoder encoder = tiny_encoder();
  RatingModel model = tiny_model(encoder);
  features::EncoderOptions options;
  options.feature_set = features::FeatureSet::kPredecessor;
  const std::vector<double> weights = {1, 1};
  features::Encoder other = features::Encoder::fit(tiny_listings(), weights, options).value().encoder;

  const auto scorer = RatingScorer::create(std::move(other), model);

  ASSERT_FALSE(scorer);
  EXPECT_NE(scorer.error().message().find("takes"), std::string::npos);
}

TEST(Calibration, ScoresByTheHalfWidthOfItsSideAndNeverByLessThanTheFloor) {
  const Calibration calibration{0.1, {{0, {}}}};

  EXPECT_DOUBLE_EQ(calibration.score(4, 3, 4.5, 3.5), 0.5);
  EXPECT_DOUBLE_EQ(calibration.score(4, 3, 4.5, 5), 2);
  EXPECT_NEAR(calibration.score(4, 4, 4, 4.2), 2, 1e-12);
}

}  // namespace
}  // namespace starcast::model
