#include "report/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace starcast::report {
namespace {

TEST(NumberText, HasNoNegativeZero) {
  EXPECT_EQ(decimals(-0.0001, 3), "0.000");
  EXPECT_EQ(decimals(-0.001, 3), "-0.001");
}

TEST(NumberText, SaysWhatIsNotANumber) {
  EXPECT_EQ(decimals(core::kMissing, 2), "n/a");
  EXPECT_EQ(percent(std::numeric_limits<double>::infinity(), 1), "n/a");
  EXPECT_EQ(count_text(core::kMissing), "not given");
}

TEST(NumberText, GroupsCounts) {
  EXPECT_EQ(count_text(std::size_t{1234567}), "1,234,567");
  EXPECT_EQ(count_text(44893888.0), "44,893,888");
}

TEST(NumberText, WritesHugeCountsShort) {
  EXPECT_EQ(count_text(1e30), "1e+30");
}

TEST(NumberText, WritesLevelsWithoutNeedlessDigits) {
  EXPECT_EQ(level_text(0.8), "80 %");
  EXPECT_EQ(level_text(0.995), "99.5 %");
}

TEST(NumberText, WritesSizesInBytesAndMebibytes) {
  EXPECT_EQ(size_text(3145728), "3,145,728 bytes (3.0 MiB)");
}

}  // namespace
}  // namespace starcast::report
