#include "features/encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "core/random.h"
#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using codec::Json;
using listing::Listing;

constexpr std::size_t kListings = 120;

std::vector<double> varied_weights(std::size_t count) {
  std::vector<double> weights;
  for (std::size_t i = 0; i < count; ++i) weights.push_back(0.1 + static_cast<double>(i % 7) / 8);
  return weights;
}

FittedEncoder fitted_varied(FeatureSet set = FeatureSet::kListing) {
  return fitted_on(varied_listings(kListings), varied_weights(kListings), {.feature_set = set});
}

// What a reader of the stored text has.
Encoder stored_and_read(const Encoder& encoder) {
  const auto json = codec::parse_json(codec::to_text(encoder.to_json(), codec::JsonStyle::kCompact));
  auto read = Encoder::from_json(*json, encoder.names());
  EXPECT_TRUE(read) << (read ? "" : read.error().message());
  return std::move(read).value();
}

std::string refusal(std::span<const Listing> training, std::span<const double> weights,
                    EncoderOptions options = {}) {
  const auto fitted = Encoder::fit(training, weights, options);
  if (fitted) return "fitted";
  EXPECT_EQ(fitted.error().code(), core::ErrorCode::kInvalidInput);
  return fitted.error().message();
}

// A row's difference from what it was with another rating of its own.
std::vector<std::size_t> rows_that_see_their_rating(FeatureSet set) {
  const std::vector<Listing> listings = varied_listings(kListings);
  const std::vector<double> weights = varied_weights(kListings);
  const FittedEncoder before = fitted_on(listings, weights, {.feature_set = set});
  std::vector<std::size_t> seen;
  for (std::size_t row = 0; row < kListings; ++row) {
    std::vector<Listing> changed = listings;
    changed[row].rating = changed[row].rating > 3 ? 1.37 : 4.93;
    const FittedEncoder after = fitted_on(changed, weights, {.feature_set = set});
    if (!same_bits(before.training_rows.row(row), after.training_rows.row(row))) seen.push_back(row);
  }
  return seen;
}

TEST(Encoder, ARowsOwnRatingNeverReachesItsTrainingRow) {
  EXPECT_EQ(rows_that_see_their_rating(FeatureSet::kListing), std::vector<std::size_t>());
  EXPECT_EQ(rows_that_see_their_rating(FeatureSet::kPredecessor), std::vector<std::size_t>());
}

TEST(Encoder, OtherRowsRatingsReachATrainingRow) {
  const std::vector<Listing> listings = varied_listings(kListings);
  std::vector<Listing> changed = listings;
  for (std::size_t row = 1; row < kListings; ++row) changed[row].rating = 6 - changed[row].rating;
  const std::vector<double> weights = varied_weights(kListings);

  const FittedEncoder before = fitted_on(listings, weights);
  const FittedEncoder after = fitted_on(changed, weights);

  EXPECT_FALSE(same_bits(before.training_rows.row(0), after.training_rows.row(0)));
}

TEST(Encoder, SpreadsOfEncodingsFallWhenRatingsAreShuffled) {
  // Ratings that the category alone decides; then the same ratings in random order.
  std::vector<Listing> listings = varied_listings(400);
  for (Listing& listing : listings) listing.rating = listing.category == "GAME" ? 2 : 4;
  std::vector<Listing> mixed = listings;
  core::Random random(3);
  const std::vector<std::size_t> order = core::shuffled(listings.size(), random);
  for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i].rating = listings[order[i]].rating;
  const std::vector<double> weights(listings.size(), 1.0);
  const auto spread = [&](const FittedEncoder& fitted) {
    double low = 5;
    double high = 1;
    for (std::size_t row = 0; row < fitted.training_rows.rows; ++row) {
      const double cell = cell_of(fitted.encoder, fitted.training_rows.row(row), "te_category");
      low = std::min(low, cell);
      high = std::max(high, cell);
    }
    return high - low;
  };

  EXPECT_GT(spread(fitted_on(listings, weights)), 1.6);
  EXPECT_LT(spread(fitted_on(mixed, weights)), 0.6);
}

