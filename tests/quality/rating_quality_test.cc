// How good the rating model is: held out and by five folds on the real file, and on a generated sample whose
// truth is known.
//
// The bounds are what the project promises; the pins are what was measured, so that a change in the figures,
// for the better too, is seen and written down. The real file is in STARCAST_TEST_DATA, or in ../shared/data
// beside the checkout.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "gbm/testing/load_for_tests.h"
#include "learn/cross_validation.h"
#include "learn/evaluation.h"
#include "learn/rating_trainer.h"
#include "learn/review_buckets.h"
#include "learn/split.h"
#include "listing/clean.h"
#include "listing/reader.h"
#include "listing/sample.h"
#include "model/explanation.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/path.h"

namespace starcast::learn {
namespace {

using listing::Listing;

// The promises.
constexpr double kR2Min = 0.20;
constexpr double kMaeMax = 0.325;
constexpr double kCoverageMin = 0.77;
constexpr double kCoverageMax = 0.83;
// Of listings that lack fields which training listings have: docs/decisions/0016-intervals-by-pattern.md.
constexpr double kMaskedCoverageMin = 0.76;
constexpr double kMaskedCoverageMax = 0.84;
// No honest model of these columns comes near: beyond it, something in the features knows the rating.
constexpr double kR2Leak = 0.30;
constexpr double kShuffledR2Max = 0.02;
// Margins of the pins: about what another shuffle moves, far below the bootstrap's range.
constexpr double kR2Margin = 0.006;
constexpr double kMaeMargin = 0.002;
// The pins: held out as the pipeline does, and 5 folds of shuffle seed 1.
constexpr double kHeldOutR2 = 0.2617;
constexpr double kHeldOutMae = 0.3016;
constexpr double kFoldsR2 = 0.2714;
constexpr double kFoldsMae = 0.3017;

class NoRunLog final : public RunLog {
 public:
  void log_param(std::string_view, std::string_view) override {}
  void log_metric(std::string_view, double, long) override {}
};

std::vector<Listing> clean_listings(std::string text, const std::string& name) {
  core::StringSource source(std::move(text));
  listing::ReaderOptions options;
  options.file_name = name;
  return listing::cleaned(listing::read_listings(source, options).value()).listings;
}

const IntervalQuality& at_80(const std::vector<IntervalQuality>& intervals) {
  for (const IntervalQuality& interval : intervals) {
    if (std::abs(interval.level - 0.8) < 1e-9) return interval;
  }
  ADD_FAILURE() << "no interval at 80 %";
  return intervals.front();
}

double r2_of(const Evaluation& evaluation, const std::string& baseline) {
  for (const BaselineQuality& quality : evaluation.baselines) {
    if (quality.name == baseline) return quality.metrics.r2;
  }
  ADD_FAILURE() << "no baseline " << baseline;
  return 0;
}

void print_quality(const std::string& title, const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  fmt::print("{}: {} apps, R2 {:.4f}, RMSE {:.4f}, MAE {:.4f}, MedAE {:.4f}\n", title, evaluation.apps,
             metrics.r2, metrics.rmse, metrics.mae, metrics.medae);
  for (const IntervalQuality& interval : evaluation.intervals) {
    fmt::print("  {:.0f} % interval covers {:.1f} %, mean width {:.3f}\n", 100 * interval.level,
               100 * interval.coverage, interval.mean_width);
  }
  for (std::size_t i = 0; i < evaluation.by_reviews.size(); ++i) {
    const BucketQuality& bucket = evaluation.by_reviews[i];
    if (bucket.count == 0) continue;
    const IntervalQuality& interval = at_80(bucket.intervals);
    fmt::print("  {:>10} reviews: {:>4} apps, MAE {:.3f}, 80 % interval covers {:.1f} %, mean width {:.3f}\n",
               review_buckets()[i].title, bucket.count, bucket.metrics.mae, 100 * interval.coverage,
               interval.mean_width);
  }
}

void print(const std::string& title, const Evaluation& evaluation) {
  print_quality(title, evaluation);
  fmt::print("  predecessor's forest R2 {:.4f}\n", r2_of(evaluation, "predecessor_forest"));
}

class RatingQuality : public ::testing::Test {
 protected:
  void SetUp() override {
    core::Result<gbm::LightGbm> library = gbm::load_for_tests();
    if (!library) GTEST_SKIP() << library.error().message();
    library_.emplace(std::move(library).value());
  }

  TrainContext context() const { return {*library_, os::thread_count(os::real_environment()), {}}; }

  static SplitListings split_as_the_pipeline_does(std::vector<Listing> listings) {
    const SplitOptions split;
    std::map<std::string, Part> parts;
    for (const Listing& listing : listings) {
      const std::string key = listing::key_of(listing);
      parts.emplace(key, part_of(key, split));
    }
    return apply_split(std::move(listings), parts).value();
  }

