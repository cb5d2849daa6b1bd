#include "similar/panel_matrix.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace starcast::similar {
namespace {

// exp(-|i-j|/5) and 1/2 more on the diagonal.
double element(std::size_t i, std::size_t j) {
  return std::exp(-std::abs(static_cast<double>(i) - static_cast<double>(j)) / 5) + (i == j ? 0.5 : 0.0);
}

PanelMatrix sample(std::size_t order) {
  PanelMatrix matrix(order);
  for (std::size_t i = 0; i < order; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      matrix.panel(i / kPanelRows)[j * kPanelRows + i % kPanelRows] = static_cast<float>(element(i, j));
    }
  }
  return matrix;
}

std::vector<double> sample_right(std::size_t order) {
  core::Random random(1);
  std::vector<double> right;
  for (std::size_t i = 0; i < order; ++i) right.push_back(random.normal());
  return right;
}

std::vector<std::size_t> all_items(std::size_t order) {
  std::vector<std::size_t> items(order);
  std::iota(items.begin(), items.end(), std::size_t{0});
  return items;
}

class PanelMatrixOfOrder : public testing::TestWithParam<std::size_t> {};

TEST_P(PanelMatrixOfOrder, FactorTimesItsTransposeIsTheMatrix) {
  PanelMatrix matrix = sample(GetParam());
  ASSERT_TRUE(matrix.factorise(dense_kernels(), 2));

  for (std::size_t i = 0; i < GetParam(); i += 3) {
    for (std::size_t j = 0; j <= i; j += 3) {
      double sum = 0;
      for (std::size_t k = 0; k <= j; ++k)
        sum += static_cast<double>(matrix.at(i, k)) * static_cast<double>(matrix.at(j, k));
      ASSERT_NEAR(sum, element(i, j), 2e-6) << i << ' ' << j;
    }
  }
}

TEST_P(PanelMatrixOfOrder, SolvesToThePrecisionOfItsFactor) {
  const std::vector<double> right = sample_right(GetParam());
  PanelMatrix matrix = sample(GetParam());
  ASSERT_TRUE(matrix.factorise(dense_kernels(), 2));

  const std::vector<double> x = matrix.solve(right);

  ASSERT_EQ(x.size(), GetParam());
  for (std::size_t i = 0; i < GetParam(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < GetParam(); ++j) sum += element(i, j) * x[j];
    ASSERT_NEAR(sum, right[i], 1e-4);
  }
}

TEST_P(PanelMatrixOfOrder, InverseDiagonalIsThatOfTheSolutions) {
  PanelMatrix matrix = sample(GetParam());
  ASSERT_TRUE(matrix.factorise(dense_kernels(), 2));

  const core::Result<std::vector<double>> diagonal =
      matrix.inverse_diagonal(all_items(GetParam()), dense_kernels(), 2);

  ASSERT_TRUE(diagonal);
  ASSERT_EQ(diagonal->size(), GetParam());
  for (std::size_t i = 0; i < GetParam(); i += 17) {
    std::vector<double> unit(GetParam(), 0.0);
    unit[i] = 1;
    ASSERT_NEAR((*diagonal)[i], matrix.solve(unit)[i], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, PanelMatrixOfOrder, testing::Values(1, 5, 16, 127, 128, 129, 300));

TEST(PanelMatrix, IsTheSameBitsOnAnyNumberOfThreads) {
  PanelMatrix one = sample(400);
  PanelMatrix three = sample(400);
  ASSERT_TRUE(one.factorise(dense_kernels(), 1));
  ASSERT_TRUE(three.factorise(dense_kernels(), 3));

  EXPECT_EQ(one.solve(sample_right(400)), three.solve(sample_right(400)));
  EXPECT_EQ(one.inverse_diagonal(all_items(400), dense_kernels(), 1).value(),
            three.inverse_diagonal(all_items(400), dense_kernels(), 3).value());
}

TEST(PanelMatrix, GivesTheInverseDiagonalOfSomeItemsAsOfAll) {
  PanelMatrix matrix = sample(400);
  ASSERT_TRUE(matrix.factorise(dense_kernels(), 1));
  const std::vector<double> all = matrix.inverse_diagonal(all_items(400), dense_kernels(), 1).value();
  std::vector<std::size_t> some;
  std::vector<double> expected;
  for (std::size_t item = 130; item < 399; item += item % 5 + 1) {
    some.push_back(item);
    expected.push_back(all[item]);
  }

  EXPECT_EQ(matrix.inverse_diagonal(some, dense_kernels(), 2).value(), expected);
  EXPECT_TRUE(matrix.inverse_diagonal({}, dense_kernels(), 2).value().empty());
}

TEST(PanelMatrix, NamesTheItemWhereAMatrixIsNotPositiveDefinite) {
  PanelMatrix matrix = sample(200);
  matrix.panel(150 / kPanelRows)[150 * kPanelRows + 150 % kPanelRows] = 0.1F;

  const core::Result<void> result = matrix.factorise(dense_kernels(), 1);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(result.error().message(), testing::HasSubstr("item 150"));
}

TEST(PanelMatrix, RefusesNumbersThatAreNone) {
  PanelMatrix matrix = sample(20);
  matrix.panel(0)[3 * kPanelRows + 3] = std::nanf("");

  EXPECT_FALSE(matrix.factorise(dense_kernels(), 1));
}

}  // namespace
}  // namespace starcast::similar
