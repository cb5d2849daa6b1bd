#include "learn/metrics.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace starcast::learn {
namespace {

TEST(MetricsOf, MatchesAHandComputedExample) {
  const std::vector<double> truth = {1, 2, 3, 4};
  const std::vector<double> predicted = {1, 2, 3, 2};

  const Metrics metrics = metrics_of(truth, predicted);

  EXPECT_DOUBLE_EQ(metrics.r2, 1 - 4.0 / 5.0);
  EXPECT_DOUBLE_EQ(metrics.rmse, 1.0);
  EXPECT_DOUBLE_EQ(metrics.mae, 0.5);
  EXPECT_DOUBLE_EQ(metrics.medae, 0.0);
}

TEST(MetricsOf, TheMeanHasR2Zero) {
  EXPECT_DOUBLE_EQ(metrics_of(std::vector<double>{1, 3}, std::vector<double>{2, 2}).r2, 0);
}

TEST(MetricsOf, EqualRatingsHaveR2Zero) {
  EXPECT_DOUBLE_EQ(metrics_of(std::vector<double>{4, 4}, std::vector<double>{4, 3}).r2, 0);
}

TEST(QuantileOf, IsLinearBetweenOrderStatistics) {
  std::vector<double> values = {4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile_of(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile_of(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile_of(values, 1), 4);
}

TEST(BootstrapRanges, HoldTheMetricAndRepeatWithTheSeed) {
  std::vector<double> truth;
  std::vector<double> predicted;
  for (int i = 0; i < 200; ++i) {
    truth.push_back(i % 10);
    predicted.push_back((i % 10) + (i % 3 - 1) * 0.5);
  }
  const Metrics metrics = metrics_of(truth, predicted);

  const MetricRanges ranges = bootstrap_ranges(truth, predicted, 200, 5);

  EXPECT_LT(ranges.mae.low, metrics.mae);
  EXPECT_GT(ranges.mae.high, metrics.mae);
  EXPECT_EQ(bootstrap_ranges(truth, predicted, 200, 5).r2.low, ranges.r2.low);
  EXPECT_NE(bootstrap_ranges(truth, predicted, 200, 6).r2.low, ranges.r2.low);
}

TEST(PairedGain, KnowsAGainFromChance) {
  std::vector<double> before;
  std::vector<double> better;
  std::vector<double> shuffled;
  core::Random random(3);
  for (int i = 0; i < 400; ++i) {
    const double loss = random.uniform();
    before.push_back(loss);
    better.push_back(loss * 0.9);
    shuffled.push_back(random.uniform());
  }
  EXPECT_GT(paired_gain_range(before, better, 500, 1).low, 0);
  EXPECT_LT(paired_gain_range(better, before, 500, 1).high, 0);
  const MetricRange chance = paired_gain_range(before, shuffled, 500, 1);
  EXPECT_LT(chance.low, 0);
  EXPECT_GT(chance.high, 0);
  const MetricRange none = paired_gain_range(before, before, 500, 1);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
}

}  // namespace
}  // namespace starcast::learn