  model::RatingScorer trained_on(const std::vector<Listing>& train) const {
    NoRunLog run_log;
    const RatingPlan plan = RatingPlan::defaults_of(Learner::kBoosted);
    return model::RatingScorer::create(train_rating(train, plan, {}, context(), run_log).value()).value();
  }

  // As the stages train and evaluate do.
  Evaluation held_out(std::vector<Listing> listings) {
    SplitListings sides = split_as_the_pipeline_does(std::move(listings));
    const RatingPlan plan = RatingPlan::defaults_of(Learner::kBoosted);
    const model::RatingScorer scorer = trained_on(sides.train);
    std::vector<Baseline> baselines =
        fit_baselines(sides.train, sides.test, PredecessorForest::kFit, plan.seed, context()).value();
    return evaluate(predict_test(scorer, std::move(sides.test), std::move(baselines)), {}).value();
  }

  CrossValidation cross_validation(const std::vector<Listing>& listings, std::uint64_t shuffle_seed) {
    CrossValidationOptions options;
    options.fold_of = deal_folds(listings.size(), options.folds, shuffle_seed);
    const RatingPlan plan = RatingPlan::defaults_of(Learner::kBoosted);
    return cross_validate(listings, plan, options, context()).value();
  }

 private:
  std::optional<gbm::LightGbm> library_;
};

// On the file of 2018, as the pipeline cleans it.
class RealRatingQuality : public RatingQuality {
 protected:
  void SetUp() override {
    RatingQuality::SetUp();
    if (IsSkipped()) return;
    const std::string folder = os::real_environment().find("STARCAST_TEST_DATA").value_or("../shared/data");
    core::Result<std::string> text = os::real_files().read(os::joined(folder, "googleplaystore.csv"));
    if (!text) GTEST_SKIP() << "googleplaystore.csv is neither in STARCAST_TEST_DATA nor in ../shared/data";
    listings_ = clean_listings(std::move(text).value(), "googleplaystore.csv");
    ASSERT_EQ(listings_.size(), 8181U);
  }

  static void expect_promises(const Evaluation& evaluation) {
    EXPECT_GE(evaluation.metrics.r2, kR2Min);
    EXPECT_LT(evaluation.metrics.r2, kR2Leak);
    EXPECT_LE(evaluation.metrics.mae, kMaeMax);
    const IntervalQuality& interval = at_80(evaluation.intervals);
    EXPECT_GE(interval.coverage, kCoverageMin);
    EXPECT_LE(interval.coverage, kCoverageMax);
    const double predecessor = r2_of(evaluation, "predecessor_forest");
    EXPECT_GE(predecessor, 0.0);
    EXPECT_LE(predecessor, 0.12);
  }

