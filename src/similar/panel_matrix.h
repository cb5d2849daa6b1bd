// PanelMatrix: a large symmetric positive definite matrix in single precision, factorised by tiles on several
// threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/result.h"
#include "similar/dense_kernels.h"

namespace starcast::similar {

// The lower triangle in panels of 16 rows (see dense_kernels.h); panels are as long as their block's end. The
// order is filled up to a multiple of the block size by rows of the identity. All results are the same bits
// on any number of threads.
class PanelMatrix {
 public:
  explicit PanelMatrix(std::size_t order);

  std::size_t order() const { return order_; }
  std::size_t padded_order() const { return blocks_ * kBlockSize; }
  std::size_t panel_count() const { return blocks_ * kPanelsPerBlock; }
  std::size_t panel_columns(std::size_t panel) const { return (panel / kPanelsPerBlock + 1) * kBlockSize; }

  // Element (row, column) of the panel with that row lies at column * 16 + row % 16.
  float* panel(std::size_t index) { return values_.data() + first_[index]; }
  const float* panel(std::size_t index) const { return values_.data() + first_[index]; }
  float at(std::size_t row, std::size_t column) const {
    return panel(row / kPanelRows)[column * kPanelRows + row % kPanelRows];
  }

  // Replaces the matrix A by its factor L with A = L L'. kInvalidInput when A is not positive definite.
  core::Result<void> factorise(const DenseKernels& kernels, std::size_t threads);

  // Of a factorised matrix: x with A x = right, in double precision; and what the diagonal of A's inverse has
  // at `items`, which ascend. An item's number does not depend on what else is asked for.
  std::vector<double> solve(std::span<const double> right) const;
  core::Result<std::vector<double>> inverse_diagonal(std::span<const std::size_t> items,
                                                     const DenseKernels& kernels, std::size_t threads) const;

 private:
  // A block on the diagonal of L, as the kernels want it.
  struct DiagonalBlock {
    std::vector<float> rows;         // 128 x 128
    std::vector<float> reciprocals;  // of the diagonal
  };

  core::Result<void> factorise_diagonal(std::size_t block);

  std::size_t order_;
  std::size_t blocks_;
  std::vector<std::size_t> first_;  // of each panel
  std::vector<float> values_;
  std::vector<DiagonalBlock> diagonal_;
};

}  // namespace starcast::similar
