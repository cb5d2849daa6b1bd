#include "features/level_counts.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

struct Counted {
  std::string_view name;  // stored; the column is "cnt_" and this
  Text text;
};

constexpr std::array<Counted, 6> kCounted = {{
    {"word1", Text::kFirstWord},
    {"version", Text::kVersion},
    {"date", Text::kDate},
    {"size", Text::kSize},
    {"android", Text::kAndroid},
    {"date_android", Text::kDateAndroid},
}};

}  // namespace

std::vector<FeatureColumn> LevelCounts::columns() const {
  std::vector<FeatureColumn> columns;
  for (const Counted& counted : kCounted) {
    columns.push_back({"cnt_" + std::string(counted.name), field_of(counted.text)});
  }
  return columns;
}

void LevelCounts::fit(const TrainingSet& training, const TrainingCells& cells) {
  tables_.clear();
  for (std::size_t column = 0; column < kCounted.size(); ++column) {
    const Levels& levels = training.levels(kCounted[column].text);
    std::vector<std::size_t> counts(levels.names.size());
    for (const std::uint32_t level : levels.of_row) ++counts[level];

    for (std::size_t row = 0; row < training.size(); ++row) {
      cells.row(row)[column] = static_cast<double>(counts[levels.of_row[row]] - 1);
    }
    LevelTable& table = tables_.emplace_back(LevelTable::Kind::kCounts);
    table.reserve(counts.size());
    for (std::size_t level = 0; level < counts.size(); ++level) {
      table.put(levels.names[level], static_cast<double>(counts[level]));
    }
  }
}

void LevelCounts::transform(const ListingTexts& texts, std::span<double> cells) const {
  for (std::size_t column = 0; column < kCounted.size(); ++column) {
    cells[column] = tables_[column].value_or(texts.text(kCounted[column].text), 0);
  }
}

void LevelCounts::write(Json& encoder) const {
  codec::JsonObject counts;
  for (std::size_t column = 0; column < kCounted.size(); ++column) {
    counts.emplace_back(kCounted[column].name, tables_[column].to_json());
  }
  encoder.set("counts", std::move(counts));
}

Result<void> LevelCounts::read(const Json& encoder) {
  const Json* const counts = TRY(required_member(encoder, "", "counts"));
  tables_.clear();
  for (const Counted& counted : kCounted) {
    const Json* const stored = TRY(required_member(*counts, "counts", counted.name));
    tables_.push_back(
        TRY(LevelTable::from_json(*stored, member_path("counts", counted.name), LevelTable::Kind::kCounts)));
  }
  return {};
}

}  // namespace starcast::features
