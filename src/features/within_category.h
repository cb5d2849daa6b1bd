// WithinCategory: how a listing stands among the training listings of its category.
#pragma once

#include <span>
#include <vector>

#include "features/column_group.h"
#include "features/level_table.h"

namespace starcast::features {

// rank_cat: the share of the category's listings with fewer reviews, equal ones counted half; training rows
// leave themselves out. ratio_cat: log10(reviews + 1) - log10(installs + 1) less its median in the category.
// Listings that lack the numbers do not count; both columns are missing for a category never seen.
class WithinCategory final : public ColumnGroup {
 public:
  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  struct Category {
    std::vector<double> reviews;  // ascending, the known ones
    double ratio_median;          // may be missing
  };

  static core::Result<Category> category_from(const codec::Json& json, std::string_view path);

  TextMap<Category> categories_;
};

}  // namespace starcast::features
