#include "serve/dot_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace starcast::serve {
namespace {

using testing::HasSubstr;

const std::vector<model::Interval> kIntervals = {{0.5, 4.0, 4.4}, {0.9, 3.0, 4.8}};

TEST(LikelyValues, LieBetweenTheEndsOfTheWidestInterval) {
  const std::vector<double> values = likely_values(kIntervals, 20);

  EXPECT_EQ(values.size(), 20U);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  EXPECT_EQ(values.front(), 3.0);
  EXPECT_EQ(values.back(), 4.8);
}

TEST(LikelyValues, LieAsOftenInsideAnIntervalAsItSays) {
  const std::vector<double> values = likely_values(kIntervals, 20);

  EXPECT_EQ(
      std::count_if(values.begin(), values.end(), [](double value) { return value > 4.0 && value < 4.4; }),
      10);
}

TEST(LikelyValues, StayWithinTheScaleOfOneInterval) {
  EXPECT_EQ(likely_values(std::vector<model::Interval>{{0.8, 4.5, 5}}, 20).back(), 5);
}

TEST(DotPlot, DrawsEachValueAndSaysInWordsWhatItShows) {
  const std::string svg = dot_plot(4.2, likely_values(kIntervals, 20), {});

  std::size_t dots = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1))
    ++dots;
  EXPECT_EQ(dots, 20U);
  EXPECT_THAT(svg, HasSubstr("<title>4.2; of 20 equally likely values, 5 lie below"));
}

TEST(DotPlot, StacksWhatIsAlikeWithinItsHeight) {
  const std::string svg = dot_plot(4, std::vector<double>(40, 4.0), {});

  EXPECT_THAT(svg, HasSubstr("r=\"1.3\""));
}

}  // namespace
}  // namespace starcast::serve
