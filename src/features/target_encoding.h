// TargetEncoding: for each of some strings, the mean rating of its level, drawn towards the mean of all.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "features/column_group.h"
#include "features/level_table.h"

namespace starcast::features {

// A level weighs as if this much more weight with the mean rating stood behind it.
inline constexpr double kShrinkage = 5;

// The encoding of a level is (sum of weight * rating + kShrinkage * prior) / (sum of weight + kShrinkage),
// the prior the weighted mean rating; of a level never seen it is the prior. Training rows: by the rows of
// the other inner folds.
class TargetEncoding final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  double prior_ = 0;
  std::vector<LevelTable> tables_;  // by column; without the levels whose encoding is the prior
};

}  // namespace starcast::features
