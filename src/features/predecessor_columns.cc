#include "features/predecessor_columns.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/numeric.h"
#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;
using listing::Field;
using listing::Listing;

struct Coded {
  std::string_view name;
  Text text;
};

constexpr std::array<Coded, 3> kCoded = {{
    {"category", Text::kCategory},
    {"content_rating", Text::kContentRating},
    {"genres", Text::kGenres},
}};

Result<std::vector<std::string>> names_from(const Json& json, std::string_view path) {
  const codec::JsonArray* const array = TRY(array_of(json, path));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    std::string name = TRY(string_of((*array)[i], place));
    if (!names.empty() && name <= names.back()) return corrupt_member(place, "is not in order");
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::vector<FeatureColumn> PredecessorColumns::columns() const {
  return {{"category", Field::kCategory},
          {"reviews", Field::kReviews},
          {"size", Field::kSize},
          {"installs", Field::kInstalls},
          {"type", Field::kType},
          {"price", Field::kPrice},
          {"content_rating", Field::kContentRating},
          {"genres", Field::kGenres}};
}

void PredecessorColumns::fit(const TrainingSet& training, const TrainingCells& cells) {
  std::vector<std::vector<std::string>> names;
  for (const Coded& coded : kCoded) {
    std::vector<std::string>& levels = names.emplace_back();
    for (const std::string_view level : training.levels(coded.text).names) {
      if (!level.empty()) levels.emplace_back(level);
    }
    std::sort(levels.begin(), levels.end());
  }
  set_names(std::move(names));
  transform_training(*this, training, cells);
}

void PredecessorColumns::set_names(std::vector<std::vector<std::string>> names) {
  names_ = std::move(names);
  codes_.assign(names_.size(), {});
  for (std::size_t column = 0; column < names_.size(); ++column) {
    for (std::size_t code = 0; code < names_[column].size(); ++code) {
      codes_[column].emplace(names_[column][code], static_cast<double>(code));
    }
  }
}

void PredecessorColumns::transform(const ListingTexts& texts, std::span<double> cells) const {
  const Listing& listing = texts.listing();
  std::array<double, kCoded.size()> codes;
  for (std::size_t column = 0; column < kCoded.size(); ++column) {
    const auto place = codes_[column].find(texts.text(kCoded[column].text));
    codes[column] = place == codes_[column].end() ? core::kMissing : place->second;
  }
  cells[0] = codes[0];
  cells[1] = listing.reviews;
  cells[2] = listing.size_mb;
  cells[3] = listing.installs;
  cells[4] = !listing.type ? core::kMissing : *listing.type == listing::Type::kPaid ? 1.0 : 0.0;
  cells[5] = listing.price_usd;
  cells[6] = codes[1];
  cells[7] = codes[2];
}

void PredecessorColumns::write(Json& encoder) const {
  codec::JsonObject stored;
  for (std::size_t column = 0; column < kCoded.size(); ++column) {
    codec::JsonArray names(names_[column].begin(), names_[column].end());
    stored.emplace_back(kCoded[column].name, std::move(names));
  }
  encoder.set("codes", std::move(stored));
}

Result<void> PredecessorColumns::read(const Json& encoder) {
  const Json* const stored = TRY(required_member(encoder, "", "codes"));
  std::vector<std::vector<std::string>> names;
  for (const Coded& coded : kCoded) {
    const Json* const member = TRY(required_member(*stored, "codes", coded.name));
    names.push_back(TRY(names_from(*member, member_path("codes", coded.name))));
  }
  set_names(std::move(names));
  return {};
}

}  // namespace starcast::features
