#include "features/plain_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "core/check.h"
#include "core/numeric.h"

namespace starcast::features {
namespace {

using core::kMissing;
using listing::Field;
using listing::Listing;

struct PlainColumn {
  std::string_view name;
  Field field;
};

constexpr std::array<PlainColumn, 23> kColumns = {{
    {"log_reviews", Field::kReviews},
    {"log_installs", Field::kInstalls},
    {"ratio", Field::kReviews},
    {"log_size", Field::kSize},
    {"paid", Field::kPrice},
    {"log_price", Field::kPrice},
    {"content", Field::kContentRating},
    {"age", Field::kLastUpdated},
    {"month", Field::kLastUpdated},
    {"weekday", Field::kLastUpdated},
    {"day", Field::kLastUpdated},
    {"android", Field::kAndroidVersion},
    {"ver_major", Field::kCurrentVersion},
    {"ver_minor", Field::kCurrentVersion},
    {"ver_parts", Field::kCurrentVersion},
    {"ver_len", Field::kCurrentVersion},
    {"name_len", Field::kApp},
    {"name_words", Field::kApp},
    {"name_digits", Field::kApp},
    {"name_upper", Field::kApp},
    {"name_nonascii", Field::kApp},
    {"name_sep", Field::kApp},
    {"name_wordlen", Field::kApp},
}};

constexpr double kVersionNumberMax = 1e9;

// Hands out a row's cells one after the other.
class CellWriter {
 public:
  explicit CellWriter(std::span<double> cells) : cells_(cells) {}

  void put(double value) { cells_[next_++] = value; }
  void put(std::size_t count) { put(static_cast<double>(count)); }
  void skip(std::size_t columns) {
    for (std::size_t i = 0; i < columns; ++i) put(kMissing);
  }
  bool is_full() const { return next_ == cells_.size(); }

 private:
  std::span<double> cells_;
  std::size_t next_ = 0;
};

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Reads the digits at `position` and moves it behind them; 0 if there are none.
double digits_at(std::string_view text, std::size_t& position) {
  double value = 0;
  for (; position < text.size() && is_digit(text[position]); ++position) {
    value = std::min(value * 10 + (text[position] - '0'), kVersionNumberMax);
  }
  return value;
}

// The higher, the older one has to be; missing for other texts ("Unrated").
double content_level(std::string_view rating) {
  constexpr std::array<std::string_view, 5> kLevels = {"Everyone", "Everyone 10+", "Teen", "Mature 17+",
                                                       "Adults only 18+"};
  const auto* const place = std::find(kLevels.begin(), kLevels.end(), rating);
  return place == kLevels.end() ? kMissing : static_cast<double>(place - kLevels.begin());
}

// "4.0.3 and up" -> 4.03.
double android_number(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return kMissing;
  std::size_t position = 0;
  double value = digits_at(text, position);
  for (const double divisor : {10.0, 100.0}) {
    if (position + 1 >= text.size() || text[position] != '.' || !is_digit(text[position + 1])) break;
    ++position;
    value += digits_at(text, position) / divisor;
  }
  return value;
}

void put_numbers(const Listing& listing, CellWriter& cells) {
  const double log_reviews = std::log10(listing.reviews + 1);
  const double log_installs = std::log10(listing.installs + 1);
  cells.put(log_reviews);
  cells.put(log_installs);
  cells.put(log_reviews - log_installs);
  cells.put(std::log10(listing.size_mb + 0.01));
  cells.put(listing.price_usd > 0 ? 1.0 : 0.0);
  cells.put(std::log10(listing.price_usd + 1));
  cells.put(content_level(listing.content_rating));
}

void put_date(const std::optional<codec::Date>& date, codec::Date as_of, CellWriter& cells) {
  if (!date) return cells.skip(4);
  const codec::DateParts parts = codec::parts_of(*date);
  cells.put(static_cast<double>(as_of.days) - static_cast<double>(date->days));
  cells.put(static_cast<double>(parts.month));
  cells.put(static_cast<double>(codec::weekday_of(*date)));
  cells.put(static_cast<double>(parts.day));
}

void put_version(std::string_view text, CellWriter& cells) {
  if (text.empty()) return cells.skip(4);
  std::array<double, 2> numbers = {kMissing, kMissing};
  std::size_t parts = 0;
  for (std::size_t position = 0; position < text.size();) {
    if (!is_digit(text[position])) {
      ++position;
      continue;
    }
    const double number = digits_at(text, position);
    if (parts < numbers.size()) numbers[parts] = number;
    ++parts;
  }
  const auto is_first_byte = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
  cells.put(numbers[0]);
  cells.put(numbers[1]);
  cells.put(parts);
  cells.put(static_cast<double>(std::count_if(text.begin(), text.end(), is_first_byte)));
}

double upper_share(std::string_view name) {
  std::size_t upper = 0;
  std::size_t letters = 0;
  for (const char byte : name) {
    const bool is_upper = byte >= 'A' && byte <= 'Z';
    if (is_upper) ++upper;
    if (is_upper || (byte >= 'a' && byte <= 'z')) ++letters;
  }
  return static_cast<double>(upper) / static_cast<double>(std::max<std::size_t>(1, letters));
}

void put_name(const ListingTexts& texts, CellWriter& cells) {
  const NameShape& name = texts.name();
  if (name.characters == 0) return cells.skip(7);
  const auto characters = static_cast<double>(name.characters);
  cells.put(name.characters);
  cells.put(name.words);
  cells.put(name.digits);
  cells.put(upper_share(texts.listing().app));
  cells.put(static_cast<double>(name.non_ascii) / characters);
  cells.put(name.separators);
  cells.put(characters / static_cast<double>(std::max<std::size_t>(1, name.words)));
}

}  // namespace

std::vector<FeatureColumn> PlainColumns::columns() const {
  std::vector<FeatureColumn> columns;
  for (const PlainColumn& column : kColumns) columns.push_back({std::string(column.name), column.field});
  return columns;
}

void PlainColumns::fit(const TrainingSet& training, const TrainingCells& cells) {
  transform_training(*this, training, cells);
}

void PlainColumns::transform(const ListingTexts& texts, std::span<double> cells) const {
  const Listing& listing = texts.listing();
  CellWriter writer(cells);
  put_numbers(listing, writer);
  put_date(listing.last_updated, as_of_, writer);
  writer.put(android_number(listing.android_version));
  put_version(listing.current_version, writer);
  put_name(texts, writer);
  CHECK(writer.is_full());
}

// The encoder itself keeps as_of.
void PlainColumns::write(codec::Json&) const {}
core::Result<void> PlainColumns::read(const codec::Json&) {
  return {};
}

}  // namespace starcast::features
