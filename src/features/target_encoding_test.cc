#include "features/target_encoding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

// Weighted mean rating (2 * 4 + 1 * 5 + 1 * 3) / 4 = 4.
const std::vector<double> kWeights = {2, 1, 1};
std::vector<Listing> three_apps() {
  return {rated("one", "GAME", 10, 4), rated("two", "GAME", 20, 5), rated("three", "TOOLS", 30, 3)};
}

TEST(TargetEncoding, DrawsALevelsMeanTowardsThePrior) {
  const FittedEncoder fitted = fitted_on(three_apps(), kWeights);

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, rated("x", "GAME", 0, 1), "te_category"),
                   (13.0 + 5 * 4) / (3 + 5));
  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, rated("x", "TOOLS", 0, 1), "te_category"),
                   (3.0 + 5 * 4) / (1 + 5));
}

TEST(TargetEncoding, ALevelNeverSeenGetsThePrior) {
  const FittedEncoder fitted = fitted_on(three_apps(), kWeights);

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, rated("x", "FAMILY", 0, 1), "te_category"), 4);
}

TEST(TargetEncoding, MissingTextsAreALevelOfTheirOwn) {
  std::vector<Listing> apps = three_apps();
  apps[2].category.clear();

  const FittedEncoder fitted = fitted_on(apps, kWeights);

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, Listing(), "te_category"), (3.0 + 5 * 4) / (1 + 5));
}

TEST(TargetEncoding, TrainingRowsAreEncodedByTheOtherFolds) {
  const FittedEncoder fitted = fitted_on(three_apps(), kWeights);  // a fold each
  const Matrix& rows = fitted.training_rows;

  const double prior_without_first = (5.0 + 3) / 2;
  EXPECT_DOUBLE_EQ(cell_of(fitted.encoder, rows.row(0), "te_category"),
                   (5 + 5 * prior_without_first) / (1 + 5));
  const double prior_without_third = 13.0 / 3;
  EXPECT_DOUBLE_EQ(cell_of(fitted.encoder, rows.row(2), "te_category"), prior_without_third);
}

TEST(TargetEncoding, TakesTheFoldsThatTheSeedDeals) {
  const std::vector<Listing> listings = varied_listings(60);
  const std::vector<double> weights(60, 0.5);
  const EncoderOptions options{.seed = 5, .inner_folds = 4};

  const FittedEncoder fitted = fitted_on(listings, weights, options);

  // The same as fitting on the other folds' rows and transforming this one's.
  const TrainingSet dealt(listings, weights, 4, 5);
  for (std::size_t row = 0; row < listings.size(); ++row) {
    std::vector<Listing> others;
    for (std::size_t other = 0; other < listings.size(); ++other) {
      if (dealt.fold(other) != dealt.fold(row)) others.push_back(listings[other]);
    }
    const FittedEncoder refitted = fitted_on(others, std::vector<double>(others.size(), 0.5));
    for (const char* column : {"te_category", "te_date_android", "te_words2", "te_inst_cat", "te_words"}) {
      EXPECT_NEAR(cell_of(fitted.encoder, fitted.training_rows.row(row), column),
                  transformed(refitted.encoder, listings[row], column), 1e-12)
          << column << " of row " << row;
    }
  }
}

TEST(TargetEncoding, RatingsWithoutWeightStillGiveAPrior) {
  const FittedEncoder fitted = fitted_on(three_apps(), std::vector<double>{0, 0, 0});

  EXPECT_DOUBLE_EQ(transformed(fitted.encoder, rated("x", "GAME", 0, 1), "te_category"), 4);
}

}  // namespace
}  // namespace starcast::features
