#include "model/calibration.h"

#include <gtest/gtest.h>

namespace starcast::model {
namespace {

const Band kBand{4, 3, 4.5};

TEST(Calibration, ScoresInsideByTheShareOfTheHalfWidthLeftOver) {
  const Calibration calibration;

  EXPECT_DOUBLE_EQ(calibration.score(kBand, 4), -1);
  EXPECT_DOUBLE_EQ(calibration.score(kBand, 3.5), -0.5);
  EXPECT_DOUBLE_EQ(calibration.score(kBand, 4.5), 0);
}

TEST(Calibration, ScoresOutsideInStars) {
  const Calibration calibration;

  EXPECT_DOUBLE_EQ(calibration.score(kBand, 2.5), 0.5);
  EXPECT_DOUBLE_EQ(calibration.score(kBand, 4.75), 0.25);
}

TEST(Calibration, TheIntervalOfARatingsScoreJustHoldsIt) {
  const Calibration calibration;
  for (const double rating : {1.0, 2.9, 3.0, 3.7, 4.0, 4.2, 4.5, 5.0}) {
    const double score = calibration.score(kBand, rating);

    const Interval interval = calibration.interval(kBand, {0.8, score});

    EXPECT_LE(interval.low, rating + 1e-12);
    EXPECT_GE(interval.high, rating - 1e-12);
    const Interval less = calibration.interval(kBand, {0.8, score - 1e-6});
    if (score > -1) {
      EXPECT_TRUE(rating < less.low || rating > less.high) << rating;
    }
  }
}

TEST(Calibration, IntervalsAreNestedAcrossBothHalvesOfTheFamily) {
  const Calibration calibration;
  Interval inner = calibration.interval(kBand, {0.5, -1});
  for (const double scale : {-0.5, -0.1, 0.0, 0.1, 1.0}) {
    const Interval outer = calibration.interval(kBand, {0.5, scale});
    EXPECT_LE(outer.low, inner.low);
    EXPECT_GE(outer.high, inner.high);
    inner = outer;
  }
}

TEST(Calibration, ABandWithoutWidthHasTheFloor) {
  const Calibration calibration;

  const Interval interval = calibration.interval({4, 4, 4}, {0.8, 0});

  EXPECT_NEAR(interval.high - interval.low, 2 * calibration.half_width_floor, 1e-12);
}

}  // namespace
}  // namespace starcast::model
