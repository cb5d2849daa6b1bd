#include "features/ridge.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace starcast::features {
namespace {

constexpr double kResidualMax = 1e-6;

// The dual form of the problem: with S the roots of the weights and K = rows * rows', solve
//   (S K S + penalty) dual = S target;   coefficients = rows' * S * dual.
// One number a row instead of one a column, and the same spectrum.
class Dual {
 public:
  Dual(const SparseRows& rows, std::span<const Lanes> weights, double penalty)
      : rows_(rows), penalty_(penalty), roots_(weights.begin(), weights.end()), by_column_(rows.columns()) {
    for (Lanes& root : roots_) {
      for (double& lane : root) lane = std::sqrt(lane);
    }
  }

  const Lanes& root(std::size_t row) const { return roots_[row]; }

  // rows' * S * vector.
  const std::vector<Lanes>& columns_of(const std::vector<Lanes>& vector) {
    std::fill(by_column_.begin(), by_column_.end(), Lanes{});
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      Lanes scaled;
      for (std::size_t lane = 0; lane < kLanes; ++lane) scaled[lane] = roots_[row][lane] * vector[row][lane];
      for (const SparseCell& cell : rows_.row(row)) {
        const double value = static_cast<double>(cell.value);
        Lanes& column = by_column_[cell.column];
        for (std::size_t lane = 0; lane < kLanes; ++lane) column[lane] += value * scaled[lane];
      }
    }
    return by_column_;
  }

  // product = (S K S + penalty) * vector; returns vector * product.
  Lanes multiply(const std::vector<Lanes>& vector, std::vector<Lanes>& product) {
    columns_of(vector);
    Lanes dot{};
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const Lanes sum = weighted_sum(rows_.row(row), by_column_);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        product[row][lane] = roots_[row][lane] * sum[lane] + penalty_ * vector[row][lane];
        dot[lane] += vector[row][lane] * product[row][lane];
      }
    }
    return dot;
  }

 private:
  const SparseRows& rows_;
  double penalty_;
  std::vector<Lanes> roots_;
  std::vector<Lanes> by_column_;
};

Lanes squares(const std::vector<Lanes>& vector) {
  Lanes sums{};
  for (const Lanes& entry : vector) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += entry[lane] * entry[lane];
  }
  return sums;
}

}  // namespace

Lanes weighted_sum(std::span<const SparseCell> row, std::span<const Lanes> coefficients) {
  Lanes sum{};
  for (const SparseCell& cell : row) {
    const double value = static_cast<double>(cell.value);
    const Lanes& column = coefficients[cell.column];
    for (std::size_t lane = 0; lane < kLanes; ++lane) sum[lane] += value * column[lane];
  }
  return sum;
}

std::vector<Lanes> ridge_coefficients(const SparseRows& rows, std::span<const Lanes> weights,
                                      std::span<const Lanes> targets, double penalty) {
  CHECK(weights.size() == rows.size() && targets.size() == rows.size());
  CHECK(penalty > 0);
  Dual dual(rows, weights, penalty);
  std::vector<Lanes> residual(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double root = dual.root(row)[lane];
      residual[row][lane] = root > 0 ? root * targets[row][lane] : 0;
    }
  }
  std::vector<Lanes> solution(rows.size(), Lanes{});
  std::vector<Lanes> direction = residual;
  std::vector<Lanes> product(rows.size());
  Lanes squared = squares(residual);
  Lanes enough;
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    enough[lane] = squared[lane] * kResidualMax * kResidualMax;

  for (std::size_t round = 0; round < kRidgeRoundsMax; ++round) {
    // A lane that is done takes steps of 0, so that its end does not hang on the other lanes'.
    std::array<bool, kLanes> goes_on;
    for (std::size_t lane = 0; lane < kLanes; ++lane) goes_on[lane] = squared[lane] > enough[lane];
    if (std::none_of(goes_on.begin(), goes_on.end(), [](bool goes) { return goes; })) break;

    const Lanes curvature = dual.multiply(direction, product);
    Lanes step;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      step[lane] = goes_on[lane] ? squared[lane] / curvature[lane] : 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        solution[row][lane] += step[lane] * direction[row][lane];
        residual[row][lane] -= step[lane] * product[row][lane];
      }
    }
    const Lanes after = squares(residual);
    Lanes turn;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      turn[lane] = goes_on[lane] ? after[lane] / squared[lane] : 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        direction[row][lane] = residual[row][lane] + turn[lane] * direction[row][lane];
      }
    }
    squared = after;
  }
  return dual.columns_of(solution);
}

}  // namespace starcast::features
