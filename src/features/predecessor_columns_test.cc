#include "features/predecessor_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

FittedEncoder fitted_predecessor() {
  std::vector<Listing> listings = {rated("a", "TOOLS", 5, 4), rated("b", "FAMILY", 6, 5),
                                   rated("c", "", 7, 2)};
  listings[0].content_rating = "Teen";
  listings[1].genres = "Casual;Education";
  return fitted_on(listings, std::vector<double>(3, 1.0), {.feature_set = FeatureSet::kPredecessor});
}

TEST(PredecessorColumns, AreEight) {
  const FittedEncoder fitted = fitted_predecessor();
  std::vector<std::string> names;
  for (const FeatureColumn& column : fitted.encoder.columns()) names.push_back(column.name);

  EXPECT_EQ(names, (std::vector<std::string>{"category", "reviews", "size", "installs", "type", "price",
                                             "content_rating", "genres"}));
}

TEST(PredecessorColumns, NamesAreCodesInSortedOrder) {
  const FittedEncoder fitted = fitted_predecessor();

  EXPECT_EQ(transformed(fitted.encoder, rated("x", "FAMILY", 0, 1), "category"), 0);
  EXPECT_EQ(transformed(fitted.encoder, rated("x", "TOOLS", 0, 1), "category"), 1);
  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "category"), 1);
}

TEST(PredecessorColumns, NumbersAreAsTheyAre) {
  const FittedEncoder fitted = fitted_predecessor();
  Listing listing = rated("x", "TOOLS", 12345, 1);
  listing.size_mb = 0.201;
  listing.installs = 10000;
  listing.type = listing::Type::kPaid;
  listing.price_usd = 4.99;

  const std::vector<double> row = row_of(fitted.encoder, listing);

  EXPECT_EQ(cell_of(fitted.encoder, row, "reviews"), 12345);
  EXPECT_EQ(cell_of(fitted.encoder, row, "size"), 0.201);
  EXPECT_EQ(cell_of(fitted.encoder, row, "installs"), 10000);
  EXPECT_EQ(cell_of(fitted.encoder, row, "type"), 1);
  EXPECT_EQ(cell_of(fitted.encoder, row, "price"), 4.99);
}

TEST(PredecessorColumns, WhatIsMissingOrNewIsMissing) {
  const FittedEncoder fitted = fitted_predecessor();

  for (const double cell : row_of(fitted.encoder, Listing())) EXPECT_TRUE(std::isnan(cell));
  EXPECT_TRUE(std::isnan(transformed(fitted.encoder, rated("x", "GAME", 0, 1), "category")));
}

TEST(PredecessorColumns, StoredNamesHaveToBeInOrder) {
  codec::Json json = fitted_predecessor().encoder.to_json();
  codec::Json codes = *json.find("codes");
  codes.set("category", codec::JsonArray{"TOOLS", "FAMILY"});
  json.set("codes", codes);

  const auto encoder = Encoder::from_json(json);

  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_EQ(encoder.error().message(), "codes.category[1]: is not in order");
}

}  // namespace
}  // namespace starcast::features
