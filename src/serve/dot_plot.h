// Dots for a prediction with intervals: each as likely as any other.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "model/calibration.h"

namespace starcast::serve {

// `count` values at the middles of as many equally likely parts. Between the ends of the intervals the
// distribution is taken as straight (a prediction is no median); beyond the widest one there is nothing. The
// intervals are nested, in ascending order; at least one.
std::vector<double> likely_values(std::span<const model::Interval> intervals, std::size_t count);

struct DotAxis {
  double low = 1;
  double high = 5;
};

// A picture of them, stacked where they are close, with a title for who cannot see it.
std::string dot_plot(double value, const std::vector<double>& values, DotAxis axis);
// The same in one line, for tables.
std::string dot_strip(double value, const std::vector<double>& values, DotAxis axis);

}  // namespace starcast::serve
