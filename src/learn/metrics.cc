#include "learn/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "core/random.h"

namespace starcast::learn {

using codec::Json;
using codec::JsonObject;

double quantile_of(std::span<double> values, double share) {
  CHECK(!values.empty());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(place);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(lower);
  std::nth_element(values.begin(), nth, values.end());
  const double low = *nth;
  if (lower + 1 >= values.size()) return low;
  const double high = *std::min_element(nth + 1, values.end());
  return low + (place - static_cast<double>(lower)) * (high - low);
}

Metrics metrics_of(std::span<const double> truth, std::span<const double> predicted) {
  CHECK(!truth.empty() && truth.size() == predicted.size());
  const auto count = static_cast<double>(truth.size());
  double sum = 0;
  for (const double value : truth) sum += value;
  const double mean = sum / count;
  double squares = 0;
  double squares_of_mean = 0;
  double absolute = 0;
  std::vector<double> errors(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double error = truth[i] - predicted[i];
    squares += error * error;
    squares_of_mean += (truth[i] - mean) * (truth[i] - mean);
    errors[i] = std::abs(error);
    absolute += errors[i];
  }
  Metrics metrics;
  metrics.r2 = squares_of_mean > 0 ? 1 - squares / squares_of_mean : 0;
  metrics.rmse = std::sqrt(squares / count);
  metrics.mae = absolute / count;
  metrics.medae = quantile_of(errors, 0.5);
  return metrics;
}

MetricRanges bootstrap_ranges(std::span<const double> truth, std::span<const double> predicted,
                              std::size_t resamples, std::uint64_t seed) {
  CHECK(resamples > 0);
  core::Random random(seed);
  std::vector<double> r2;
  std::vector<double> rmse;
  std::vector<double> mae;
  std::vector<double> medae;
  std::vector<double> drawn_truth(truth.size());
  std::vector<double> drawn_predicted(truth.size());
  for (std::size_t resample = 0; resample < resamples; ++resample) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const std::size_t drawn = random.below(truth.size());
      drawn_truth[i] = truth[drawn];
      drawn_predicted[i] = predicted[drawn];
    }
    const Metrics metrics = metrics_of(drawn_truth, drawn_predicted);
    r2.push_back(metrics.r2);
    rmse.push_back(metrics.rmse);
    mae.push_back(metrics.mae);
    medae.push_back(metrics.medae);
  }
  const auto range = [](std::vector<double>& values) {
    return MetricRange{quantile_of(values, 0.025), quantile_of(values, 0.975)};
  };
  return {range(r2), range(rmse), range(mae), range(medae)};
}

MetricRange paired_gain_range(std::span<const double> losses_before, std::span<const double> losses_after,
                              std::size_t resamples, std::uint64_t seed) {
  CHECK(resamples > 0);
  CHECK(losses_before.size() == losses_after.size() && !losses_before.empty());
  core::Random random(seed);
  const std::size_t count = losses_before.size();
  std::vector<double> gains;
  gains.reserve(resamples);
  for (std::size_t resample = 0; resample < resamples; ++resample) {
    double gain = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t drawn = random.below(count);
      gain += losses_before[drawn] - losses_after[drawn];
    }
    gains.push_back(gain / static_cast<double>(count));
  }
  return {quantile_of(gains, 0.025), quantile_of(gains, 0.975)};
}

Json to_json(const Metrics& metrics) {
  return JsonObject{
      {"r2", metrics.r2}, {"rmse", metrics.rmse}, {"mae", metrics.mae}, {"medae", metrics.medae}};
}

Json to_json(const Metrics& metrics, const MetricRanges& ranges) {
  Json json = to_json(metrics);
  Json intervals;
  const auto put = [&](const char* name, const MetricRange& range) {
    intervals.set(name, JsonObject{{"low", range.low}, {"high", range.high}});
  };
  put("r2", ranges.r2);
  put("rmse", ranges.rmse);
  put("mae", ranges.mae);
  put("medae", ranges.medae);
  json.set("bootstrap_95", std::move(intervals));
  return json;
}

}  // namespace starcast::learn
