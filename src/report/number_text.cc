#include "report/number_text.h"

#include <fmt/format.h>

#include <cmath>

#include "core/strings.h"

namespace starcast::report {

namespace {

constexpr double kCountMax = 9e15;  // whole numbers below are exact

}  // namespace

std::string decimals(double value, int places) {
  if (!std::isfinite(value)) return "n/a";
  std::string text = fmt::format("{:.{}f}", value, places);
  if (text.starts_with('-') && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string count_text(std::size_t count) {
  return core::with_thousands(static_cast<long long>(count));
}

std::string count_text(double count) {
  if (!std::isfinite(count)) return "not given";
  if (std::abs(count) > kCountMax) return fmt::format("{:.3g}", count);
  return core::with_thousands(std::llround(count));
}

std::string percent(double share, int places) {
  return std::isfinite(share) ? decimals(share * 100, places) + " %" : "n/a";
}

std::string level_text(double level) {
  return std::isfinite(level) ? fmt::format("{:.6g} %", level * 100) : "n/a";
}

std::string range_text(const ScoreRange& range, int places) {
  return decimals(range.low, places) + " to " + decimals(range.high, places);
}

std::string size_text(std::uint64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1024.0 * 1024.0);
  return fmt::format("{} bytes ({} MiB)", count_text(static_cast<std::size_t>(bytes)),
                     decimals(mebibytes, 1));
}

}  // namespace starcast::report
