#include "features/similar_names.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using codec::Json;
using listing::Listing;

// Names of two kinds that share no n-gram, photos rated 4.5 and chess rated 3.5: the prior is 4.
std::vector<Listing> two_kinds(std::size_t count) {
  std::vector<Listing> listings;
  for (std::size_t i = 0; i < count; ++i) {
    const bool photo = i % 2 == 0;
    listings.push_back(
        rated((photo ? "photo x" : "chess ") + std::to_string(i / 2), "", 5, photo ? 4.5 : 3.5));
  }
  return listings;
}

FittedEncoder fitted_two_kinds(std::size_t count = 40) {
  return fitted_on(two_kinds(count), std::vector<double>(count, 1.0));
}

double cell(const FittedEncoder& fitted, const std::string& name, const char* column) {
  return transformed(fitted.encoder, rated(name, "", 5, 1), column);
}

TEST(SimilarNames, AreRatedAboveOrBelowThePrior) {
  const FittedEncoder fitted = fitted_two_kinds();

  EXPECT_GT(cell(fitted, "Photo", "similar_rating"), 0.4);
  EXPECT_LT(cell(fitted, "Photo", "similar_rating"), 0.5);
  EXPECT_LT(cell(fitted, "CHESS", "similar_rating"), -0.4);
}

TEST(SimilarNames, KnownCosinesDoNotChangeARow) {
  const FittedEncoder fitted = fitted_two_kinds();
  const Listing listing = rated("Photo x7", "", 5, 1);
  std::vector<double> row(fitted.encoder.columns().size());
  std::vector<double> known(row.size());
  const similar::NameCosines cosines(fitted.encoder.names()->index(), listing::key_of(listing));

  fitted.encoder.transform(listing, row);
  fitted.encoder.transform(listing, known, &cosines);

  for (std::size_t column = 0; column < row.size(); ++column) {
    EXPECT_TRUE(known[column] == row[column] || (std::isnan(known[column]) && std::isnan(row[column])));
  }
}

TEST(SimilarNames, ANameLikeNoOtherIsAtThePrior) {
  const FittedEncoder fitted = fitted_two_kinds();

  for (const char* const name : {"", "\U0001F600\U0001F680"}) {
    EXPECT_EQ(cell(fitted, name, "similar_rating"), 0);
    EXPECT_EQ(cell(fitted, name, "similar_cosine"), 0);
    EXPECT_EQ(cell(fitted, name, "similar_count"), 0);
  }
}

TEST(SimilarNames, AnAppIsNotItsOwnNeighbour) {
  std::vector<Listing> listings = two_kinds(40);
  listings.push_back(rated("zyzzyva", "", 5, 1));
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>(listings.size(), 1.0));

  EXPECT_EQ(cell(fitted, "zyzzyva", "similar_cosine"), 0);
}

TEST(SimilarNames, CountWhatTheirRatingsWeigh) {
  const std::vector<Listing> listings = two_kinds(40);
  std::vector<double> weights(40, 1.0);
  for (std::size_t i = 0; i < 40; i += 2) weights[i] = 0;
  const FittedEncoder fitted = fitted_on(listings, weights);

  EXPECT_EQ(cell(fitted, "Photo", "similar_count"), 0);
  EXPECT_EQ(cell(fitted, "Photo", "similar_rating"), 0);
  EXPECT_GT(cell(fitted, "Photo", "similar_cosine"), 0);
  EXPECT_GT(cell(fitted, "Chess", "similar_count"), 0);
}

TEST(SimilarNames, TrainingRowsLookAmongTheOtherFolds) {
  // A fold each: the two photos see each other, and the rest as the prior.
  const std::vector<Listing> listings = {rated("photo", "", 5, 5), rated("photos", "", 5, 4),
                                         rated("chess", "", 5, 3), rated("chess club", "", 5, 2)};
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>(4, 1.0));
  const std::span<const double> row = fitted.training_rows.row(0);

  const double count = cell_of(fitted.encoder, row, "similar_count");
  EXPECT_GT(count, 0);
  EXPECT_NEAR(cell_of(fitted.encoder, row, "similar_rating"), count * (4 - 3) / (count + 0.1), 1e-12);
}

