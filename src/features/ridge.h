// Ridge regressions on sparse rows, several at once: they share the rows and differ in what the rows weigh
// and aim at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace starcast::features {

struct SparseCell {
  std::uint32_t column;
  float value;
};

class SparseRows {
 public:
  explicit SparseRows(std::size_t columns) : columns_(columns) {}

  void reserve(std::size_t rows, std::size_t cells) {
    ends_.reserve(rows);
    cells_.reserve(cells);
  }
  // Columns below columns(), each once.
  void add_row(std::span<const SparseCell> cells) {
    cells_.insert(cells_.end(), cells.begin(), cells.end());
    ends_.push_back(cells_.size());
  }

  std::size_t columns() const { return columns_; }
  std::size_t size() const { return ends_.size(); }
  std::span<const SparseCell> row(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::span(cells_).subspan(begin, ends_[index] - begin);
  }

 private:
  std::size_t columns_;
  std::vector<std::size_t> ends_;
  std::vector<SparseCell> cells_;
};

// One number a regression.
inline constexpr std::size_t kLanes = 6;
using Lanes = std::array<double, kLanes>;

// What a row's coefficients add up to, in each lane.
Lanes weighted_sum(std::span<const SparseCell> row, std::span<const Lanes> coefficients);

// The coefficients of each column, without intercept, that make
//   sum over rows of weight * (target - row * coefficients)^2 + penalty * |coefficients|^2
// least, by conjugate gradients up to a residual of 1e-6 of the targets or kRidgeRoundsMax rounds. Weights
// are at least 0, a lane and row each; the penalty is above 0. Lanes are strangers: what a row without weight
// in a lane aims at there, and all that other lanes do, leaves the lane's bits as they are.
inline constexpr std::size_t kRidgeRoundsMax = 40;
std::vector<Lanes> ridge_coefficients(const SparseRows& rows, std::span<const Lanes> weights,
                                      std::span<const Lanes> targets, double penalty);

}  // namespace starcast::features
