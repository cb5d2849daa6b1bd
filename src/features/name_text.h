// NameText: how much better or worse than the mean the name's n-grams say that an app is rated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "features/column_group.h"

namespace starcast::features {

// Ridge regression of rating - prior on the name's n-grams (name_grams.h), each counted as count * rarity
// with rarity = 1 + ln((1 + listings) / (1 + listings whose name has it)), the row divided by its length. The
// prior is the weighted mean of the rows fitted on; a name without n-grams is at it, 0. Training rows: by the
// rows of the other folds; of the inner folds up to five, so that six regressions run side by side.
class NameText final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  // A coefficient is a whole number of steps, so that the stored text is short and exact.
  struct Bucket {
    std::uint32_t listings = 0;
    std::int32_t steps = 0;
    float rarity = 0;
    float coefficient = 0;
  };

  void set_rarities();
  void set_coefficients();

  std::uint32_t listings_ = 0;
  double step_ = 0;
  std::vector<Bucket> buckets_;  // kGramBuckets of them
};

}  // namespace starcast::features
