// Metrics of predicted ratings, with bootstrap intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/json.h"

namespace starcast::learn {

// r2 = 1 - sum (y - p)^2 / sum (y - mean y)^2, and 0 when all y are equal; the other three are in stars.
struct Metrics {
  double r2 = 0;
  double rmse = 0;
  double mae = 0;
  double medae = 0;  // the median absolute error; of an even number, the mean of the middle two
};

// Of at least one pair; both spans have the same length.
Metrics metrics_of(std::span<const double> truth, std::span<const double> predicted);

struct MetricRange {
  double low = 0;
  double high = 0;
};

struct MetricRanges {
  MetricRange r2;
  MetricRange rmse;
  MetricRange mae;
  MetricRange medae;
};

// The middle 95 % of the metrics over `resamples` draws of the pairs with replacement (percentile bootstrap).
MetricRanges bootstrap_ranges(std::span<const double> truth, std::span<const double> predicted,
                              std::size_t resamples, std::uint64_t seed);

// The middle 95 % of mean(before) - mean(after) over `resamples` draws of the same pairs with replacement: a
// paired bootstrap of what a change gains. Both spans have the same length, at least one.
MetricRange paired_gain_range(std::span<const double> losses_before, std::span<const double> losses_after,
                              std::size_t resamples, std::uint64_t seed);

codec::Json to_json(const Metrics& metrics);
codec::Json to_json(const Metrics& metrics, const MetricRanges& ranges);

// The `share` quantile, linear between order statistics (type 7, as numpy's default). Reorders `values`; not
// empty.
double quantile_of(std::span<double> values, double share);

}  // namespace starcast::learn
