#include "learn/blend_weights.h"

#include <limits>

#include "core/check.h"
#include "learn/metrics.h"

namespace starcast::learn {

namespace {

constexpr int kSteps = 20;

// The loss of the best constants, which the two errors are measured by.
struct Scale {
  double squared = 0;
  double absolute = 0;
};

Scale constant_loss(std::span<const double> truth) {
  double mean = 0;
  for (const double value : truth) mean += value / static_cast<double>(truth.size());
  std::vector<double> sorted(truth.begin(), truth.end());
  const std::vector<double> means(truth.size(), mean);
  const std::vector<double> medians(truth.size(), quantile_of(sorted, 0.5));
  const double rmse = metrics_of(truth, means).rmse;
  return {rmse * rmse, metrics_of(truth, medians).mae};
}

double loss_of(const Metrics& metrics, const Scale& scale, Objective objective) {
  const double squared = scale.squared > 0 ? metrics.rmse * metrics.rmse / scale.squared : 0;
  const double absolute = scale.absolute > 0 ? metrics.mae / scale.absolute : 0;
  switch (objective) {
    case Objective::kMean:
      return squared;
    case Objective::kMedian:
      return absolute;
    case Objective::kBlend:
      return squared + absolute;
  }
  return squared;
}

}  // namespace

std::vector<double> learn_weights(const std::vector<std::vector<double>>& parts,
                                  std::span<const double> truth, Objective objective,
                                  std::span<const double> least) {
  CHECK(!parts.empty() && parts.size() <= 4 && !truth.empty());
  CHECK(least.empty() || least.size() == parts.size());
  const Scale scale = constant_loss(truth);
  std::vector<int> steps(parts.size(), 0);
  std::vector<int> best;
  double best_loss = std::numeric_limits<double>::infinity();
  std::vector<double> blend(truth.size());
  const auto may_weigh = [&](std::size_t part, int share) {
    // A whole share is always allowed, so that some weights are.
    if (share == 0 || share == kSteps || least.empty()) return true;
    return static_cast<double>(share) / kSteps >= least[part] - 1e-9;
  };
  // Every way to share kSteps among the parts, the first part's share descending.
  const auto visit = [&](const auto& self, std::size_t part, int left) -> void {
    if (part + 1 == parts.size()) {
      if (!may_weigh(part, left)) return;
      steps[part] = left;
      for (std::size_t i = 0; i < truth.size(); ++i) {
        blend[i] = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) blend[i] += parts[p][i] * steps[p] / kSteps;
      }
      const double loss = loss_of(metrics_of(truth, blend), scale, objective);
      if (loss < best_loss) {
        best_loss = loss;
        best = steps;
      }
      return;
    }
    for (int share = left; share >= 0; --share) {
      if (!may_weigh(part, share)) continue;
      steps[part] = share;
      self(self, part + 1, left - share);
    }
  };
  visit(visit, 0, kSteps);
  std::vector<double> weights;
  for (const int share : best) weights.push_back(static_cast<double>(share) / kSteps);
  return weights;
}

}  // namespace starcast::learn
