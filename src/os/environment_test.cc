#include "os/environment.h"

#include <gtest/gtest.h>

namespace starcast::os {
namespace {

using Values = std::map<std::string, std::string>;

TEST(MapEnvironment, CountsAnEmptyValueAsSet) {
  const MapEnvironment environment(Values{{"EMPTY", ""}});

  EXPECT_EQ(environment.find("EMPTY"), "");
}

TEST(MapEnvironment, LacksWhatWasNotGiven) {
  const MapEnvironment environment(Values{});

  EXPECT_EQ(environment.find("HOME"), std::nullopt);
}

TEST(RealEnvironment, HasThePath) {
  EXPECT_TRUE(real_environment().find("PATH").has_value());
}

TEST(RealEnvironment, LacksNamesThatCannotExist) {
  EXPECT_EQ(real_environment().find("A=B"), std::nullopt);
  EXPECT_EQ(real_environment().find(""), std::nullopt);
}

TEST(ThreadCount, IsWhatTheVariableSays) {
  EXPECT_EQ(thread_count(MapEnvironment(Values{{"STARCAST_THREADS", "3"}})), 3U);
}

TEST(ThreadCount, IsLimited) {
  EXPECT_EQ(thread_count(MapEnvironment(Values{{"STARCAST_THREADS", "99999"}})), 1024U);
}

TEST(ThreadCount, IgnoresWhatIsNoPositiveInteger) {
  const std::size_t usual = thread_count(MapEnvironment(Values{}));

  for (const char* value : {"", "0", "-2", "two", "2.5", "99999999999999999999999"}) {
    EXPECT_EQ(thread_count(MapEnvironment(Values{{"STARCAST_THREADS", value}})), usual) << value;
  }
}

TEST(ThreadCount, IsAtLeastOne) {
  EXPECT_GE(thread_count(MapEnvironment(Values{})), 1U);
}

TEST(QuotaProcessors, RoundsUp) {
  EXPECT_EQ(quota_processors("150000 100000\n"), 2U);
  EXPECT_EQ(quota_processors("200000 100000"), 2U);
  EXPECT_EQ(quota_processors("5000 100000"), 1U);
}

TEST(QuotaProcessors, IsAbsentWithoutALimit) {
  EXPECT_EQ(quota_processors("max 100000"), std::nullopt);
  EXPECT_EQ(quota_processors(""), std::nullopt);
  EXPECT_EQ(quota_processors("100000 0"), std::nullopt);
}

}  // namespace
}  // namespace starcast::os
