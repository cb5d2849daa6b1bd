// ColumnGroup: some neighbouring columns of the feature row that are fitted, computed and stored together.
#pragma once

#include <span>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "features/encoder.h"
#include "features/listing_texts.h"
#include "features/matrix.h"
#include "features/training_set.h"

namespace starcast::features {

// A group's columns of the training rows.
class TrainingCells {
 public:
  TrainingCells(Matrix& rows, std::size_t first_column, std::size_t columns)
      : rows_(rows), first_column_(first_column), columns_(columns) {}

  std::span<double> row(std::size_t index) const { return rows_.row(index).subspan(first_column_, columns_); }

 private:
  Matrix& rows_;
  std::size_t first_column_;
  std::size_t columns_;
};

// Begins empty; becomes usable by fit() or read(). Thread-compatible.
class ColumnGroup {
 public:
  virtual ~ColumnGroup() = default;

  virtual std::vector<FeatureColumn> columns() const = 0;

  // Learns from the training listings and writes their cells, out of fold where ratings enter.
  virtual void fit(const TrainingSet& training, const TrainingCells& cells) = 0;

  // Writes columns().size() doubles.
  virtual void transform(const ListingTexts& texts, std::span<double> cells) const = 0;

  // Adds the group's members to the encoder's object, and takes them from there. kCorrupt names the member.
  virtual void write(codec::Json& encoder) const = 0;
  virtual core::Result<void> read(const codec::Json& encoder) = 0;
};

// Writes the cells of all training rows by transform(): for groups into which no rating and no count of the
// row enters.
inline void transform_training(const ColumnGroup& group, const TrainingSet& training,
                               const TrainingCells& cells) {
  for (std::size_t row = 0; row < training.size(); ++row)
    group.transform(training.texts(row), cells.row(row));
}

}  // namespace starcast::features
