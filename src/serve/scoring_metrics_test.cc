#include "serve/scoring_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/testing/manual_clock.h"
#include "serve/testing/fake_models.h"

namespace starcast::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

class ScoringMetricsTest : public testing::Test {
 protected:
  ScoringMetricsTest() {
    source_.put("m", 1);
    SlotRequest request;
    request.name = "rating";
    request.uri = "m";
    EXPECT_TRUE(slots_.add(request));
    EXPECT_TRUE(slots_.load("rating"));
    version_ = slots_.first().current();
  }

  FakeSource source_;
  core::ManualClock clock_;
  core::NullLog log_;
  Slots slots_{source_, clock_, log_};
  ScoringMetrics metrics_{slots_};
  std::shared_ptr<const Version> version_;
};

TEST_F(ScoringMetricsTest, CountsRequestsAndRowsBySlotVersionAndProtocol) {
  metrics_.count(*version_, "mlflow", {3, {}});
  metrics_.count(*version_, "mlflow", {2, {}});
  metrics_.count(*version_, "v2", {1, {}});
  const std::string text = metrics_.text();
  EXPECT_THAT(
      text,
      HasSubstr("starcast_scoring_requests_total{slot=\"rating\",version=\"1\",protocol=\"mlflow\"} 2\n"));
  EXPECT_THAT(
      text, HasSubstr("starcast_scoring_rows_total{slot=\"rating\",version=\"1\",protocol=\"mlflow\"} 5\n"));
  EXPECT_THAT(text,
              HasSubstr("starcast_scoring_rows_total{slot=\"rating\",version=\"1\",protocol=\"v2\"} 1\n"));
}

TEST_F(ScoringMetricsTest, StepsAreHistogramsAcrossVersions) {
  RequestFigures figures;
  figures.rows = 1;
  figures.seconds[static_cast<std::size_t>(Step::kScore)] = 0.0004;
  metrics_.count(*version_, "mlflow", figures);
  Version next = *version_;
  next.model.version = "2";
  figures.seconds[static_cast<std::size_t>(Step::kScore)] = 20;
  metrics_.count(next, "mlflow", figures);
  const std::string text = metrics_.text();
  const std::string labels = "slot=\"rating\",protocol=\"mlflow\",step=\"score\"";
  EXPECT_THAT(text, HasSubstr("starcast_scoring_step_seconds_bucket{" + labels + ",le=\"0.00025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_step_seconds_bucket{" + labels + ",le=\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_step_seconds_bucket{" + labels + ",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_step_seconds_count{" + labels + "} 2\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_step_seconds_sum{" + labels + "} 20.000400000\n"));
}

TEST_F(ScoringMetricsTest, CountsErrorsByKind) {
  metrics_.count(ScoringError::kSchema);
  metrics_.count(ScoringError::kSchema);
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("starcast_scoring_errors_total{kind=\"schema\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_errors_total{kind=\"model\"} 0\n"));
}

TEST_F(ScoringMetricsTest, CountsCellsByColumn) {
  model::ColumnCounts counts;
  counts.missing = {2, 0};
  counts.out_of_range = {0, 5};
  counts.unseen = {0, 0};
  metrics_.count(*version_, counts);
  metrics_.count(*version_, counts);
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("starcast_scoring_missing_total{slot=\"rating\",column=\"a\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_out_of_range_total{slot=\"rating\",column=\"b\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("starcast_scoring_unseen_total{slot=\"rating\",column=\"b\"} 0\n"));
}

TEST_F(ScoringMetricsTest, KeepsAShadowsDifferences) {
  metrics_.count_shadow(*version_, 10, 0.5, 0.25);
  metrics_.count_shadow(*version_, 10, 0.25, 0.125);
  const std::string text = metrics_.text();
  const std::string labels = "{slot=\"rating\",version=\"1\"}";
  EXPECT_THAT(text, HasSubstr("starcast_shadow_rows_total" + labels + " 20\n"));
  EXPECT_THAT(text, HasSubstr("starcast_shadow_difference_sum" + labels + " 0.75\n"));
  EXPECT_THAT(text, HasSubstr("starcast_shadow_difference_max" + labels + " 0.25\n"));
}

TEST_F(ScoringMetricsTest, TellsWhatAnswersAndHowLoadsWent) {
  source_.put("m", []() -> core::Result<std::shared_ptr<const model::RowScorer>> {
    return core::Error(core::ErrorCode::kCorrupt, "broken");
  });
  slots_.refresh();
  const std::string text = metrics_.text();
  EXPECT_THAT(text,
              HasSubstr("starcast_model_info{slot=\"rating\",version=\"1\",uri=\"m#1\",flavor=\"fake\""));
  EXPECT_THAT(text, HasSubstr("starcast_model_loads_total{slot=\"rating\",result=\"taken\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_model_loads_total{slot=\"rating\",result=\"refused\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_model_load_failed{slot=\"rating\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_model_ready{slot=\"rating\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_model_generation{slot=\"rating\"} 1\n"));
}

TEST_F(ScoringMetricsTest, NamesAreEscaped) {
  Version odd = *version_;
  odd.slot = "a\"b\\c\nd";
  metrics_.count(odd, "v1", {1, {}});
  EXPECT_THAT(metrics_.text(), HasSubstr("slot=\"a\\\"b\\\\c\\nd\""));
}

TEST_F(ScoringMetricsTest, TooManyVersionsAreCountedAsLeftOut) {
  Version one = *version_;
  for (int i = 0; i < 2000; ++i) {
    one.model.version = std::to_string(i);
    metrics_.count(one, "v1", {1, {}});
  }
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("starcast_scoring_uncounted_total 0\n")));
}

TEST_F(ScoringMetricsTest, ThreadsLoseNoCount) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) metrics_.count(*version_, "mlflow", {2, {}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(metrics_.text(), HasSubstr("protocol=\"mlflow\"} 8000\n"));
}

TEST_F(ScoringMetricsTest, EverySampleStandsBelowItsType) {
  metrics_.count(*version_, "mlflow", {1, {}});
  std::string name;
  std::string text = metrics_.text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("# TYPE ")) name = line.substr(7, line.find(' ', 7) - 7);
    if (line.starts_with("#")) continue;
    EXPECT_TRUE(line.starts_with(name)) << line;
  }
}

}  // namespace
}  // namespace starcast::serve
