// A dense table of doubles, row by row; NaN is missing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace starcast::features {

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  // rows * columns, row-major

  Matrix() = default;
  Matrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), values(row_count * column_count) {}

  std::span<double> row(std::size_t index) { return std::span(values).subspan(index * columns, columns); }
  std::span<const double> row(std::size_t index) const {
    return std::span(values).subspan(index * columns, columns);
  }
};

}  // namespace starcast::features
