// What fit() and from_bytes() both demand of a kernel model.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "similar/kernel_model.h"

namespace starcast::similar {

inline constexpr std::size_t kItemsMax = 65536;
inline constexpr std::size_t kColumnsMax = 256;
inline constexpr double kNumberMax = 1e100;
inline constexpr double kNoiseMin = 0.001;
inline constexpr float kStandardisedMax = 1e6F;  // beyond it all numbers are equally far away

inline bool is_usable_width(double width) {
  return width >= 1e-3 && width <= 1e6;
}
inline bool is_usable_weight(double weight) {
  return weight >= 0 && weight <= 1e6;
}

// All weights, in the order in which they are stored: do not reorder.
std::vector<double> listed_weights(const KernelWeights& weights);

}  // namespace starcast::similar
