#include "codec/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace starcast::codec {
namespace {

TEST(Number, ParsesTheNearestDouble) {
  EXPECT_EQ(parse_double("4.1"), 4.1);
  EXPECT_EQ(parse_double("-17"), -17.0);
  EXPECT_EQ(parse_double("1e3"), 1000.0);
  EXPECT_EQ(parse_double(".5"), 0.5);
  EXPECT_EQ(parse_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(parse_double("2.2250738585072011e-308"), 2.2250738585072011e-308);
}

TEST(Number, KeepsTheSignOfZero) {
  ASSERT_TRUE(parse_double("-0"));
  EXPECT_TRUE(std::signbit(*parse_double("-0")));
}

TEST(Number, RefusesWhatIsNotWhollyANumber) {
  for (const char* text : {"", " 1", "1 ", "+1", "0x10", "nan", "inf", "-inf", "NaN", "1,000", "1e", "-", ".",
                           "1.2.3", "4.1a", "--1"})
    EXPECT_FALSE(parse_double(text)) << text;
}

TEST(Number, TooSmallIsZeroWithItsSign) {
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_EQ(parse_double("0.000001e-330"), 0.0);
  EXPECT_EQ(parse_double("1e-99999999999999999999"), 0.0);
  ASSERT_TRUE(parse_double("-1e-400"));
  EXPECT_TRUE(std::signbit(*parse_double("-1e-400")));
}

TEST(Number, TooLargeIsNothing) {
  EXPECT_FALSE(parse_double("1e400"));
  EXPECT_FALSE(parse_double("1e99999999999999999999"));
  EXPECT_FALSE(parse_double(std::string(400, '9')));
}

TEST(Number, ParsesIntegersThatFit) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
}

TEST(Number, RefusesWhatIsNotWhollyAnInteger) {
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808", "ten"})
    EXPECT_FALSE(parse_int(text)) << text;
}

TEST(Number, WritesTheShortestText) {
  EXPECT_EQ(to_shortest(0.1), "0.1");
  EXPECT_EQ(to_shortest(5), "5");
  EXPECT_EQ(to_shortest(1e300), "1e+300");
  EXPECT_EQ(to_shortest(-0.0), "-0");
  EXPECT_EQ(to_shortest(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(to_shortest(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(to_shortest(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(Number, WritesAsPythonRepr) {
  EXPECT_EQ(to_python(5), "5.0");
  EXPECT_EQ(to_python(0.1), "0.1");
  EXPECT_EQ(to_python(1e-4), "0.0001");
  EXPECT_EQ(to_python(1e-5), "1e-05");
  EXPECT_EQ(to_python(1.5e-7), "1.5e-07");
  EXPECT_EQ(to_python(1e15), "1000000000000000.0");
  EXPECT_EQ(to_python(1e16), "1e+16");
  EXPECT_EQ(to_python(1e100), "1e+100");
  EXPECT_EQ(to_python(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(to_python(123456.789), "123456.789");
  EXPECT_EQ(to_python(-0.0), "-0.0");
  EXPECT_EQ(to_python(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(to_python(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(to_python(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(to_python(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(Number, EveryWrittenTextReadsBackToTheSameBits) {
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double value = std::bit_cast<double>(state);
    if (!std::isfinite(value)) continue;

    const auto shortest = parse_double(to_shortest(value));
    const auto python = parse_double(to_python(value));

    ASSERT_TRUE(shortest && python) << to_shortest(value);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*shortest), std::bit_cast<std::uint64_t>(value));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*python), std::bit_cast<std::uint64_t>(value));
  }
}

}  // namespace
}  // namespace starcast::codec
