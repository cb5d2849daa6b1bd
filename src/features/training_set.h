// TrainingSet: the training listings as the column groups fit on them, dealt into inner folds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "features/listing_texts.h"
#include "listing/listing.h"

namespace starcast::features {

// A string's levels in the order of their first row, and each row's level.
struct Levels {
  std::vector<std::string_view> names;
  std::vector<std::uint32_t> of_row;
};

// Gives the same text the same number, from 0 upwards.
class LevelNumbers {
 public:
  explicit LevelNumbers(std::size_t expected) { numbers_.reserve(expected); }

  // The text's bytes have to outlive `levels`.
  void add_row(std::string_view text, Levels& levels);

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// Borrows listings, ratings and weights. Not to be copied: its levels point into its texts.
class TrainingSet {
 public:
  // Ratings are known, weights at least 0 and as many as listings; 2 <= folds <= listings. Of the places as
  // many as listings, or none: then a row's place is its own number.
  TrainingSet(std::span<const listing::Listing> listings, std::span<const double> weights, std::size_t folds,
              std::uint64_t seed, std::span<const std::size_t> places = {});
  TrainingSet(const TrainingSet&) = delete;
  TrainingSet& operator=(const TrainingSet&) = delete;

  std::size_t size() const { return texts_.size(); }
  const ListingTexts& texts(std::size_t row) const { return texts_[row]; }
  double rating(std::size_t row) const { return texts_[row].listing().rating; }
  double weight(std::size_t row) const { return weights_[row]; }

  // The row's place among the names that several encoders share.
  std::size_t place(std::size_t row) const { return places_.empty() ? row : places_[row]; }

  std::size_t folds() const { return folds_; }
  std::size_t fold(std::size_t row) const { return fold_of_row_[row]; }

  const Levels& levels(Text text) const { return levels_[static_cast<std::size_t>(text)]; }

  // The weighted mean rating of all rows, and of all but one fold's. Plain if no row weighs anything.
  double prior() const { return prior_; }
  double prior_without(std::size_t fold) const { return prior_without_[fold]; }

 private:
  void deal_folds(std::uint64_t seed);
  void sum_priors();

  std::vector<ListingTexts> texts_;
  std::span<const double> weights_;
  std::span<const std::size_t> places_;
  std::size_t folds_;
  std::vector<std::size_t> fold_of_row_;
  std::vector<Levels> levels_;
  double prior_ = 0;
  std::vector<double> prior_without_;
};

// Sums of weight * rating and of weight, by level and by inner fold. What lies in a fold never enters the
// sums without it, not even as a rounding error, as nothing is subtracted.
class FoldSums {
 public:
  struct Sums {
    double rating = 0;  // weight * rating
    double weight = 0;
  };

  FoldSums(std::size_t levels, std::size_t folds) : folds_(folds), sums_(levels * folds) {}

  void add(std::size_t level, std::size_t fold, double rating, double weight) {
    Sums& sums = sums_[level * folds_ + fold];
    sums.rating += weight * rating;
    sums.weight += weight;
  }

  Sums total(std::size_t level) const { return without(level, folds_); }

  // `fold` may be beyond the last: then nothing is left out.
  Sums without(std::size_t level, std::size_t fold) const {
    Sums result;
    for (std::size_t i = 0; i < folds_; ++i) {
      if (i == fold) continue;
      const Sums& sums = sums_[level * folds_ + i];
      result.rating += sums.rating;
      result.weight += sums.weight;
    }
    return result;
  }

 private:
  std::size_t folds_;
  std::vector<Sums> sums_;
};

}  // namespace starcast::features
