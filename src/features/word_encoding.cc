#include "features/word_encoding.h"

#include "features/stored_members.h"
#include "features/target_encoding.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

double share_of(const FoldSums::Sums& sums, double prior) {
  return (sums.rating - sums.weight * prior) / (sums.weight + kShrinkage);
}

// The mean of share(i) over the distinct words.
template <typename Share>
double mean_share(std::size_t words, Share share) {
  if (words == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < words; ++i) sum += share(i);
  return sum / static_cast<double>(words);
}

}  // namespace

std::vector<FeatureColumn> WordEncoding::columns() const {
  return {{"te_words", listing::Field::kApp}};
}

void WordEncoding::fit(const TrainingSet& training, const TrainingCells& cells) {
  Levels words;  // one entry of of_row a word of a name, name after name
  LevelNumbers numbers(2 * training.size());
  std::vector<std::size_t> first(training.size() + 1);
  for (std::size_t row = 0; row < training.size(); ++row) {
    const ListingTexts& texts = training.texts(row);
    for (std::size_t i = 0; i < texts.distinct_word_count(); ++i)
      numbers.add_row(texts.distinct_word(i), words);
    first[row + 1] = words.of_row.size();
  }

  FoldSums sums(words.names.size(), training.folds());
  for (std::size_t row = 0; row < training.size(); ++row) {
    for (std::size_t i = first[row]; i < first[row + 1]; ++i) {
      sums.add(words.of_row[i], training.fold(row), training.rating(row), training.weight(row));
    }
  }

  for (std::size_t row = 0; row < training.size(); ++row) {
    const std::size_t fold = training.fold(row);
    const double prior = training.prior_without(fold);
    cells.row(row)[0] = mean_share(first[row + 1] - first[row], [&](std::size_t i) {
      return share_of(sums.without(words.of_row[first[row] + i], fold), prior);
    });
  }
  shares_ = LevelTable(LevelTable::Kind::kNumbers);
  shares_.reserve(words.names.size());
  for (std::size_t word = 0; word < words.names.size(); ++word) {
    const double share = share_of(sums.total(word), training.prior());
    if (share != 0) shares_.put(words.names[word], share);
  }
}

void WordEncoding::transform(const ListingTexts& texts, std::span<double> cells) const {
  cells[0] = mean_share(texts.distinct_word_count(),
                        [&](std::size_t i) { return shares_.value_or(texts.distinct_word(i), 0); });
}

void WordEncoding::write(Json& encoder) const {
  encoder.set("words", shares_.to_json());
}

Result<void> WordEncoding::read(const Json& encoder) {
  const Json* const words = TRY(required_member(encoder, "", "words"));
  shares_ = TRY(LevelTable::from_json(*words, "words", LevelTable::Kind::kNumbers));
  return {};
}

}  // namespace starcast::features
