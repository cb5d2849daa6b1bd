// PredecessorColumns: the eight columns of the predecessor's model, names as codes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "features/column_group.h"
#include "features/level_table.h"

namespace starcast::features {

// Codes count the training part's distinct texts in the order of their bytes; a text never seen is missing,
// as is a missing one.
class PredecessorColumns final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  void set_names(std::vector<std::vector<std::string>> names);

  std::vector<std::vector<std::string>> names_;  // by coded column, ascending
  std::vector<TextMap<double>> codes_;           // the same the other way round
};

}  // namespace starcast::features
