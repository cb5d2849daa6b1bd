// LevelCounts: for each of some strings, how many training listings have the same.
#pragma once

#include <span>
#include <vector>

#include "features/column_group.h"
#include "features/level_table.h"

namespace starcast::features {

// Training rows do not count themselves.
class LevelCounts final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  std::vector<LevelTable> tables_;  // by column
};

}  // namespace starcast::features
