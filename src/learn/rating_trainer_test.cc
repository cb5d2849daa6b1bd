#include "learn/rating_trainer.h"

#include <gtest/gtest.h>

#include <atomic>

#include "gbm/testing/load_for_tests.h"
#include "learn/baselines.h"
#include "learn/cross_validation.h"
#include "learn/evaluation.h"
#include "learn/split.h"
#include "listing/clean.h"
#include "listing/sample.h"

namespace starcast::learn {
namespace {

using listing::Listing;

class KeepingRunLog final : public RunLog {
 public:
  void log_param(std::string_view name, std::string_view value) override {
    params_[std::string(name)] = std::string(value);
  }
  void log_metric(std::string_view name, double value, long) override { metrics_[std::string(name)] = value; }
  std::map<std::string, std::string> params_;
  std::map<std::string, double> metrics_;
};

std::vector<Listing> sample_listings(std::size_t apps) {
  core::StringSink sink;
  listing::SampleOptions options;
  options.apps = apps;
  EXPECT_TRUE(listing::write_sample(sink, options));
  core::StringSource source(sink.text());
  return listing::cleaned(listing::read_listings(source, {}).value()).listings;
}

RatingPlan quick_plan() {
  RatingPlan plan = RatingPlan::defaults_of(Learner::kBoosted);
  for (CasePlan& case_plan : plan.cases) {
    for (PointPlan& point : case_plan.point) point.booster.trees = 40;
    case_plan.band.trees = 20;
  }
  return plan;
}

class RatingTrainer : public ::testing::Test {
 protected:
  void SetUp() override {
    core::Result<gbm::LightGbm> library = gbm::load_for_tests();
    if (!library) GTEST_SKIP() << library.error().message();
    library_.emplace(std::move(library).value());
  }

  model::RatingModel train(std::span<const Listing> listings, const RatingPlan& plan, std::size_t threads) {
    return train_rating(listings, plan, {}, {*library_, threads, {}}, run_log_).value();
  }

  std::optional<gbm::LightGbm> library_;
  KeepingRunLog run_log_;
};

TEST_F(RatingTrainer, TheNumberOfThreadsDoesNotChangeTheModel) {
  const std::vector<Listing> listings = sample_listings(600);

  const model::RatingModel one = train(listings, quick_plan(), 1);
  const model::RatingModel three = train(listings, quick_plan(), 3);

  ASSERT_EQ(one.cases.size(), 2U);
  ASSERT_EQ(three.cases.size(), 2U);
  for (std::size_t i = 0; i < one.cases.size(); ++i) {
    const model::RatingCase& a = one.cases[i];
    const model::RatingCase& b = three.cases[i];
    ASSERT_EQ(a.point.size(), b.point.size());
    for (std::size_t j = 0; j < a.point.size(); ++j) EXPECT_EQ(a.point[j].text, b.point[j].text);
    EXPECT_EQ(a.band.low, b.band.low);
    EXPECT_EQ(a.calibration.groups[0].levels[1].scale, b.calibration.groups[0].levels[1].scale);
    EXPECT_EQ(a.encoder.to_json(), b.encoder.to_json());
  }
}

TEST_F(RatingTrainer, ReportsEachTreeAndItsParams) {
  const std::vector<Listing> listings = sample_listings(300);
  RatingPlan plan = quick_plan();
  plan.members = RatingPlan::Members::kAll;
  std::atomic<int> trees{0};

  ASSERT_TRUE(train_rating(listings, plan, {}, {*library_, 1, [&](double) { ++trees; }}, run_log_));

  EXPECT_EQ(trees.load(), static_cast<int>(trees_in(plan)));
  EXPECT_EQ(run_log_.params_.at("launched.mean.num_leaves"), "31");
  EXPECT_EQ(run_log_.metrics_.at("apps"), static_cast<double>(listings.size()));
}

TEST_F(RatingTrainer, ForestsThatWeighNothingAreNotGrown) {
  const std::vector<Listing> listings = sample_listings(600);
  RatingPlan with_all = quick_plan();
  with_all.members = RatingPlan::Members::kAll;

  const model::RatingModel few = train(listings, quick_plan(), 2);
  const model::RatingModel all = train(listings, with_all, 2);

  for (std::size_t i = 0; i < all.cases.size(); ++i) {
    std::vector<std::string> weighing;
    for (const model::PointForest& forest : all.cases[i].point) {
      EXPECT_TRUE(forest.weight == 0 || forest.weight >= 0.05 - 1e-9);
      if (forest.weight > 0) weighing.push_back(forest.text);
    }
    std::vector<std::string> grown;
    for (const model::PointForest& forest : few.cases[i].point) grown.push_back(forest.text);
    EXPECT_EQ(grown, weighing);
    EXPECT_EQ(few.cases[i].kernel->weight, all.cases[i].kernel->weight);
  }
  EXPECT_EQ(all.cases[0].point.size(), 3U);
}

TEST_F(RatingTrainer, ScalesAscendInTheLevelAndAreThereForEachBucket) {
  const model::RatingModel trained = train(sample_listings(600), quick_plan(), 2);

  ASSERT_EQ(trained.cases[0].calibration.groups.size(), review_buckets().size());
  for (const model::CalibrationGroup& group : trained.cases[0].calibration.groups) {
    ASSERT_EQ(group.levels.size(), 4U);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_GE(group.levels[i].scale, group.levels[i - 1].scale);
  }
}

TEST_F(RatingTrainer, RefusesTooFewApps) {
  const std::vector<Listing> listings = sample_listings(300);

  const auto trained =
      train_rating(std::span(listings).first(1), quick_plan(), {}, {*library_, 1, {}}, run_log_);

  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code(), core::ErrorCode::kInvalidInput);
}

TEST_F(RatingTrainer, CrossValidationPredictsEachAppOnceAndBeatsTheMean) {
  const std::vector<Listing> listings = sample_listings(2000);

  CrossValidationOptions options;
  options.folds = 3;
  options.fold_of = deal_folds(listings.size(), options.folds, 1);
  const CrossValidation validation =
      cross_validate(listings, quick_plan(), options, {*library_, 2, {}}).value();

  ASSERT_EQ(validation.test.predictions.size(), listings.size());
  ASSERT_EQ(validation.before_launch.predictions.size(), listings.size());
  ASSERT_EQ(validation.components.size(), 4U);
  EXPECT_EQ(validation.components[0].name, "mean");
  const Evaluation evaluation = evaluate(validation.test, {50, 1}).value();
  EXPECT_GT(evaluation.metrics.r2, 0.05);
  EXPECT_LT(evaluation.metrics.mae, evaluation.baselines[0].metrics.mae);
}

TEST_F(RatingTrainer, ThePredecessorsForestLearnsOnItsEightFeatures) {
  const model::RatingModel trained =
      train(sample_listings(300), RatingPlan::defaults_of(Learner::kRandomForest), 2);

  ASSERT_EQ(trained.cases.size(), 1U);
  EXPECT_EQ(trained.cases[0].encoder.columns().size(), 8U);
  EXPECT_EQ(trained.learner, "random-forest");
}

TEST(ReviewWeights, GrowWithTheReviewsAndAnUnknownNumberCountsAsOne) {
  std::vector<Listing> listings(3);
  listings[0].reviews = 5;
  listings[1].reviews = 0;

  EXPECT_EQ(review_weights(listings, 5), (std::vector<double>{0.5, 1.0 / 6, 1.0 / 6}));
}

}  // namespace
}  // namespace starcast::learn
