#include "similar/panel_matrix.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/check.h"
#include "core/parallel.h"

namespace starcast::similar {
namespace {

struct PanelPointers {
  const float* items[kPanelsPerBlock];
};

}  // namespace

PanelMatrix::PanelMatrix(std::size_t order) : order_(order), blocks_((order + kBlockSize - 1) / kBlockSize) {
  std::size_t size = 0;
  for (std::size_t index = 0; index < panel_count(); ++index) {
    first_.push_back(size);
    size += panel_columns(index) * kPanelRows;
  }
  values_.assign(size, 0.0F);
  for (std::size_t row = order_; row < padded_order(); ++row) {
    panel(row / kPanelRows)[row * kPanelRows + row % kPanelRows] = 1.0F;
  }
}

core::Result<void> PanelMatrix::factorise_diagonal(std::size_t block) {
  const std::size_t begin = block * kBlockSize;
  std::vector<double> l(kBlockSize * kBlockSize, 0.0);
  for (std::size_t i = 0; i < kBlockSize; ++i) {
    for (std::size_t j = 0; j <= i; ++j)
      l[i * kBlockSize + j] = static_cast<double>(at(begin + i, begin + j));
  }
  DiagonalBlock& result = diagonal_[block];
  result.rows.assign(kBlockSize * kBlockSize, 0.0F);
  result.reciprocals.assign(kBlockSize, 0.0F);
  for (std::size_t i = 0; i < kBlockSize; ++i) {
    double* row = l.data() + i * kBlockSize;
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = l.data() + j * kBlockSize;
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (i != j) {
        row[j] = sum / other[j];
      } else if (sum > 0) {
        row[j] = std::sqrt(sum);
      } else {
        return core::Error(
            core::ErrorCode::kInvalidInput,
            fmt::format("the kernel matrix is not positive definite at item {}; raise the noise variances",
                        begin + i));
      }
    }
  }
  for (std::size_t i = 0; i < kBlockSize; ++i) {
    float* at_row = panel((begin + i) / kPanelRows) + i % kPanelRows;
    for (std::size_t j = 0; j < kBlockSize; ++j) {
      const float value = static_cast<float>(l[i * kBlockSize + j]);
      result.rows[i * kBlockSize + j] = value;
      at_row[(begin + j) * kPanelRows] = value;
    }
    result.reciprocals[i] = 1.0F / result.rows[i * kBlockSize + i];
  }
  return {};
}

core::Result<void> PanelMatrix::factorise(const DenseKernels& kernels, std::size_t threads) {
  diagonal_.assign(blocks_, {});
  // Column by column of blocks: take away what the columns on the left explain, then divide by the diagonal's
  // factor.
  for (std::size_t block = 0; block < blocks_; ++block) {
    const auto subtract_left = [&](std::size_t task) -> core::Result<void> {
      const std::size_t row = block + task;
      for (std::size_t left = 0; left < block; ++left) {
        PanelPointers a;
        PanelPointers b;
        float* c[kPanelsPerBlock];
        for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
          a.items[p] = panel(row * kPanelsPerBlock + p) + left * kPanelBlockFloats;
          b.items[p] = panel(block * kPanelsPerBlock + p) + left * kPanelBlockFloats;
          c[p] = panel(row * kPanelsPerBlock + p) + block * kPanelBlockFloats;
        }
        kernels.subtract_product(a.items, b.items, c, kPanelsPerBlock);
      }
      return {};
    };
    TRY(core::parallel_for(blocks_ - block, threads, subtract_left));
    TRY(factorise_diagonal(block));
    const DiagonalBlock& diagonal = diagonal_[block];
    const auto divide = [&](std::size_t task) -> core::Result<void> {
      const std::size_t row = block + 1 + task;
      for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
        kernels.solve_block(diagonal.rows.data(), diagonal.reciprocals.data(),
                            panel(row * kPanelsPerBlock + p) + block * kPanelBlockFloats);
      }
      return {};
    };
    TRY(core::parallel_for(blocks_ - block - 1, threads, divide));
  }
  return {};
}

