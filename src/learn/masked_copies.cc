#include "learn/masked_copies.h"

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/numeric.h"
#include "core/random.h"

namespace starcast::learn {

using features::Encoder;
using features::FittedEncoder;
using listing::Field;
using listing::Listing;

namespace {

// So many training listings show which columns depend on a field.
constexpr std::size_t kProbes = 16;
// The probability to hide a field is drawn up to here and cut at 1.
constexpr double kShareMax = 1.2;

bool is_same(double left, double right) {
  return left == right || (core::is_missing(left) && core::is_missing(right));
}

Listing without(Listing listing, Field field) {
  std::vector<listing::FieldNote> notes;
  listing::set_field(listing, field, "", notes);
  return listing;
}

// By field: the columns that change for some probe when the field is hidden. Nearly always those that the
// encoder calls the field's own; a rank within the category depends on the category, too.
std::vector<std::vector<std::size_t>> columns_of_fields(std::span<const Listing> training,
                                                        const Encoder& encoder,
                                                        std::span<const Field> fields) {
  const std::size_t columns = encoder.columns().size();
  std::vector<std::vector<std::size_t>> result(listing::kFieldCount);
  std::vector<double> whole(columns);
  std::vector<double> masked(columns);
  for (const Field field : fields) {
    std::vector<bool> depends(columns, false);
    for (std::size_t column = 0; column < columns; ++column)
      depends[column] = encoder.columns()[column].field == field;
    for (std::size_t probe = 0; probe < std::min(kProbes, training.size()); ++probe) {
      const Listing& listing = training[probe * training.size() / std::min(kProbes, training.size())];
      encoder.transform(listing, whole);
      encoder.transform(without(listing, field), masked);
      for (std::size_t column = 0; column < columns; ++column) {
        if (!is_same(whole[column], masked[column])) depends[column] = true;
      }
    }
    for (std::size_t column = 0; column < columns; ++column) {
      if (depends[column]) result[static_cast<std::size_t>(field)].push_back(column);
    }
  }
  return result;
}

}  // namespace

MaskedCopies with_masked_copies(std::span<const Listing> training, const FittedEncoder& fitted,
                                const MaskingOptions& options) {
  const features::Matrix& rows = fitted.training_rows;
  CHECK(training.size() == rows.rows && options.every > 0);
  const std::vector<std::vector<std::size_t>> columns =
      columns_of_fields(training, fitted.encoder, options.fields);
  std::vector<double> blank(rows.columns);
  fitted.encoder.transform(Listing{}, blank);

  const std::size_t copies = (rows.rows + options.every - 1) / options.every;
  MaskedCopies result{features::Matrix(rows.rows + copies, rows.columns), {}};
  std::copy(rows.values.begin(), rows.values.end(), result.rows.values.begin());
  for (std::size_t row = 0; row < rows.rows; ++row) result.source.push_back(row);
  core::Random random(options.seed);
  for (std::size_t copy = 0; copy < copies; ++copy) {
    const std::size_t source = copy * options.every;
    const std::span<double> cells = result.rows.row(rows.rows + copy);
    std::copy_n(rows.row(source).begin(), rows.columns, cells.begin());
    const double share = std::min(1.0, kShareMax * random.uniform());
    for (const Field field : options.fields) {
      if (!(random.uniform() < share)) continue;
      for (const std::size_t column : columns[static_cast<std::size_t>(field)]) cells[column] = blank[column];
    }
    result.source.push_back(source);
  }
  return result;
}

}  // namespace starcast::learn
