#include "learn/masked_copies.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/numeric.h"

namespace starcast::learn {
namespace {

using listing::Field;
using listing::Listing;

std::vector<Listing> some_listings() {
  std::vector<Listing> listings;
  for (int i = 0; i < 40; ++i) {
    Listing listing;
    listing.app = "App number " + std::to_string(i);
    listing.category = i % 2 == 0 ? "GAME" : "TOOLS";
    listing.rating = 1 + i % 5;
    listing.reviews = 10 + 7 * i;
    listing.installs = 1000;
    listing.size_mb = 1 + i;
    listing.price_usd = 0;
    listings.push_back(listing);
  }
  return listings;
}

struct Fitted {
  std::vector<Listing> listings = some_listings();
  features::FittedEncoder encoder =
      features::Encoder::fit(listings, std::vector<double>(listings.size(), 1.0), {}).value();

  std::size_t column(const std::string& name) const {
    for (std::size_t i = 0; i < encoder.encoder.columns().size(); ++i) {
      if (encoder.encoder.columns()[i].name == name) return i;
    }
    ADD_FAILURE() << "no column " << name;
    return 0;
  }
};

TEST(MaskedCopies, KeepTheTrainingRowsAndAddACopyOfEachSecond) {
  const Fitted fitted;

  const MaskedCopies copies = with_masked_copies(fitted.listings, fitted.encoder, {{Field::kSize}, 2, 1});

  ASSERT_EQ(copies.rows.rows, 60U);
  ASSERT_EQ(copies.source.size(), 60U);
  for (std::size_t row = 0; row < 60; ++row) EXPECT_EQ(copies.source[row], row < 40 ? row : 2 * (row - 40));
  const features::Matrix& plain = fitted.encoder.training_rows;
  for (std::size_t i = 0; i < plain.values.size(); ++i) {
    const bool is_same = copies.rows.values[i] == plain.values[i] ||
                         (std::isnan(copies.rows.values[i]) && std::isnan(plain.values[i]));
    EXPECT_TRUE(is_same) << i;
  }
}

TEST(MaskedCopies, HideTheColumnsOfAFieldAndNoOthers) {
  const Fitted fitted;
  const std::size_t size = fitted.column("log_size");
  const std::size_t reviews = fitted.column("log_reviews");

  const MaskedCopies copies = with_masked_copies(fitted.listings, fitted.encoder, {{Field::kSize}, 1, 1});

  std::size_t hidden = 0;
  for (std::size_t row = 40; row < 80; ++row) {
    if (core::is_missing(copies.rows.row(row)[size])) ++hidden;
    EXPECT_EQ(copies.rows.row(row)[reviews], copies.rows.row(row - 40)[reviews]);
  }
  EXPECT_GT(hidden, 10U);
  EXPECT_LT(hidden, 38U);
}

TEST(MaskedCopies, HideWithTheCategoryAlsoTheRanksWithinIt) {
  const Fitted fitted;
  const std::size_t rank = fitted.column("rank_cat");

  const MaskedCopies copies = with_masked_copies(fitted.listings, fitted.encoder, {{Field::kCategory}, 1, 1});

  std::size_t hidden = 0;
  for (std::size_t row = 40; row < 80; ++row) {
    if (core::is_missing(copies.rows.row(row)[rank])) ++hidden;
  }
  EXPECT_GT(hidden, 10U);
}

TEST(MaskedCopies, AreTheSameForTheSameSeed) {
  const Fitted fitted;
  const MaskingOptions options{{Field::kSize, Field::kApp}, 1, 7};

  const MaskedCopies first = with_masked_copies(fitted.listings, fitted.encoder, options);
  const MaskedCopies again = with_masked_copies(fitted.listings, fitted.encoder, options);

  ASSERT_EQ(first.rows.values.size(), again.rows.values.size());
  for (std::size_t i = 0; i < first.rows.values.size(); ++i) {
    const double left = first.rows.values[i];
    const double right = again.rows.values[i];
    EXPECT_TRUE(left == right || (std::isnan(left) && std::isnan(right))) << i;
  }
}

}  // namespace
}  // namespace starcast::learn
