#include "app/explain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "app/predict.h"
#include "core/testing/manual_clock.h"
#include "gbm/testing/load_for_tests.h"
#include "learn/rating_trainer.h"
#include "listing/clean.h"
#include "listing/sample.h"
#include "model/testing/tiny_model.h"

namespace starcast::app {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHeader =
    "App,Category,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current Ver,Android "
    "Ver\n";

std::string row_of(std::string_view app) {
  return fmt::format("{},TOOLS,50,1M,100+,Free,0,Everyone,Tools,\"January 7, 2018\",1,4.4\n", app);
}

core::Result<ListingRow> row_at(const std::string& text, std::size_t row) {
  core::StringSource source(text);
  return read_row(source, {"listings.csv", row});
}

double sum_of(const model::RatingExplanation& explanation) {
  double sum = explanation.base + explanation.similar_share;
  for (const model::FieldShare& share : explanation.shares) sum += share.share;
  return sum;
}

ExplainedListing with_shares() {
  ExplainedListing explained;
  explained.listing.app = "Alpha";
  explained.listing.reviews = 1200;
  explained.listing.installs = 5000;
  explained.explanation.base = 4;
  explained.explanation.shares = {
      {listing::Field::kReviews, 0.1}, {listing::Field::kGenres, 0.01}, {listing::Field::kSize, -0.2}};
  explained.explanation.similar_share = 0.05;
  explained.explanation.similar_apps = {{"beta", 0.5, 0.04, "TOOLS", 4.3, core::kMissing}};
  explained.explanation.raw = 3.96;
  explained.explanation.prediction.value = 3.96;
  explained.interval = {0.8, 3.5, 4.4};
  return explained;
}

TEST(ReadRow, CountsDataRowsFromOne) {
  const std::string text = std::string(kHeader) + row_of("Alpha") + row_of("Beta");

  EXPECT_EQ(row_at(text, 1).value().listing.app, "Alpha");
  EXPECT_EQ(row_at(text, 2).value().listing.app, "Beta");
}

TEST(ReadRow, SaysWhichRowIsTheLast) {
  const auto read = row_at(std::string(kHeader) + row_of("Alpha"), 2);

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(read.error().message(), HasSubstr("no row 2; the last is 1"));
}

TEST(ReadRow, RefusesARaggedRow) {
  const std::string text =
      std::string(kHeader) + row_of("Alpha") + "Beta,TOOLS\n" + row_of("Gamma") + row_of("Delta");

  EXPECT_THAT(row_at(text, 2).error().message(), HasSubstr("row 2 has another number of cells"));
  EXPECT_EQ(row_at(text, 3).value().listing.app, "Gamma");
}

TEST(ReadRow, RefusesAFileOfAHeaderAlone) {
  EXPECT_THAT(row_at(std::string(kHeader), 1).error().message(), HasSubstr("no listings"));
}

TEST(Explain, HandsOutEachListingInTheOrderOfTheFile) {
  const model::RatingScorer scorer = model::RatingScorer::create(model::tiny_model()).value();
  const model::RatingExplainer explainer = model::RatingExplainer::create(scorer).value();
  core::StringSource source(std::string(kHeader) + row_of("Alpha") + row_of("Beta"));
  const std::unique_ptr<os::ProgressScreen> screen = os::silent_progress();
  const core::ManualClock clock;
  os::Progress progress(*screen, clock, {});
  std::vector<std::string> apps;

  const auto report =
      explain(explainer, source, {"listings.csv", 0.8}, progress, [&apps](const ExplainedListing& explained) {
        apps.push_back(explained.listing.app);
        return core::Result<void>();
      });

  EXPECT_EQ(report.value().rows, 2U);
  EXPECT_THAT(apps, ::testing::ElementsAre("Alpha", "Beta"));
}

TEST(Waterfall, PutsTheLargestShareFirst) {
  const std::vector<WaterfallStep> steps = waterfall_steps(with_shares());

  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].name, "Size");
  EXPECT_EQ(steps[0].value, "(not known)");
  EXPECT_EQ(steps[1].name, "Reviews");
  EXPECT_EQ(steps[1].value, "1200");
  EXPECT_EQ(steps[2].name, "similar apps");
}

