// Numbers as people read them, the same in the page and in the card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "report/report_input.h"

namespace starcast::report {

std::string decimals(double value, int places);  // "0.313"; never "-0.000"; "n/a" when not finite
std::string count_text(std::size_t count);       // "1,653"
std::string count_text(double count);           // the same of a whole number that may be missing: "not given"
std::string percent(double share, int places);  // "81.2 %"
std::string level_text(double level);           // "80 %", "99.5 %"
std::string range_text(const ScoreRange& range, int places);  // "0.297 to 0.331"
std::string size_text(std::uint64_t bytes);                   // "12,345,678 bytes (11.8 MiB)"

}  // namespace starcast::report
