#include "features/training_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

std::vector<std::size_t> fold_sizes(const TrainingSet& set) {
  std::vector<std::size_t> sizes(set.folds());
  for (std::size_t row = 0; row < set.size(); ++row) ++sizes[set.fold(row)];
  return sizes;
}

TEST(TrainingSet, DealsFoldsOfEqualSize) {
  const std::vector<Listing> listings = varied_listings(23);
  const std::vector<double> weights(23, 1.0);

  const TrainingSet set(listings, weights, 10, 1);

  EXPECT_EQ(fold_sizes(set), (std::vector<std::size_t>{3, 3, 3, 2, 2, 2, 2, 2, 2, 2}));
}

TEST(TrainingSet, ThePriorIsTheWeightedMean) {
  const std::vector<Listing> listings = {rated("a", "", 0, 2), rated("b", "", 0, 5)};
  const std::vector<double> weights = {1, 2};

  const TrainingSet set(listings, weights, 2, 1);

  EXPECT_DOUBLE_EQ(set.prior(), 4);
  EXPECT_DOUBLE_EQ(set.prior_without(set.fold(0)), 5);
  EXPECT_DOUBLE_EQ(set.prior_without(set.fold(1)), 2);
}

TEST(TrainingSet, ThePriorIsThePlainMeanWhenNothingWeighs) {
  const std::vector<Listing> listings = {rated("a", "", 0, 2), rated("b", "", 0, 5)};
  const std::vector<double> weights = {0, 0};

  const TrainingSet set(listings, weights, 2, 1);

  EXPECT_DOUBLE_EQ(set.prior(), 3.5);
}

TEST(TrainingSet, NumbersLevelsInOrderOfTheirFirstRow) {
  const std::vector<Listing> listings = {rated("a", "TOOLS", 0, 2), rated("b", "", 0, 5),
                                         rated("c", "TOOLS", 0, 5)};
  const std::vector<double> weights = {1, 1, 1};

  const TrainingSet set(listings, weights, 2, 1);
  const Levels& levels = set.levels(Text::kCategory);

  EXPECT_EQ(levels.names, (std::vector<std::string_view>{"TOOLS", ""}));
  EXPECT_EQ(levels.of_row, (std::vector<std::uint32_t>{0, 1, 0}));
}

TEST(FoldSums, WithoutAFoldAreThoseOfTheOthers) {
  FoldSums sums(1, 3);
  sums.add(0, 0, 4, 0.5);
  sums.add(0, 1, 3, 1);
  sums.add(0, 2, 5, 2);

  EXPECT_EQ(sums.without(0, 1).rating, 12);
  EXPECT_EQ(sums.without(0, 1).weight, 2.5);
  EXPECT_EQ(sums.total(0).rating, 15);
}

TEST(FoldSums, LeaveNoRoundingErrorOfTheFoldLeftOut) {
  FoldSums sums(1, 2);
  sums.add(0, 0, 0.1, 1);
  sums.add(0, 1, 1e17, 1);

  EXPECT_EQ(sums.without(0, 1).rating, 0.1);
}

}  // namespace
}  // namespace starcast::features
