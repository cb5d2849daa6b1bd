#include "features/training_set.h"

#include "core/random.h"

namespace starcast::features {

void LevelNumbers::add_row(std::string_view text, Levels& levels) {
  const auto next = static_cast<std::uint32_t>(levels.names.size());
  const auto [place, is_new] = numbers_.try_emplace(text, next);
  if (is_new) levels.names.push_back(text);
  levels.of_row.push_back(place->second);
}

TrainingSet::TrainingSet(std::span<const listing::Listing> listings, std::span<const double> weights,
                         std::size_t folds, std::uint64_t seed, std::span<const std::size_t> places)
    : weights_(weights), places_(places), folds_(folds), levels_(kTextCount) {
  texts_.reserve(listings.size());
  for (const listing::Listing& listing : listings) texts_.emplace_back(listing);

  for (std::size_t i = 0; i < kTextCount; ++i) {
    LevelNumbers numbers(size());
    levels_[i].of_row.reserve(size());
    for (const ListingTexts& texts : texts_) numbers.add_row(texts.text(static_cast<Text>(i)), levels_[i]);
  }
  deal_folds(seed);
  sum_priors();
}

void TrainingSet::deal_folds(std::uint64_t seed) {
  core::Random random(seed);
  const std::vector<std::size_t> order = core::shuffled(size(), random);
  fold_of_row_.resize(size());
  for (std::size_t i = 0; i < size(); ++i) fold_of_row_[order[i]] = i % folds_;
}

void TrainingSet::sum_priors() {
  FoldSums weighted(1, folds_);
  FoldSums plain(1, folds_);
  for (std::size_t row = 0; row < size(); ++row) {
    weighted.add(0, fold(row), rating(row), weight(row));
    plain.add(0, fold(row), rating(row), 1);
  }
  const auto mean_without = [&](std::size_t fold) {
    const FoldSums::Sums sums = weighted.without(0, fold);
    if (sums.weight > 0) return sums.rating / sums.weight;
    const FoldSums::Sums counts = plain.without(0, fold);
    return counts.rating / counts.weight;
  };
  prior_ = mean_without(folds_);
  for (std::size_t fold = 0; fold < folds_; ++fold) prior_without_.push_back(mean_without(fold));
}

}  // namespace starcast::features