// Fits on the second half of the listings among the names of all.
FittedEncoder fitted_on_half(const std::vector<Listing>& listings, const std::vector<double>& weights) {
  EncoderOptions options;
  options.names = std::make_shared<const similar::RatedNames>(rated_names_of(listings, weights));
  std::vector<std::size_t> places;
  for (std::size_t i = listings.size() / 2; i < listings.size(); ++i) places.push_back(i);
  options.places = places;
  const std::span<const Listing> all(listings);
  return fitted_on(all.subspan(places[0]), std::vector<double>(places.size(), 1.0), options);
}

TEST(SimilarNames, OthersOfTheSharedNamesDoNotCount) {
  std::vector<Listing> listings = two_kinds(80);
  const std::vector<double> weights(80, 1.0);
  const FittedEncoder before = fitted_on_half(listings, weights);
  for (std::size_t i = 0; i < 40; ++i) listings[i].rating = 1;
  const FittedEncoder after = fitted_on_half(listings, weights);

  EXPECT_TRUE(same_bits(before.training_rows.values, after.training_rows.values));
  EXPECT_TRUE(same_bits(row_of(before.encoder, rated("Photo", "", 5, 1)),
                        row_of(after.encoder, rated("Photo", "", 5, 1))));
}

TEST(SimilarNames, AreReadWithWhatIsLeftOut) {
  const FittedEncoder fitted = fitted_on_half(two_kinds(80), std::vector<double>(80, 1.0));
  const auto read = Encoder::from_json(fitted.encoder.to_json(), fitted.encoder.names());

  ASSERT_TRUE(read) << read.error().message();
  const Listing asked = rated("Photo x3", "", 5, 1);
  EXPECT_TRUE(same_bits(row_of(fitted.encoder, asked), row_of(*read, asked)));
}

TEST(SimilarNames, PlacesThatAreNotTheListingsAreRefused) {
  const std::vector<Listing> listings = two_kinds(4);
  const std::vector<double> weights(4, 1.0);
  EncoderOptions options;
  options.names = std::make_shared<const similar::RatedNames>(rated_names_of(listings, weights));
  const std::vector<std::size_t> swapped = {1, 0, 2, 3};
  const std::vector<std::size_t> beyond = {0, 1, 2, 4};
  for (const std::vector<std::size_t>& places : {swapped, beyond}) {
    options.places = places;
    const auto fitted = Encoder::fit(listings, weights, options);
    ASSERT_FALSE(fitted);
    EXPECT_EQ(fitted.error().code(), core::ErrorCode::kInvalidInput);
  }
}

// The message of reading an encoder whose similar_names has one member replaced.
std::string corruption(const std::string& member, Json value) {
  const Encoder fitted = fitted_two_kinds(4).encoder;
  Json json = fitted.to_json();
  Json stored = *json.find("similar_names");
  stored.set(member, std::move(value));
  json.set("similar_names", std::move(stored));
  const auto encoder = Encoder::from_json(json, fitted.names());
  if (encoder) return "read";
  EXPECT_EQ(encoder.error().code(), core::ErrorCode::kCorrupt);
  return encoder.error().message();
}

TEST(SimilarNames, RefusesNamesOfAnotherModel) {
  EXPECT_EQ(corruption("names", 5), "similar_names.names: is not 4, the number of the model's apps");
}

TEST(SimilarNames, RefusesPlacesBeyondTheNames) {
  EXPECT_EQ(corruption("left_out", codec::JsonArray{Json(4)}),
            "similar_names.left_out: has an entry that is no place of a name");
  EXPECT_EQ(corruption("left_out", codec::JsonArray{Json(3)}), "read");
}

TEST(SimilarNames, RefusesToBeReadWithoutNames) {
  const auto encoder = Encoder::from_json(fitted_two_kinds(4).encoder.to_json());

  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code(), core::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace starcast::features
