// Small numeric words that several rooms use.
#pragma once

#include <cmath>
#include <limits>

namespace starcast::core {

// A missing number, everywhere in the house.
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

inline bool is_missing(double value) {
  return std::isnan(value);
}

}  // namespace starcast::core