TEST(Encoder, ShuffledRatingsAreNotFoundInTheTrainingRows) {
  std::vector<Listing> listings = varied_listings(400);
  core::Random random(11);
  const std::vector<std::size_t> order = core::shuffled(listings.size(), random);
  const std::vector<Listing> original = listings;
  for (std::size_t i = 0; i < listings.size(); ++i) listings[i].rating = original[order[i]].rating;
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>(listings.size(), 1.0));

  // No column goes with the ratings beyond chance: |r| < 5 / sqrt(400).
  for (std::size_t column = 0; column < fitted.encoder.columns().size(); ++column) {
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t row = 0; row < listings.size(); ++row) {
      const double cell = fitted.training_rows.row(row)[column];
      if (core::is_missing(cell)) continue;
      const double rating = listings[row].rating;
      n += 1, x += cell, y += rating, xx += cell * cell, yy += rating * rating, xy += cell * rating;
    }
    const double spread = (n * xx - x * x) * (n * yy - y * y);
    const double correlation = spread > 0 ? (n * xy - x * y) / std::sqrt(spread) : 0;
    EXPECT_LT(std::abs(correlation), 0.25) << fitted.encoder.columns()[column].name;
  }
}

TEST(Encoder, SameSeedGivesTheSameBits) {
  const FittedEncoder one = fitted_varied();
  const FittedEncoder two = fitted_varied();

  EXPECT_TRUE(same_bits(one.training_rows.values, two.training_rows.values));
  EXPECT_EQ(codec::to_text(one.encoder.to_json(), codec::JsonStyle::kCompact),
            codec::to_text(two.encoder.to_json(), codec::JsonStyle::kCompact));
}

TEST(Encoder, AnotherSeedDealsOtherFolds) {
  const std::vector<Listing> listings = varied_listings(kListings);
  const std::vector<double> weights = varied_weights(kListings);

  const FittedEncoder one = fitted_on(listings, weights, {.seed = 1});
  const FittedEncoder two = fitted_on(listings, weights, {.seed = 2});

  EXPECT_FALSE(same_bits(one.training_rows.values, two.training_rows.values));
}

TEST(Encoder, ReadsBackToTheSameBits) {
  for (const FeatureSet set : {FeatureSet::kListing, FeatureSet::kPredecessor}) {
    const FittedEncoder fitted = fitted_varied(set);

    const Encoder read = stored_and_read(fitted.encoder);

    std::vector<Listing> listings = varied_listings(2 * kListings);
    listings.emplace_back();
    listings.push_back(rated("\U0001F600 \u05E9\u05DC\u05D5\u05DD photo", "GAME", 1, 4));
    for (const Listing& listing : listings) {
      EXPECT_TRUE(same_bits(row_of(fitted.encoder, listing), row_of(read, listing))) << listing.app;
    }
    EXPECT_EQ(read.to_json(), fitted.encoder.to_json());
  }
}

TEST(Encoder, ReadsBackWhatMissingFieldsLeft) {
  const std::vector<Listing> listings = {rated("", "", core::kMissing, 4),
                                         rated("x", "GAME", core::kMissing, 3)};
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 1});

  const Encoder read = stored_and_read(fitted.encoder);

  EXPECT_TRUE(same_bits(row_of(fitted.encoder, listings[1]), row_of(read, listings[1])));
}

TEST(Encoder, StoresNoLevelAtThePrior) {
  const std::vector<Listing> listings = {rated("x", "GAME", 1, 4), rated("y", "TOOLS", 1, 4)};
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 1});

  const Json json = fitted.encoder.to_json();

  EXPECT_EQ(*json.find("encodings")->find("category"), Json(codec::JsonObject{}));
  EXPECT_EQ(*json.find("words"), Json(codec::JsonObject{}));
}

TEST(Encoder, HasTheListingsColumnsInOrder) {
  const FittedEncoder fitted = fitted_varied();
  std::vector<std::string> names;
  for (const FeatureColumn& column : fitted.encoder.columns()) names.push_back(column.name);

  EXPECT_EQ(names,
            (std::vector<std::string>{"log_reviews",    "log_installs",    "ratio",        "log_size",
                                      "paid",           "log_price",       "content",      "age",
                                      "month",          "weekday",         "day",          "android",
                                      "ver_major",      "ver_minor",       "ver_parts",    "ver_len",
                                      "name_len",       "name_words",      "name_digits",  "name_upper",
                                      "name_nonascii",  "name_sep",        "name_wordlen", "te_category",
                                      "te_genre1",      "te_genres",       "te_content",   "te_version",
                                      "te_date",        "te_date_android", "te_word1",     "te_letters4",
                                      "te_size",        "te_inst_cat",     "te_lastword",  "te_words2",
                                      "te_android",     "te_words",        "cnt_word1",    "cnt_version",
                                      "cnt_date",       "cnt_size",        "cnt_android",  "cnt_date_android",
                                      "rank_cat",       "ratio_cat",       "name_text",    "similar_rating",
                                      "similar_cosine", "similar_count"}));
}

