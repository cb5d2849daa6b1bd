#include "features/ridge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "core/random.h"

namespace starcast::features {
namespace {

constexpr std::size_t kRows = 60;
constexpr std::size_t kColumns = 25;

SparseRows random_rows() {
  core::Random random(5);
  SparseRows rows(kColumns);
  for (std::size_t row = 0; row < kRows; ++row) {
    std::vector<SparseCell> cells;
    for (std::uint32_t column = 0; column < kColumns; ++column) {
      if (random.below(3) == 0) cells.push_back({column, static_cast<float>(random.uniform())});
    }
    rows.add_row(cells);
  }
  return rows;
}

std::vector<Lanes> random_lanes(std::uint64_t seed) {
  core::Random random(seed);
  std::vector<Lanes> lanes(kRows);
  for (Lanes& row : lanes) {
    for (double& lane : row) lane = random.uniform();
  }
  return lanes;
}

TEST(Ridge, IsTheClosedFormOfOneColumn) {
  SparseRows rows(1);
  rows.add_row(std::vector<SparseCell>{{0, 2.0F}});
  rows.add_row(std::vector<SparseCell>{{0, 1.0F}});
  Lanes ones;
  ones.fill(1);
  Lanes halves;
  halves.fill(0.5);

  const std::vector<Lanes> coefficients =
      ridge_coefficients(rows, std::vector<Lanes>{ones, halves}, std::vector<Lanes>{ones, ones}, 3);

  ASSERT_EQ(coefficients.size(), 1U);
  EXPECT_NEAR(coefficients[0][0], (2 + 0.5) / (4 + 0.5 + 3), 1e-12);
}

TEST(Ridge, SolvesTheNormalEquations) {
  const SparseRows rows = random_rows();
  const std::vector<Lanes> weights = random_lanes(1);
  const std::vector<Lanes> targets = random_lanes(2);

  const std::vector<Lanes> coefficients = ridge_coefficients(rows, weights, targets, 0.5);

  // rows' * weight * (target - rows * coefficients) = penalty * coefficients.
  std::vector<Lanes> gradient(kColumns, Lanes{});
  for (std::size_t row = 0; row < kRows; ++row) {
    const Lanes sum = weighted_sum(rows.row(row), coefficients);
    for (const SparseCell& cell : rows.row(row)) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        gradient[cell.column][lane] +=
            static_cast<double>(cell.value) * weights[row][lane] * (targets[row][lane] - sum[lane]);
      }
    }
  }
  for (std::size_t column = 0; column < kColumns; ++column) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      EXPECT_NEAR(gradient[column][lane], 0.5 * coefficients[column][lane], 1e-4);
    }
  }
}

TEST(Ridge, LanesAreStrangers) {
  const SparseRows rows = random_rows();
  const std::vector<Lanes> weights = random_lanes(1);
  const std::vector<Lanes> targets = random_lanes(2);
  std::vector<Lanes> other_targets = random_lanes(3);
  for (std::size_t row = 0; row < kRows; ++row) other_targets[row][4] = targets[row][4];

  const std::vector<Lanes> one = ridge_coefficients(rows, weights, targets, 0.5);
  const std::vector<Lanes> two = ridge_coefficients(rows, weights, other_targets, 0.5);

  for (std::size_t column = 0; column < kColumns; ++column) {
    EXPECT_EQ(std::memcmp(&one[column][4], &two[column][4], sizeof(double)), 0) << column;
  }
}

TEST(Ridge, RowsWithoutWeightDoNotSpeak) {
  const SparseRows rows = random_rows();
  std::vector<Lanes> weights = random_lanes(1);
  weights[7][2] = 0;
  const std::vector<Lanes> targets = random_lanes(2);
  std::vector<Lanes> other_targets = targets;
  other_targets[7][2] = -1000;

  const std::vector<Lanes> one = ridge_coefficients(rows, weights, targets, 0.5);

  EXPECT_EQ(one, ridge_coefficients(rows, weights, other_targets, 0.5));
}

TEST(Ridge, IsZeroWithoutAnyWeightOrColumn) {
  const SparseRows rows = random_rows();
  const std::vector<Lanes> none(kRows, Lanes{});
  SparseRows empty(0);
  for (std::size_t row = 0; row < kRows; ++row) empty.add_row({});

  EXPECT_EQ(ridge_coefficients(rows, none, random_lanes(2), 1), std::vector<Lanes>(kColumns, Lanes{}));
  EXPECT_TRUE(ridge_coefficients(empty, random_lanes(1), random_lanes(2), 1).empty());
}

}  // namespace
}  // namespace starcast::features
