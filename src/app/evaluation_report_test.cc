#include "app/evaluation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "listing/clean.h"
#include "model/testing/tiny_model.h"
#include "os/testing/memory_files.h"
#include "report/html_report.h"
#include "report/model_card.h"

namespace starcast::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Two apps, predicted by the tiny model, in the buckets 10 to 99 and 1,000 to 9,999 reviews.
class ReportInputOf : public ::testing::Test {
 protected:
  report::ReportInput input_of(const learn::Evaluation* before_launch = nullptr) {
    EvaluatedModel evaluated{scorer_, test_, evaluation_, before_launch};
    evaluated.package_bytes = 1234;
    return report_input_of(evaluated);
  }

  const model::RatingScorer scorer_ = model::RatingScorer::create(model::tiny_model()).value();
  const learn::TestPredictions test_ =
      learn::predict_test(scorer_, model::tiny_listings(),
                          {{"mean", "mean of the training part", {4.25, 4.25}},
                           {"median", "median of the training part", {4.5, 4.5}}});
  const learn::Evaluation evaluation_ = learn::evaluate(test_, {10, 1}).value();
};

TEST_F(ReportInputOf, SaysWhatTheModelIs) {
  const report::ModelFacts facts = input_of().model;

  EXPECT_EQ(facts.learner, scorer_.learner());
  EXPECT_EQ(facts.objective, scorer_.objective());
  EXPECT_EQ(facts.seed, model::tiny_model().seed);
  EXPECT_EQ(facts.trained_apps, scorer_.trained_on().apps);
  EXPECT_EQ(facts.data_md5, scorer_.trained_on().data_md5);
}

TEST_F(ReportInputOf, HasTheScoresOfModelAndBaselines) {
  const report::ReportInput input = input_of();

  EXPECT_EQ(input.quality.apps, 2U);
  EXPECT_NEAR(input.quality.scores.mae, 0.25, 1e-12);
  EXPECT_EQ(input.quality.intervals.size(), 2U);
  ASSERT_EQ(input.baselines.size(), 2U);
  EXPECT_EQ(input.baselines[1].title, "median of the training part");
  EXPECT_NEAR(input.baselines[1].scores.mae, 0.25, 1e-12);
}

TEST_F(ReportInputOf, SetsTheMediansErrorBesideEachBucket) {
  const std::vector<report::ReviewQuality> buckets = input_of().by_reviews;

  ASSERT_EQ(buckets.size(), learn::review_buckets().size());
  EXPECT_EQ(buckets[1].quality.apps, 1U);
  EXPECT_NEAR(buckets[1].baseline_mae, 0.5, 1e-12);
  EXPECT_NEAR(buckets[3].baseline_mae, 0.0, 1e-12);
}

TEST_F(ReportInputOf, HasNoNumbersForABucketWithoutApps) {
  const report::ReviewQuality bucket = input_of().by_reviews[0];

  EXPECT_EQ(bucket.quality.apps, 0U);
  EXPECT_TRUE(core::is_missing(bucket.quality.scores.mae));
  EXPECT_TRUE(core::is_missing(bucket.baseline_mae));
}

TEST_F(ReportInputOf, ShowsTheTwoQuestionsOnlyOfAModelThatAnswersBoth) {
  const learn::Evaluation before =
      learn::evaluate(learn::predict_before_launch(scorer_, test_.listings), {10, 1}).value();

  EXPECT_FALSE(input_of().launched.has_value());
  EXPECT_NEAR(input_of(&before).launched->scores.mae, evaluation_.metrics.mae, 1e-12);
  EXPECT_NEAR(input_of(&before).before_launch->scores.mae, before.metrics.mae, 1e-12);
}

TEST_F(ReportInputOf, NamesTheListingFieldOfEachFeature) {
  const std::vector<report::FeatureGain> importance = input_of().importance;

  ASSERT_EQ(importance.size(), scorer_.gains().size());
  for (const report::FeatureGain& gain : importance)
    EXPECT_TRUE(listing::field_named(gain.field)) << gain.feature;
}

