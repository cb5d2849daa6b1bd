// WordEncoding: how much better or worse than the mean apps with the name's words are rated.
#pragma once

#include <span>
#include <vector>

#include "features/column_group.h"
#include "features/level_table.h"

namespace starcast::features {

// A word's share is (sum of weight * (rating - prior)) / (sum of weight + kShrinkage) over the apps with that
// word in their name; the column is the mean of the shares of the name's distinct words. A word never seen
// has share 0, and so has a name without words. Training rows: by the rows of the other inner folds.
class WordEncoding final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  LevelTable shares_{LevelTable::Kind::kNumbers};  // without those that are 0
};

}  // namespace starcast::features
