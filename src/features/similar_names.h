// SimilarNames: how the apps are rated whose names most resemble the listing's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "features/column_group.h"
#include "similar/rated_names.h"

namespace starcast::features {

// Of the 15 most similar names, each counted as the square of its cosine times its rating's weight: the mean
// of rating - prior, drawn towards 0; the largest cosine; and the sum of the counts. The app itself is never
// among them. The prior is the weighted mean of the rows fitted on. Training rows: among the rows of the
// other folds, with their prior.
class SimilarNames final : public ColumnGroup {
 public:
  // `names` may hold more than the rows fitted on: those never count. Not null.
  explicit SimilarNames(std::shared_ptr<const similar::RatedNames> names);

  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  void put_cells(const ListingTexts& texts, std::span<const std::uint8_t> counted, double prior,
                 std::span<double> cells) const;

  std::shared_ptr<const similar::RatedNames> names_;
  double prior_ = 0;
  std::vector<std::uint8_t> counted_;  // by name; empty: all count
};

}  // namespace starcast::features