TEST(Encoder, TakesTheLastDateAsToday) {
  std::vector<Listing> listings = {rated("x", "GAME", 1, 4), rated("y", "TOOLS", 1, 4)};
  listings[0].last_updated = codec::parse_date("2018-08-08");

  EXPECT_EQ(codec::to_iso(fitted_on(listings, std::vector<double>{1, 1}).encoder.as_of()), "2018-08-08");
}

TEST(Encoder, CountsAgesFromTheDateGiven) {
  std::vector<Listing> listings = {rated("x", "GAME", 1, 4), rated("y", "TOOLS", 1, 4)};
  listings[0].last_updated = codec::parse_date("2018-08-08");
  const EncoderOptions options{.as_of = codec::parse_date("2018-08-10")};

  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 1}, options);

  EXPECT_EQ(transformed(fitted.encoder, listings[0], "age"), 2);
  EXPECT_EQ(transformed(stored_and_read(fitted.encoder), listings[0], "age"), 2);
}

TEST(Encoder, AnEmptyListingGivesARow) {
  const FittedEncoder fitted = fitted_varied();

  const std::vector<double> row = row_of(fitted.encoder, Listing());

  EXPECT_EQ(cell_of(fitted.encoder, row, "te_category"), fitted.encoder.to_json().double_at("prior").value());
  EXPECT_TRUE(std::isnan(cell_of(fitted.encoder, row, "log_reviews")));
}

TEST(Encoder, FitsOnListingsWithoutAnyField) {
  std::vector<Listing> listings(3);
  for (Listing& listing : listings) listing.rating = 4;

  const FittedEncoder fitted = fitted_on(listings, std::vector<double>{1, 0, 1});

  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "te_category"), 4);
  EXPECT_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "cnt_word1"), 2);
}

TEST(Encoder, NamesOfAnyLengthAndScriptAreFine) {
  const FittedEncoder fitted = fitted_varied();
  std::string long_name;
  while (long_name.size() < 10000) long_name += "photo ";

  for (const std::string& name :
       {long_name, std::string(10000, 'a'), std::string("\U0001F600\u200D\U0001F680"),
        std::string("\u05E9\u05DC\u05D5\u05DD"), std::string("\u0645\u0631\u062D\u0628\u0627"),
        std::string("\u65E5\u672C\u8A9E"), std::string("\xFF\xFE broken")}) {
    const std::vector<double> row = row_of(fitted.encoder, rated(name, "GAME", 5, 4));
    EXPECT_GT(cell_of(fitted.encoder, row, "name_len"), 0) << name.substr(0, 20);
    EXPECT_TRUE(std::isfinite(cell_of(fitted.encoder, row, "te_words"))) << name.substr(0, 20);
    EXPECT_TRUE(std::isfinite(cell_of(fitted.encoder, row, "name_text"))) << name.substr(0, 20);
  }
}

TEST(Encoder, FieldsOfColumnsAreThoseTheyComeFrom) {
  const FittedEncoder fitted = fitted_varied();

  for (const FeatureColumn& column : fitted.encoder.columns()) {
    const bool of_name = column.name.rfind("name_", 0) == 0 || column.name == "te_words" ||
                         column.name == "cnt_word1" || column.name == "te_word1" ||
                         column.name == "te_letters4" || column.name == "te_lastword" ||
                         column.name == "te_words2" || column.name.rfind("similar_", 0) == 0;
    EXPECT_EQ(column.field == listing::Field::kApp, of_name) << column.name;
  }
}

TEST(Encoder, RefusesOneListing) {
  EXPECT_EQ(refusal(std::vector<Listing>{rated("a", "", 1, 4)}, std::vector<double>{1}),
            "an encoder needs at least 2 rated listings to fit on, and got 1");
}

TEST(Encoder, RefusesAMissingRating) {
  EXPECT_EQ(refusal(std::vector<Listing>{rated("a", "", 1, 4), rated("b", "", 1, core::kMissing)},
                    std::vector<double>{1, 1}),
            "listing 1 ('b') has no rating to fit on; drop it first");
}

