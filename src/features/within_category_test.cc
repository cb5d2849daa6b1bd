#include "features/within_category.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/numeric.h"
#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

Listing app(const char* category, double reviews, double installs) {
  Listing listing = rated("x", category, reviews, 4);
  listing.installs = installs;
  return listing;
}

// Ratios of GAME's apps: 0, -1, -2, and two unknown.
FittedEncoder fitted_games() {
  const std::vector<Listing> listings = {app("GAME", 9, 9),
                                         app("GAME", 99, 999),
                                         app("GAME", 99, 9999),
                                         app("GAME", core::kMissing, 9),
                                         app("GAME", 999, core::kMissing),
                                         app("TOOLS", core::kMissing, 5)};
  return fitted_on(listings, std::vector<double>(6, 1.0));
}

double training_cell(const FittedEncoder& fitted, std::size_t row, const char* column) {
  return cell_of(fitted.encoder, fitted.training_rows.row(row), column);
}

TEST(WithinCategory, RankIsTheShareWithFewerReviews) {
  const FittedEncoder fitted = fitted_games();

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, app("GAME", 50, 9), "rank_cat"), 1.0 / 4);
  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, app("GAME", 99, 9), "rank_cat"), (1 + 0.5 * 2) / 4);
  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, app("GAME", 1e9, 9), "rank_cat"), 1);
}

TEST(WithinCategory, TrainingRowsLeaveThemselvesOutOfTheRank) {
  const FittedEncoder fitted = fitted_games();

  EXPECT_DOUBLE_EQ(training_cell(fitted, 0, "rank_cat"), 0);
  EXPECT_DOUBLE_EQ(training_cell(fitted, 1, "rank_cat"), (1 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(training_cell(fitted, 4, "rank_cat"), 1);
  EXPECT_TRUE(std::isnan(training_cell(fitted, 3, "rank_cat")));
}

TEST(WithinCategory, TheOnlyAppOfACategoryHasRankZero) {
  const std::vector<Listing> listings = {app("GAME", 9, 9), app("TOOLS", 9, 9)};
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 1});

  EXPECT_EQ(training_cell(fitted, 0, "rank_cat"), 0);
}

TEST(WithinCategory, RatiosAreTakenFromTheirMedian) {
  const FittedEncoder fitted = fitted_games();

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, app("GAME", 9, 9), "ratio_cat"), 1);
  EXPECT_DOUBLE_EQ(training_cell(fitted, 2, "ratio_cat"), -1);
  EXPECT_TRUE(std::isnan(training_cell(fitted, 4, "ratio_cat")));
}

TEST(WithinCategory, AnEvenCountsMedianIsTheMiddleOfTwo) {
  const std::vector<Listing> listings = {app("GAME", 9, 9), app("GAME", 9, 999)};
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 1});

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, app("GAME", 9, 9), "ratio_cat"), 1);
}

TEST(WithinCategory, BothAreMissingForACategoryNeverSeen) {
  const FittedEncoder fitted = fitted_games();

  EXPECT_TRUE(std::isnan(transformed(fitted.encoder, app("FAMILY", 9, 9), "rank_cat")));
  EXPECT_TRUE(std::isnan(transformed(fitted.encoder, app("FAMILY", 9, 9), "ratio_cat")));
}

TEST(WithinCategory, BothAreMissingWhereTrainingKnewNoNumbers) {
  const FittedEncoder fitted = fitted_games();

  EXPECT_TRUE(std::isnan(transformed(fitted.encoder, app("TOOLS", 9, 9), "rank_cat")));
  EXPECT_TRUE(std::isnan(transformed(fitted.encoder, app("TOOLS", 9, 9), "ratio_cat")));
}

}  // namespace
}  // namespace starcast::features
