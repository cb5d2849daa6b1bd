// Calibration: how three quantiles of a listing's rating become intervals that hold at their level.
#pragma once

#include <vector>

namespace starcast::model {

// A range that holds the true value with probability `level`.
struct Interval {
  double level = 0;  // 0 < level < 1
  double low = 0;
  double high = 0;
};

// What the quantile forests say of one listing.
struct Band {
  double median = 0;
  double low = 0;
  double high = 0;
};

struct LevelScale {
  double level;
  double scale;
};

struct CalibrationGroup {
  double reviews_min =
      0;  // from here up to the next group's; a listing that does not say belongs to the first
  std::vector<LevelScale> levels;  // ascending in both members
};

// Split-conformal calibration of quantiles (Romano, Patterson and Candes 2019) over one nested family of
// intervals. With half widths a = max(median - low, floor) and b = max(high - median, floor), the interval of
// scale t is
//   [median - (1 + t) a, median + (1 + t) b]   for -1 <= t <= 0: the band, shrunk to its median,
//   [median - a - t, median + b + t]           for t > 0: the band, widened by t stars on both sides,
// and the score of a rating is the least t whose interval holds it. A level's scale is that quantile of the
// scores of ratings that the forests did not see. Each group of listings (by number of reviews, where the
// noise differs most) has its own.
struct Calibration {
  double half_width_floor = 0.01;
  std::vector<CalibrationGroup> groups;  // ascending in reviews_min; at least one

  double score(const Band& band, double rating) const;
  Interval interval(const Band& band, const LevelScale& scale) const;

  // The group of a listing with that many reviews (core::kMissing when it does not say).
  const CalibrationGroup& group_of(double reviews) const;
};

}  // namespace starcast::model
