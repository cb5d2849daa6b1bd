#include "features/similar_names.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

// Chosen by cross-validation on the 2018 file: docs/decisions/0015-similar-names.md.
constexpr std::size_t kNeighbours = 15;
constexpr double kShrinkage = 0.1;

}  // namespace

SimilarNames::SimilarNames(std::shared_ptr<const similar::RatedNames> names) : names_(std::move(names)) {
  CHECK(names_ != nullptr);
}

std::vector<FeatureColumn> SimilarNames::columns() const {
  return {{"similar_rating", listing::Field::kApp},
          {"similar_cosine", listing::Field::kApp},
          {"similar_count", listing::Field::kApp}};
}

void SimilarNames::fit(const TrainingSet& training, const TrainingCells& cells) {
  prior_ = training.prior();
  counted_.assign(names_->size(), 0);
  std::vector<std::vector<std::uint8_t>> counted_without(training.folds(), counted_);
  for (std::size_t row = 0; row < training.size(); ++row) {
    const std::size_t item = training.place(row);
    counted_[item] = 1;
    for (std::size_t fold = 0; fold < training.folds(); ++fold) {
      if (fold != training.fold(row)) counted_without[fold][item] = 1;
    }
  }
  for (std::size_t row = 0; row < training.size(); ++row) {
    const std::size_t fold = training.fold(row);
    put_cells(training.texts(row), counted_without[fold], training.prior_without(fold), cells.row(row));
  }
  if (std::find(counted_.begin(), counted_.end(), 0) == counted_.end()) counted_.clear();
}

void SimilarNames::transform(const ListingTexts& texts, std::span<double> cells) const {
  put_cells(texts, counted_, prior_, cells);
}

void SimilarNames::put_cells(const ListingTexts& texts, std::span<const std::uint8_t> counted, double prior,
                             std::span<double> cells) const {
  double above = 0;
  double count = 0;
  const std::vector<similar::NameNeighbour> nearest =
      names_->nearest(texts.key(), kNeighbours, counted, texts.cosines());
  for (const similar::NameNeighbour& neighbour : nearest) {
    const double cosine = static_cast<double>(neighbour.cosine);
    const double weight = cosine * cosine * names_->weight(neighbour.item);
    above += weight * (names_->rating(neighbour.item) - prior);
    count += weight;
  }
  cells[0] = above / (count + kShrinkage);
  cells[1] = nearest.empty() ? 0 : static_cast<double>(nearest.front().cosine);
  cells[2] = count;
}

void SimilarNames::write(Json& encoder) const {
  codec::JsonArray left_out;
  for (std::size_t item = 0; item < counted_.size(); ++item) {
    if (counted_[item] == 0) left_out.push_back(item);
  }
  Json stored;
  stored.set("names", names_->size());
  stored.set("prior", prior_);
  stored.set("left_out", std::move(left_out));
  encoder.set("similar_names", std::move(stored));
}

Result<void> SimilarNames::read(const Json& encoder) {
  const Json* const stored = TRY(required_member(encoder, "", "similar_names"));
  const Json* const names = TRY(required_member(*stored, "similar_names", "names"));
  if (*names != Json(names_->size())) {
    return corrupt_member("similar_names.names",
                          fmt::format("is not {}, the number of the model's apps", names_->size()));
  }
  const Json* const prior = TRY(required_member(*stored, "similar_names", "prior"));
  prior_ = TRY(finite_of(*prior, "similar_names.prior"));
  const Json* const list = TRY(required_member(*stored, "similar_names", "left_out"));
  counted_.clear();
  for (const Json& entry : *TRY(array_of(*list, "similar_names.left_out"))) {
    const auto item = entry.as_int();
    if (!item || *item < 0 || static_cast<std::size_t>(*item) >= names_->size())
      return corrupt_member("similar_names.left_out", "has an entry that is no place of a name");
    counted_.resize(names_->size(), 1);
    counted_[static_cast<std::size_t>(*item)] = 0;
  }
  return {};
}

}  // namespace starcast::features