  std::vector<Listing> listings_;
};

TEST_F(RealRatingQuality, HeldOutKeepsItsPromises) {
  const Evaluation evaluation = held_out(std::move(listings_));
  print("held out, split seed 1", evaluation);

  expect_promises(evaluation);
  EXPECT_NEAR(evaluation.metrics.r2, kHeldOutR2, kR2Margin);
  EXPECT_NEAR(evaluation.metrics.mae, kHeldOutMae, kMaeMargin);
}

TEST_F(RealRatingQuality, ThePartsOfAThousandListingsSumToTheirPredictions) {
  const SplitListings sides = split_as_the_pipeline_does(std::move(listings_));
  const model::RatingScorer scorer = trained_on(sides.train);
  const model::RatingExplainer explainer = model::RatingExplainer::create(scorer).value();
  ASSERT_GE(sides.test.size(), 1000U);

  double largest = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    Listing listing = sides.test[i];
    if (i % 4 == 0) listing.reviews = core::kMissing;  // before launch
    const model::RatingExplanation explanation = explainer.explain(listing);
    double sum = explanation.base + explanation.similar_share;
    for (const model::FieldShare& share : explanation.shares) sum += share.share;
    largest = std::max(largest, std::abs(std::clamp(sum, model::kRatingMin, model::kRatingMax) -
                                         scorer.predict(listing).prediction.value));
  }
  EXPECT_LE(largest, 1e-9);
}

TEST_F(RealRatingQuality, IntervalsHoldNearTheirLevelWhenFieldsAreMissing) {
  using listing::Field;
  const std::vector<Field> described = {Field::kApp,           Field::kCategory,    Field::kSize,
                                        Field::kType,          Field::kPrice,       Field::kContentRating,
                                        Field::kGenres,        Field::kLastUpdated, Field::kCurrentVersion,
                                        Field::kAndroidVersion};
  const std::vector<Field> of_use = {Field::kReviews, Field::kInstalls};
  const SplitListings sides = split_as_the_pipeline_does(std::move(listings_));
  const model::RatingScorer scorer = trained_on(sides.train);
  core::Random random(5);
  struct Pattern {
    std::string title;
    std::function<bool(Field)> is_masked;
  };
  const auto at_random = [&random](double share) {
    return [&random, share](Field) { return random.uniform() < share; };
  };
  const std::vector<Pattern> patterns = {
      {"nothing", [](Field) { return false; }},
      {"size", [](Field field) { return field == Field::kSize; }},
      {"size and price", [](Field field) { return field == Field::kSize || field == Field::kPrice; }},
      {"half of the fields", at_random(0.5)},
      {"all but the name", [](Field field) { return field != Field::kApp; }},
      {"all", [](Field) { return true; }},
  };
  for (const Pattern& pattern : patterns) {
    for (const bool before_launch : {false, true}) {
      std::vector<Listing> asked = sides.test;
      std::vector<listing::FieldNote> notes;
      for (Listing& listing : asked) {
        for (const Field field : described) {
          if (pattern.is_masked(field)) listing::set_field(listing, field, "", notes);
        }
        if (!before_launch) continue;
        for (const Field field : of_use) listing::set_field(listing, field, "", notes);
      }
      const Evaluation evaluation = evaluate(predict_test(scorer, std::move(asked), {}), {50, 1}).value();
      const IntervalQuality& interval = at_80(evaluation.intervals);
      const std::string title = pattern.title + (before_launch ? " masked, before launch" : " masked");
      fmt::print("{}: R2 {:.4f}, 80 % interval covers {:.1f} %, mean width {:.3f}\n", title,
                 evaluation.metrics.r2, 100 * interval.coverage, interval.mean_width);
      const bool is_whole = pattern.title == "nothing";
      EXPECT_GE(interval.coverage, is_whole ? kCoverageMin : kMaskedCoverageMin) << title;
      EXPECT_LE(interval.coverage, is_whole ? kCoverageMax : kMaskedCoverageMax) << title;
    }
  }
}

TEST_F(RealRatingQuality, FiveFoldsKeepTheirPromises) {
  const CrossValidation validation = cross_validation(listings_, 1);
  const Evaluation evaluation = evaluate(validation.test, {}).value();
  print("5 folds, shuffle seed 1", evaluation);

  expect_promises(evaluation);
  EXPECT_GE(evaluation.metrics.r2, 0.262);
  EXPECT_LE(evaluation.metrics.mae, 0.309);
  EXPECT_LE(evaluation.metrics.medae, 0.212);
  EXPECT_LE(at_80(evaluation.intervals).mean_width, 0.95);
  for (const BucketQuality& bucket : evaluation.by_reviews) {
    EXPECT_GE(at_80(bucket.intervals).coverage, kCoverageMin);
    EXPECT_LE(at_80(bucket.intervals).coverage, kCoverageMax);
  }
  EXPECT_NEAR(evaluation.metrics.r2, kFoldsR2, kR2Margin);
  EXPECT_NEAR(evaluation.metrics.mae, kFoldsMae, kMaeMargin);

  const Evaluation before_launch = evaluate(validation.before_launch, {}).value();
  print_quality("5 folds, shuffle seed 1, before launch", before_launch);
  EXPECT_GE(before_launch.metrics.r2, 0.11);
  EXPECT_GE(at_80(before_launch.intervals).coverage, kCoverageMin);
  EXPECT_LE(at_80(before_launch.intervals).coverage, kCoverageMax);
}

TEST_F(RealRatingQuality, LearnsNothingFromRatingsDealtToOtherApps) {
  core::Random random(1);
  const std::vector<std::size_t> order = core::shuffled(listings_.size(), random);
  std::vector<Listing> dealt = listings_;
  for (std::size_t i = 0; i < dealt.size(); ++i) dealt[i].rating = listings_[order[i]].rating;

  const Evaluation evaluation = evaluate(cross_validation(dealt, 1).test, {}).value();
  print("5 folds, ratings shuffled among the apps", evaluation);

  EXPECT_LT(evaluation.metrics.r2, kShuffledR2Max);
}

TEST_F(RatingQuality, FindsHalfOfWhatTheGeneratedSampleLetsBeFound) {
  core::StringSink sink;
  const listing::SampleTruth truth = listing::write_sample(sink, {}).value();

  const Evaluation evaluation = held_out(clean_listings(sink.text(), "sample"));
  print(fmt::format("generated sample, held out, ceiling R2 {:.4f}", truth.r2_ceiling), evaluation);

  EXPECT_GE(evaluation.metrics.r2, truth.r2_ceiling / 2);
  EXPECT_LE(evaluation.metrics.r2,
            truth.r2_ceiling + 0.05);  // the ceiling is of all rows, this of the held-out fifth
  const IntervalQuality& interval = at_80(evaluation.intervals);
  EXPECT_GE(interval.coverage, kCoverageMin);
  EXPECT_LE(interval.coverage, kCoverageMax);
}

}  // namespace
}  // namespace starcast::learn
