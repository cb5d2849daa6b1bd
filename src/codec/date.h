// Calendar dates of the proleptic Gregorian calendar, without time zones.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace starcast::codec {

// Days since 1970-01-01.
struct Date {
  std::int32_t days = 0;
  auto operator<=>(const Date&) const = default;
};

struct DateParts {
  int year;
  int month;  // 1..12
  int day;    // 1..31
};

// Nothing if the parts are no date, or outside years 1900 to 2200.
std::optional<Date> date_from(DateParts parts);
DateParts parts_of(Date date);

// 0 = Monday .. 6 = Sunday.
int weekday_of(Date date);

// "January 7, 2018", "Jan 7, 2018", "29-Mar-19" (years 00..69 are 20xx), "2018-01-07", "15-06-2021". Anything
// else, or a day that the month does not have, is nothing. Of a day one digit is enough in the first three;
// month names are English.
std::optional<Date> parse_date(std::string_view text);

// "2018-01-07".
std::string to_iso(Date date);

// "January 7, 2018": the layout of the 2018 file.
std::string to_long(Date date);

}  // namespace starcast::codec
