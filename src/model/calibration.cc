#include "model/calibration.h"

#include <algorithm>

#include "core/check.h"

namespace starcast::model {

double Calibration::score(const Band& band, double rating) const {
  const double below = std::max(band.median - band.low, half_width_floor);
  const double above = std::max(band.high - band.median, half_width_floor);
  const double outside = std::max(band.median - below - rating, rating - band.median - above);
  if (outside > 0) return outside;
  return std::max((band.median - rating) / below, (rating - band.median) / above) - 1;
}

Interval Calibration::interval(const Band& band, const LevelScale& scale) const {
  const double below = std::max(band.median - band.low, half_width_floor);
  const double above = std::max(band.high - band.median, half_width_floor);
  const double factor = 1 + std::clamp(scale.scale, -1.0, 0.0);
  const double margin = std::max(scale.scale, 0.0);
  return {scale.level, band.median - factor * below - margin, band.median + factor * above + margin};
}

const CalibrationGroup& Calibration::group_of(double reviews) const {
  CHECK(!groups.empty());
  const CalibrationGroup* group = &groups.front();
  for (const CalibrationGroup& candidate : groups) {
    if (reviews >= candidate.reviews_min) group = &candidate;
  }
  return *group;
}

}  // namespace starcast::model
