#include "codec/date.h"

#include <gtest/gtest.h>

#include <limits>

namespace starcast::codec {
namespace {

std::string iso_of(std::string_view text) {
  const auto date = parse_date(text);
  return date ? to_iso(*date) : "nothing";
}

TEST(Date, ParsesTheFiveLayouts) {
  EXPECT_EQ(iso_of("January 7, 2018"), "2018-01-07");
  EXPECT_EQ(iso_of("Jan 7, 2018"), "2018-01-07");
  EXPECT_EQ(iso_of("29-Mar-19"), "2019-03-29");
  EXPECT_EQ(iso_of("2018-01-07"), "2018-01-07");
  EXPECT_EQ(iso_of("15-06-2021"), "2021-06-15");
}

TEST(Date, TakesDaysWithALeadingZero) {
  EXPECT_EQ(iso_of("May 06, 2021"), "2021-05-06");
  EXPECT_EQ(iso_of("7-Jan-18"), "2018-01-07");
}

TEST(Date, TwoDigitYearsTurnAt1970) {
  EXPECT_EQ(iso_of("01-Jan-69"), "2069-01-01");
  EXPECT_EQ(iso_of("01-Jan-70"), "1970-01-01");
}

TEST(Date, AnythingElseIsNothing) {
  for (const char* text :
       {"", "NaN", "1.0.19", "Janu 7, 2018", "January 7 2018", "January 7, 18", "January 7, 2018 ",
        " Jan 7, 2018", "Jan 123, 2018", "29-Mar-2019", "2018-1-7", "2018/01/07", "20180107",
        "15-06-2021 20:19", "29-Mars-19", "2018-01-0x", "+018-01-07"})
    EXPECT_EQ(iso_of(text), "nothing") << text;
}

TEST(Date, ADayThatTheMonthDoesNotHaveIsNothing) {
  for (const char* text : {"February 30, 2018", "2019-02-29", "2018-13-01", "2018-00-01", "2018-01-00",
                           "31-Apr-19", "1900-02-29"})
    EXPECT_EQ(iso_of(text), "nothing") << text;
  EXPECT_EQ(iso_of("2020-02-29"), "2020-02-29");
  EXPECT_EQ(iso_of("2000-02-29"), "2000-02-29");
}

TEST(Date, YearsOutsideTheRangeAreNothing) {
  EXPECT_FALSE(date_from({1899, 12, 31}));
  EXPECT_TRUE(date_from({1900, 1, 1}));
  EXPECT_TRUE(date_from({2200, 12, 31}));
  EXPECT_FALSE(date_from({2201, 1, 1}));
}

TEST(Date, CountsDaysFrom1970) {
  EXPECT_EQ(date_from({1970, 1, 1})->days, 0);
  EXPECT_EQ(date_from({1969, 12, 31})->days, -1);
  EXPECT_EQ(date_from({2018, 8, 8})->days, 17751);
}

TEST(Date, EveryDayOfTheRangeComesBack) {
  const Date first = *date_from({1900, 1, 1});
  const Date last = *date_from({2200, 12, 31});

  EXPECT_EQ(last.days - first.days + 1, 301 * 365 + 73);
  for (Date date = first; date <= last; ++date.days) ASSERT_EQ(date_from(parts_of(date)), date);
}

TEST(Date, PartsOfTheFarthestDaysDoNotOverflow) {
  EXPECT_GT(parts_of(Date{std::numeric_limits<std::int32_t>::max()}).year, 5000000);
  EXPECT_LT(parts_of(Date{std::numeric_limits<std::int32_t>::min()}).year, -5000000);
}

TEST(Date, WeekdaysBeginOnMonday) {
  EXPECT_EQ(weekday_of(*date_from({2024, 1, 1})), 0);
  EXPECT_EQ(weekday_of(*date_from({1970, 1, 1})), 3);
  EXPECT_EQ(weekday_of(*date_from({1969, 12, 28})), 6);
}

TEST(Date, WritesTheLayoutOfThe2018File) {
  EXPECT_EQ(to_long(*date_from({2018, 1, 7})), "January 7, 2018");
}

}  // namespace
}  // namespace starcast::codec