TEST_F(ReportInputOf, KeepsAppsByNameAndTheCardWithout) {
  const report::ReportInput input = input_of();

  ASSERT_EQ(input.apps.size(), 2U);
  EXPECT_EQ(input.apps[1].name, "Beta \u00e9");
  EXPECT_NEAR(input.apps[1].prediction, 4.3, 1e-12);
  EXPECT_EQ(input.apps[1].intervals.size(), 2U);
  EXPECT_THAT(report::html_report(input), HasSubstr("Beta \u00e9"));
  EXPECT_THAT(report::model_card(input), Not(HasSubstr("Beta \u00e9")));
}

TEST_F(ReportInputOf, TellsThePackagesSizeAndNoTime) {
  const report::ReportInput input = input_of();

  EXPECT_EQ(input.package_bytes, 1234U);
  EXPECT_FALSE(input.single_row_time.has_value());
}

codec::Json data_report() {
  listing::ReadReport read;
  read.rows = 12;
  read.shifted_repaired = 1;
  read.ragged = 2;
  read.missing[static_cast<std::size_t>(listing::Field::kSize)] = 5;
  read.repaired[static_cast<std::size_t>(listing::Field::kType)] = 6;
  read.dropped[static_cast<std::size_t>(listing::Field::kReviews)] = 7;
  listing::CleanReport clean;
  clean.rows = 10;
  clean.unnamed = 1;
  clean.unrated = 2;
  clean.duplicates = 3;
  clean.apps = 4;
  return listing::to_json(read, clean);
}

TEST(DataFactsOf, ReadsBackWhatPrepareWrote) {
  const report::DataFacts facts = data_facts_of(data_report()).value();

  EXPECT_EQ(facts.rows, 10U);
  EXPECT_EQ(facts.rows_repaired, 1U);
  EXPECT_EQ(facts.ragged, 2U);
  EXPECT_EQ(facts.unnamed, 1U);
  EXPECT_EQ(facts.unrated, 2U);
  EXPECT_EQ(facts.duplicates, 3U);
  EXPECT_EQ(facts.apps, 4U);
  EXPECT_EQ(facts.date_first, "");
}

TEST(DataFactsOf, CountsByField) {
  const report::DataFacts facts = data_facts_of(data_report()).value();

  ASSERT_EQ(facts.fields.size(), listing::kFieldCount);
  EXPECT_EQ(facts.fields[4].field, "Size");
  EXPECT_EQ(facts.fields[4].missing, 5U);
  EXPECT_EQ(facts.fields[6].repaired, 6U);
  EXPECT_EQ(facts.fields[3].dropped, 7U);
}

TEST(DataFactsOf, NamesTheMemberThatIsNotThere) {
  codec::Json report = data_report();
  codec::Json clean = *report.find("clean");
  clean.set("apps", "four");
  report.set("clean", clean);

  EXPECT_THAT(data_facts_of(report).error().message(), HasSubstr("apps"));
  EXPECT_EQ(data_facts_of(codec::Json()).error().code(), core::ErrorCode::kInvalidInput);
}

TEST(DataFactsOf, RefusesANegativeCount) {
  codec::Json report = data_report();
  codec::Json read = *report.find("read");
  read.set("ragged", -1);
  report.set("read", read);

  EXPECT_THAT(data_facts_of(report).error().message(), HasSubstr("ragged is negative"));
}

TEST(FolderBytes, AddsUpTheFilesOfAllFolders) {
  os::MemoryFiles files;
  files.put("models/rating/MLmodel", "12345");
  files.put("models/rating/forests/a.txt", "123");
  files.put("models/other", "1");

  EXPECT_EQ(folder_bytes(files, "models/rating").value(), 8U);
}

TEST(FolderBytes, NamesAFolderThatIsNotThere) {
  EXPECT_EQ(folder_bytes(os::MemoryFiles(), "models/rating").error().code(), core::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace starcast::app