TEST(Waterfall, SaysWhatIsNotUsedBeforeLaunch) {
  ExplainedListing explained = with_shares();
  explained.explanation.answered_as = model::LaunchCase::kBeforeLaunch;

  EXPECT_EQ(waterfall_steps(explained)[1].value, "(not used before launch)");
}

TEST(Waterfall, EachRangeBeginsWhereTheLastOneEnds) {
  const plot::Figure figure = waterfall_figure(with_shares());

  const plot::Categories& running = figure.categories.at(0);
  ASSERT_EQ(running.labels.size(), 6U);
  EXPECT_EQ(running.labels[0], "base");
  EXPECT_NEAR(running.lows[1], 3.8, 1e-12);
  EXPECT_NEAR(running.highs[1], 4, 1e-12);
  EXPECT_NEAR(running.lows[2], 3.8, 1e-12);
  EXPECT_NEAR(running.values[4], 3.96, 1e-12);
  EXPECT_NEAR(running.lows[5], 3.5, 1e-12);
}

TEST(ExplanationJson, HasAllParts) {
  const std::string text =
      codec::to_text(to_json(with_shares(), {"0123", "2018-08-08", 2}), codec::JsonStyle::kCompact);

  EXPECT_THAT(text, HasSubstr(R"("shares":[{"field":"Reviews","value":"1200","share":0.1})"));
  EXPECT_THAT(text, HasSubstr(R"({"field":"Size","value":null,"share":-0.2})"));
  EXPECT_THAT(text, HasSubstr(R"("similar":{"share":0.05,"apps":[{"name":"beta","category":"TOOLS",)"
                              R"("rating":4.3,"reviews":null,"similarity":0.5,"pull":0.04}]})"));
  EXPECT_THAT(text, HasSubstr(R"("answered_as":"launched")"));
}

class NoRunLog final : public learn::RunLog {
 public:
  void log_param(std::string_view, std::string_view) override {}
  void log_metric(std::string_view, double, long) override {}
};

TEST(Explain, ThePartsOfAThousandListingsSumToTheirPredictions) {
  const core::Result<gbm::LightGbm> library = gbm::load_for_tests();
  if (!library) GTEST_SKIP() << library.error().message();
  core::StringSink sink;
  listing::SampleOptions sample;
  sample.apps = 1200;
  ASSERT_TRUE(listing::write_sample(sink, sample));
  core::StringSource training_source(sink.text());
  core::StringSource asked_source(sink.text());
  const std::vector<listing::Listing> training =
      listing::cleaned(listing::read_listings(training_source, {}).value()).listings;
  std::vector<listing::Listing> asked = listing::read_listings(asked_source, {}).value().listings;
  ASSERT_GE(asked.size(), 1000U);
  learn::RatingPlan plan = learn::RatingPlan::defaults_of(learn::Learner::kBoosted);
  for (learn::CasePlan& case_plan : plan.cases) {
    for (learn::PointPlan& point : case_plan.point) point.booster.trees = 40;
    case_plan.band.trees = 20;
  }
  NoRunLog run_log;
  const model::RatingScorer scorer =
      model::RatingScorer::create(learn::train_rating(training, plan, {}, {*library, 1, {}}, run_log).value())
          .value();
  const model::RatingExplainer explainer = model::RatingExplainer::create(scorer).value();

  std::size_t with_similar_apps = 0;
  std::size_t before_launch = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    if (i % 4 == 0) asked[i].installs = core::kMissing;
    const model::RatingExplanation explanation = explainer.explain(asked[i]);
    const model::RatingPrediction predicted = scorer.predict(asked[i]);

    ASSERT_NEAR(sum_of(explanation), explanation.raw, 1e-9) << asked[i].app;
    ASSERT_NEAR(explanation.prediction.value, predicted.prediction.value, 1e-12) << asked[i].app;
    ASSERT_EQ(explanation.answered_as, predicted.answered_as);
    with_similar_apps += explanation.similar_apps.empty() ? 0U : 1U;
    before_launch += explanation.answered_as == model::LaunchCase::kBeforeLaunch ? 1U : 0U;
  }
  EXPECT_GT(with_similar_apps, 700U);
  EXPECT_GE(before_launch, 250U);
}

}  // namespace
}  // namespace starcast::app
