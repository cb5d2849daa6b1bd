#include "report/findings.h"

#include <gtest/gtest.h>

namespace starcast::report {
namespace {

TestedApp app_of(const std::string& name, const std::string& category, double rating, double prediction) {
  TestedApp app;
  app.name = name;
  app.category = category;
  app.rating = rating;
  app.prediction = prediction;
  return app;
}

TEST(CategoryErrors, SortsByErrorAndThenByName) {
  const std::vector<TestedApp> apps = {app_of("a", "TOOLS", 4, 4.5), app_of("b", "GAME", 4, 3.5),
                                       app_of("c", "BEAUTY", 2, 4), app_of("d", "", 4, 4)};

  const std::vector<CategoryError> errors = category_errors(apps);

  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[0].category, "BEAUTY");
  EXPECT_EQ(errors[1].category, "GAME");
  EXPECT_EQ(errors[2].category, "TOOLS");
  EXPECT_EQ(errors[3].category, "");
}

TEST(CategoryErrors, MeansAreOverTheCategorysApps) {
  const std::vector<CategoryError> errors =
      category_errors({app_of("a", "GAME", 4, 4.5), app_of("b", "GAME", 3, 2.7)});

  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].apps, 2U);
  EXPECT_DOUBLE_EQ(errors[0].mean_rating, 3.5);
  EXPECT_NEAR(errors[0].mae, 0.4, 1e-12);
  EXPECT_NEAR(errors[0].bias, 0.1, 1e-12);
}

TEST(WorstMisses, TakesBothSidesLargestFirst) {
  const std::vector<TestedApp> apps = {app_of("near", "", 4, 4.1), app_of("low", "", 1, 4),
                                       app_of("high", "", 5, 3)};

  const std::vector<const TestedApp*> misses = worst_misses(apps, 2);

  ASSERT_EQ(misses.size(), 2U);
  EXPECT_EQ(misses[0]->name, "low");
  EXPECT_EQ(misses[1]->name, "high");
}

TEST(WorstMisses, PutsWhatCannotBeComparedLast) {
  const std::vector<TestedApp> apps = {app_of("missing", "", core::kMissing, 4), app_of("exact", "", 4, 4)};

  EXPECT_EQ(worst_misses(apps, 5).at(0)->name, "exact");
}

TEST(Gains, FieldsGatherTheirFeatures) {
  const std::vector<FeatureGain> importance = {
      {"name_ridge", "App", 3}, {"log10_reviews", "Reviews", 4}, {"name_length", "App", 3}};

  const std::vector<FieldGain> fields = gain_by_field(importance);
  const std::vector<FieldGain> features = gain_by_feature(importance);

  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].name, "App");
  EXPECT_DOUBLE_EQ(fields[0].share, 0.6);
  EXPECT_EQ(features.at(0).name, "log10_reviews");
}

TEST(Gains, WithoutAnyGainSharesAreZero) {
  EXPECT_EQ(gain_by_field({{"a", "App", 0}, {"b", "Size", core::kMissing}}).at(0).share, 0.0);
}

TEST(HeadlineLevel, IsTheNearestToEightyPercent) {
  const std::vector<LevelQuality> levels = {{0.5, 0, 0}, {0.75, 0, 0}, {0.95, 0, 0}};

  EXPECT_DOUBLE_EQ(headline_level(levels)->level, 0.75);
  EXPECT_EQ(headline_level(std::vector<LevelQuality>{}), nullptr);
}

TEST(OffLevel, AllowsForChance) {
  EXPECT_FALSE(is_off_level({0.8, 0.84, 1}, 100));
  EXPECT_TRUE(is_off_level({0.8, 0.84, 1}, 1000));
  EXPECT_FALSE(is_off_level({0.8, 0.1, 1}, 0));
}

TEST(BestBaseline, IsHighestInR2AndLowestInErrors) {
  const std::vector<BaselineScores> baselines = {{"mean", {0, 0.53, 0.38, 0.33}},
                                                 {"median", {-0.04, 0.54, 0.36, 0.20}}};

  EXPECT_EQ(best_r2(baselines).title, "mean");
  EXPECT_EQ(best_mae(baselines).title, "median");
  EXPECT_DOUBLE_EQ(best_medae(baselines).value, 0.20);
  EXPECT_TRUE(core::is_missing(best_mae({}).value));
}

TEST(Summary, NamesTheBaselineEvenWhenItIsBetter) {
  ReportInput input;
  input.quality.scores.mae = 0.5;
  input.baselines = {{"median", {0, 0, 0.4, 0}}};

  EXPECT_NE(summary_text(input).find("The best baseline by that measure (median) is off by 0.400"),
            std::string::npos);
}

TEST(Limits, TellWhatWasMeasuredBeforeLaunch) {
  ReportInput input;
  EXPECT_NE(limits_of(input).back().text.find("R2 of about 0.12."), std::string::npos);

  input.before_launch.emplace().scores.r2 = 0.137;
  EXPECT_NE(limits_of(input).back().text.find("R2 of 0.137 here."), std::string::npos);
}

TEST(Limits, SayFirstWhenTheDataIsInvented) {
  ReportInput input;
  input.model.generated = true;

  EXPECT_EQ(limits_of(input).front().title, "Invented data");
}

}  // namespace
}  // namespace starcast::report
