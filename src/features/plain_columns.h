// PlainColumns: what one listing says by itself, without anything fitted.
#pragma once

#include <span>
#include <vector>

#include "codec/date.h"
#include "features/column_group.h"

namespace starcast::features {

class PlainColumns final : public ColumnGroup {
 public:
  explicit PlainColumns(codec::Date as_of) : as_of_(as_of) {}

  std::vector<FeatureColumn> columns() const override;
  void fit(const TrainingSet& training, const TrainingCells& cells) override;
  void transform(const ListingTexts& texts, std::span<double> cells) const override;
  void write(codec::Json& encoder) const override;
  core::Result<void> read(const codec::Json& encoder) override;

 private:
  codec::Date as_of_;
};

}  // namespace starcast::features