std::vector<double> PanelMatrix::solve(std::span<const double> right) const {
  CHECK(right.size() == order_ && diagonal_.size() == blocks_);
  std::vector<double> x(right.begin(), right.end());
  x.resize(padded_order(), 0.0);
  for (std::size_t index = 0; index < panel_count(); ++index) {
    const float* l = panel(index);
    double* of_panel = x.data() + index * kPanelRows;
    double sums[kPanelRows] = {};
    for (std::size_t k = 0; k < index * kPanelRows; ++k) {
      for (std::size_t lane = 0; lane < kPanelRows; ++lane) {
        sums[lane] += static_cast<double>(l[k * kPanelRows + lane]) * x[k];
      }
    }
    const float* corner = l + index * kPanelRows * kPanelRows;
    for (std::size_t i = 0; i < kPanelRows; ++i) {
      double value = of_panel[i] - sums[i];
      for (std::size_t j = 0; j < i; ++j)
        value -= static_cast<double>(corner[j * kPanelRows + i]) * of_panel[j];
      of_panel[i] = value / static_cast<double>(corner[i * kPanelRows + i]);
    }
  }
  for (std::size_t index = panel_count(); index-- > 0;) {
    const float* l = panel(index);
    double* of_panel = x.data() + index * kPanelRows;
    const float* corner = l + index * kPanelRows * kPanelRows;
    for (std::size_t i = kPanelRows; i-- > 0;) {
      double value = of_panel[i];
      for (std::size_t j = i + 1; j < kPanelRows; ++j)
        value -= static_cast<double>(corner[i * kPanelRows + j]) * of_panel[j];
      of_panel[i] = value / static_cast<double>(corner[i * kPanelRows + i]);
    }
    for (std::size_t k = 0; k < index * kPanelRows; ++k) {
      double sum = 0;
      for (std::size_t lane = 0; lane < kPanelRows; ++lane) {
        sum += static_cast<double>(l[k * kPanelRows + lane]) * of_panel[lane];
      }
      x[k] -= sum;
    }
  }
  x.resize(order_);
  return x;
}

core::Result<std::vector<double>> PanelMatrix::inverse_diagonal(std::span<const std::size_t> items,
                                                                const DenseKernels& kernels,
                                                                std::size_t threads) const {
  CHECK(diagonal_.size() == blocks_ && std::is_sorted(items.begin(), items.end()));
  CHECK(items.empty() || items.back() < order_);
  std::vector<double> result(items.size(), 0.0);
  // Rows of the identity divided by L' are the columns of L's inverse; their squared lengths are what is
  // asked for. Each task takes 128 of the rows, which are 0 before the block of the first; the first task is
  // the longest.
  const auto column_lengths = [&](std::size_t task) -> core::Result<void> {
    const std::span<const std::size_t> asked =
        items.subspan(task * kBlockSize, std::min(kBlockSize, items.size() - task * kBlockSize));
    const std::size_t panels = (asked.size() + kPanelRows - 1) / kPanelRows;
    const std::size_t first = asked.front() / kBlockSize;
    const std::size_t columns = (blocks_ - first) * kBlockSize;
    std::vector<float> rows(panels * columns * kPanelRows, 0.0F);
    const auto panel_of_rows = [&](std::size_t p, std::size_t block) {
      return rows.data() + p * columns * kPanelRows + (block - first) * kPanelBlockFloats;
    };
    for (std::size_t i = 0; i < asked.size(); ++i) {
      panel_of_rows(i / kPanelRows, first)[(asked[i] - first * kBlockSize) * kPanelRows + i % kPanelRows] =
          1.0F;
    }
    for (std::size_t block = first; block < blocks_; ++block) {
      for (std::size_t left = first; left < block; ++left) {
        PanelPointers a;
        PanelPointers b;
        float* c[kPanelsPerBlock];
        for (std::size_t p = 0; p < kPanelsPerBlock; ++p)
          b.items[p] = panel(block * kPanelsPerBlock + p) + left * kPanelBlockFloats;
        for (std::size_t p = 0; p < panels; ++p) {
          a.items[p] = panel_of_rows(p, left);
          c[p] = panel_of_rows(p, block);
        }
        kernels.subtract_product(a.items, b.items, c, panels);
      }
      for (std::size_t p = 0; p < panels; ++p) {
        kernels.solve_block(diagonal_[block].rows.data(), diagonal_[block].reciprocals.data(),
                            panel_of_rows(p, block));
      }
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const float* values = panel_of_rows(i / kPanelRows, first) + i % kPanelRows;
      double sum = 0;
      for (std::size_t k = 0; k < columns; ++k) {
        const double value = static_cast<double>(values[k * kPanelRows]);
        sum += value * value;
      }
      result[task * kBlockSize + i] = sum;
    }
    return {};
  };
  TRY(core::parallel_for((items.size() + kBlockSize - 1) / kBlockSize, threads, column_lengths));
  return result;
}

}  // namespace starcast::similar
