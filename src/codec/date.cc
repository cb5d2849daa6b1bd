#include "codec/date.h"

#include <fmt/format.h>

#include <array>

namespace starcast::codec {
namespace {

constexpr int kYearMin = 1900;
constexpr int kYearMax = 2200;

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month == 2 && is_leap(year)) return 29;
  return kDays[static_cast<std::size_t>(month - 1)];
}

// Eats a number of digits_min..digits_max digits from the front of the text.
std::optional<int> take_number(std::string_view& text, std::size_t digits_min, std::size_t digits_max) {
  std::size_t count = 0;
  int value = 0;
  while (count < text.size() && count < digits_max && text[count] >= '0' && text[count] <= '9') {
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < digits_min) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// Eats a month's full name, or else its first three letters.
std::optional<int> take_month(std::string_view& text) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (take(text, kMonths[i]) || take(text, kMonths[i].substr(0, 3))) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

// "January 7, 2018" and "Jan 7, 2018".
std::optional<Date> parse_month_first(std::string_view text) {
  const auto month = take_month(text);
  if (!month || !take(text, " ")) return std::nullopt;
  const auto day = take_number(text, 1, 2);
  if (!day || !take(text, ", ")) return std::nullopt;
  const auto year = take_number(text, 4, 4);
  if (!year || !text.empty()) return std::nullopt;
  return date_from({*year, *month, *day});
}

// "29-Mar-19".
std::optional<Date> parse_month_between(std::string_view text) {
  const auto day = take_number(text, 1, 2);
  if (!day || !take(text, "-")) return std::nullopt;
  const auto month = take_month(text);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto short_year = take_number(text, 2, 2);
  if (!short_year || !text.empty()) return std::nullopt;
  return date_from({*short_year < 70 ? 2000 + *short_year : 1900 + *short_year, *month, *day});
}

// "2018-01-07" and "15-06-2021".
std::optional<Date> parse_numbers(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  const bool year_first = text[4] == '-';
  const auto first = take_number(text, year_first ? 4 : 2, year_first ? 4 : 2);
  if (!first || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto last = take_number(text, year_first ? 2 : 4, year_first ? 2 : 4);
  if (!last || !text.empty()) return std::nullopt;
  if (year_first) return date_from({*first, *month, *last});
  return date_from({*last, *month, *first});
}

}  // namespace

// Both conversions count in eras of 400 years with the year beginning in March, so that the leap day comes
// last (Howard Hinnant, "chrono-compatible low-level date algorithms").
std::optional<Date> date_from(DateParts parts) {
  if (parts.year < kYearMin || parts.year > kYearMax || parts.month < 1 || parts.month > 12 ||
      parts.day < 1 || parts.day > days_in_month(parts.year, parts.month)) {
    return std::nullopt;
  }
  const int year = parts.month <= 2 ? parts.year - 1 : parts.year;
  const int era = year / 400;
  const int year_of_era = year - era * 400;
  const int month_from_march = (parts.month + 9) % 12;
  const int day_of_year = (153 * month_from_march + 2) / 5 + parts.day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return Date{era * 146097 + day_of_era - 719468};
}

DateParts parts_of(Date date) {
  const std::int64_t days = std::int64_t{date.days} + 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

int weekday_of(Date date) {
  // 1970-01-01 was a Thursday.
  const std::int64_t from_thursday = (std::int64_t{date.days} + 3) % 7;
  return static_cast<int>(from_thursday < 0 ? from_thursday + 7 : from_thursday);
}

std::optional<Date> parse_date(std::string_view text) {
  if (const auto date = parse_month_first(text)) return date;
  if (const auto date = parse_numbers(text)) return date;
  return parse_month_between(text);
}

std::string to_iso(Date date) {
  const DateParts parts = parts_of(date);
  return fmt::format("{:04}-{:02}-{:02}", parts.year, parts.month, parts.day);
}

std::string to_long(Date date) {
  const DateParts parts = parts_of(date);
  return fmt::format("{} {}, {}", kMonths[static_cast<std::size_t>(parts.month - 1)], parts.day, parts.year);
}

}  // namespace starcast::codec