TEST(Encoder, RefusesWeightsThatAreNone) {
  const std::vector<Listing> listings = varied_listings(2);
  for (const double weight : {-1.0, core::kMissing, std::numeric_limits<double>::infinity()}) {
    EXPECT_NE(refusal(listings, std::vector<double>{1, weight}).find("give it a finite one"),
              std::string::npos);
  }
}

TEST(Encoder, RefusesAnotherNumberOfWeights) {
  EXPECT_EQ(refusal(varied_listings(3), std::vector<double>{1, 1}),
            "there are 3 listings, but 2 weights; give one each");
}

TEST(Encoder, RefusesASingleInnerFold) {
  EXPECT_EQ(refusal(varied_listings(3), std::vector<double>{1, 1, 1}, {.inner_folds = 1}),
            "an encoder needs at least 2 inner folds, and got 1");
}

// The error of reading the stored encoder with one member at a path ("counts.size") replaced.
std::string corruption(const std::string& path, Json value) {
  const Encoder fitted = fitted_varied().encoder;
  Json json = fitted.to_json();
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos) {
    json.set(path, std::move(value));
  } else {
    Json outer = *json.find(path.substr(0, dot));
    outer.set(path.substr(dot + 1), std::move(value));
    json.set(path.substr(0, dot), std::move(outer));
  }
  const auto encoder = Encoder::from_json(json, fitted.names());
  if (encoder) return "read";
  EXPECT_EQ(encoder.error().code(), core::ErrorCode::kCorrupt);
  return encoder.error().message();
}

TEST(Encoder, ErrorsNameTheStoredMember) {
  EXPECT_EQ(corruption("format", 1), "format: is not 2, the only one that this program reads");
  EXPECT_EQ(corruption("feature_set", "all"), "feature_set: is neither 'listing' nor 'predecessor'");
  EXPECT_EQ(corruption("as_of", "today"), "as_of: is no date such as 2018-08-08");
  EXPECT_EQ(corruption("prior", core::kMissing), "prior: is not finite");
  EXPECT_EQ(corruption("encodings.size", codec::JsonObject{{"19M", nullptr}}),
            "encodings.size.19M: is no finite number");
  EXPECT_EQ(corruption("words", codec::JsonObject{{"photo", std::numeric_limits<double>::infinity()}}),
            "words.photo: is no finite number");
  EXPECT_EQ(corruption("counts.date", codec::JsonObject{{"x", 0.5}}), "counts.date.x: is no count");
  EXPECT_EQ(corruption("within_category.GAME", codec::JsonObject{{"ratio_median", 1}}),
            "within_category.GAME.reviews: is missing");
  const codec::JsonArray falling = {2, 1};
  EXPECT_EQ(corruption("within_category.GAME", codec::JsonObject{{"ratio_median", 1}, {"reviews", falling}}),
            "within_category.GAME.reviews[1]: is less than the number before it");
}

TEST(Encoder, EveryStoredMemberIsNeededAndOfItsType) {
  for (const FeatureSet set : {FeatureSet::kListing, FeatureSet::kPredecessor}) {
    const Encoder fitted = fitted_varied(set).encoder;
    const Json whole = fitted.to_json();
    for (const auto& [name, value] : *whole.as_object().value()) {
      codec::JsonObject without;
      for (const codec::JsonMember& member : *whole.as_object().value()) {
        if (member.first != name) without.push_back(member);
      }
      const auto missing = Encoder::from_json(Json(without), fitted.names());
      ASSERT_FALSE(missing) << name;
      EXPECT_EQ(missing.error().message(), name + ": is missing");

      Json wrong = whole;
      wrong.set(name, true);
      const auto refused = Encoder::from_json(wrong, fitted.names());
      ASSERT_FALSE(refused) << name;
      EXPECT_EQ(refused.error().code(), core::ErrorCode::kCorrupt) << name;
      EXPECT_EQ(refused.error().message().rfind(name, 0), 0U) << refused.error().message();
    }
  }
}

TEST(Encoder, RefusesJsonThatIsNoObject) {
  for (const Json& json : {Json(), Json(1), Json("encoder"), Json(codec::JsonArray{})}) {
    const auto encoder = Encoder::from_json(json);
    ASSERT_FALSE(encoder);
    EXPECT_EQ(encoder.error().message(), "encoder: is no object");
  }
}

}  // namespace
}  // namespace starcast::features
