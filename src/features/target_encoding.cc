#include "features/target_encoding.h"

#include <array>
#include <string>
#include <utility>

#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

struct Encoded {
  std::string_view name;  // stored; the column is "te_" and this
  Text text;
};

constexpr std::array<Encoded, 14> kEncoded = {{
    {"category", Text::kCategory},
    {"genre1", Text::kFirstGenre},
    {"genres", Text::kGenres},
    {"content", Text::kContentRating},
    {"version", Text::kVersion},
    {"date", Text::kDate},
    {"date_android", Text::kDateAndroid},
    {"word1", Text::kFirstWord},
    {"letters4", Text::kFirstLetters},
    {"size", Text::kSize},
    {"inst_cat", Text::kInstallsCategory},
    {"lastword", Text::kLastWord},
    {"words2", Text::kFirstTwoWords},
    {"android", Text::kAndroid},
}};

double encoding_of(const FoldSums::Sums& sums, double prior) {
  return (sums.rating + kShrinkage * prior) / (sums.weight + kShrinkage);
}

}  // namespace

std::vector<FeatureColumn> TargetEncoding::columns() const {
  std::vector<FeatureColumn> columns;
  for (const Encoded& encoded : kEncoded) {
    columns.push_back({"te_" + std::string(encoded.name), field_of(encoded.text)});
  }
  return columns;
}

void TargetEncoding::fit(const TrainingSet& training, const TrainingCells& cells) {
  prior_ = training.prior();
  tables_.clear();
  for (std::size_t column = 0; column < kEncoded.size(); ++column) {
    const Levels& levels = training.levels(kEncoded[column].text);
    FoldSums sums(levels.names.size(), training.folds());
    for (std::size_t row = 0; row < training.size(); ++row) {
      sums.add(levels.of_row[row], training.fold(row), training.rating(row), training.weight(row));
    }

    for (std::size_t row = 0; row < training.size(); ++row) {
      const std::size_t fold = training.fold(row);
      cells.row(row)[column] =
          encoding_of(sums.without(levels.of_row[row], fold), training.prior_without(fold));
    }
    LevelTable& table = tables_.emplace_back(LevelTable::Kind::kNumbers);
    table.reserve(levels.names.size());
    for (std::size_t level = 0; level < levels.names.size(); ++level) {
      const double encoding = encoding_of(sums.total(level), prior_);
      if (encoding != prior_) table.put(levels.names[level], encoding);
    }
  }
}

void TargetEncoding::transform(const ListingTexts& texts, std::span<double> cells) const {
  for (std::size_t column = 0; column < kEncoded.size(); ++column) {
    cells[column] = tables_[column].value_or(texts.text(kEncoded[column].text), prior_);
  }
}

void TargetEncoding::write(Json& encoder) const {
  codec::JsonObject encodings;
  for (std::size_t column = 0; column < kEncoded.size(); ++column) {
    encodings.emplace_back(kEncoded[column].name, tables_[column].to_json());
  }
  encoder.set("prior", prior_);
  encoder.set("encodings", std::move(encodings));
}

Result<void> TargetEncoding::read(const Json& encoder) {
  const Json* const prior = TRY(required_member(encoder, "", "prior"));
  prior_ = TRY(finite_of(*prior, "prior"));
  const Json* const encodings = TRY(required_member(encoder, "", "encodings"));
  tables_.clear();
  for (const Encoded& encoded : kEncoded) {
    const Json* const stored = TRY(required_member(*encodings, "encodings", encoded.name));
    tables_.push_back(TRY(
        LevelTable::from_json(*stored, member_path("encodings", encoded.name), LevelTable::Kind::kNumbers)));
  }
  return {};
}

}  // namespace starcast::features
