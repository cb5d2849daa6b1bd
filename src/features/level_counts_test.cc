#include "features/level_counts.h"

#include <gtest/gtest.h>

#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

FittedEncoder fitted_counts() {
  std::vector<Listing> listings = {rated("Photo A", "", 0, 4), rated("Photo B", "", 0, 5),
                                   rated("Chess", "", 0, 2)};
  listings[0].current_version = "1.0";
  listings[1].size_mb = listings[2].size_mb = 19;
  return fitted_on(listings, std::vector<double>(3, 1.0));
}

TEST(LevelCounts, CountTrainingListingsWithTheSameText) {
  const FittedEncoder fitted = fitted_counts();
  Listing listing = rated("photo z", "", 0, 1);
  listing.size_mb = 19;

  EXPECT_EQ(transformed(fitted.encoder, listing, "cnt_word1"), 2);
  EXPECT_EQ(transformed(fitted.encoder, listing, "cnt_size"), 2);
}

TEST(LevelCounts, ATextNeverSeenIsThereZeroTimes) {
  EXPECT_EQ(transformed(fitted_counts().encoder, rated("new", "", 0, 1), "cnt_word1"), 0);
}

TEST(LevelCounts, MissingTextsAreCounted) {
  EXPECT_EQ(transformed(fitted_counts().encoder, Listing(), "cnt_version"), 2);
}

TEST(LevelCounts, TrainingRowsDoNotCountThemselves) {
  const FittedEncoder fitted = fitted_counts();

  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "cnt_word1"), 1);
  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "cnt_version"), 0);
  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(2), "cnt_word1"), 0);
  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(2), "cnt_date_android"), 2);
}

}  // namespace
}  // namespace starcast::features
