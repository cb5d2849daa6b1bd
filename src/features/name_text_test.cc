#include "features/name_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using codec::Json;
using listing::Listing;

// Half the names have "photo" in them, rated 4.5; the others 3.5.
FittedEncoder fitted_photos(std::size_t count = 200) {
  std::vector<Listing> listings;
  for (std::size_t i = 0; i < count; ++i) {
    const bool photo = i % 2 == 0;
    listings.push_back(rated((photo ? "photo x" : "chess y") + std::to_string(i), "", 5, photo ? 4.5 : 3.5));
  }
  return fitted_on(listings, std::vector<double>(count, 1.0));
}

double text_of(const FittedEncoder& fitted, const std::string& name) {
  return transformed(fitted.encoder, rated(name, "", 5, 1), "name_text");
}

// Names of two kinds that share no n-gram: the mean is 3.5, and each kind's text has all its weight.
FittedEncoder fitted_two_kinds() {
  const std::vector<Listing> listings = {rated("Photo", "", 0, 5), rated("photo", "", 0, 4),
                                         rated("chess", "", 0, 3), rated("chess", "", 0, 2)};
  return fitted_on(listings, std::vector<double>(4, 1.0));
}

TEST(NameText, IsTheShrunkDeviationOfApps) {
  const FittedEncoder fitted = fitted_two_kinds();

  EXPECT_NEAR(text_of(fitted, "Photo"), (1.5 + 0.5) / (2 + 2), 1e-4);
  EXPECT_NEAR(text_of(fitted, "chess"), -(1.5 + 0.5) / (2 + 2), 1e-4);
}

TEST(NameText, TrainingRowsAreFoundByTheOtherFolds) {
  const FittedEncoder fitted = fitted_two_kinds();  // a fold each

  // Without the first row the mean is 3, and photo stands in one name, rated 4.
  EXPECT_NEAR(cell_of(fitted.encoder, fitted.training_rows.row(0), "name_text"), (4.0 - 3) / (1 + 2), 1e-4);
}

TEST(NameText, PartsOfWordsSpeak) {
  const FittedEncoder fitted = fitted_photos();

  EXPECT_GT(text_of(fitted, "photographs"), 0.1);
  EXPECT_LT(text_of(fitted, "chessboard"), -0.1);
}

TEST(NameText, NamesWithoutKnownTextAreAtTheMean) {
  const FittedEncoder fitted = fitted_photos();

  EXPECT_EQ(text_of(fitted, ""), 0);
  EXPECT_NEAR(text_of(fitted, "\U0001F600\U0001F680"), 0, 0.05);  // a bucket may be shared
}

TEST(NameText, ANameOfItsOwnTellsNothingOfItself) {
  std::vector<Listing> listings = varied_listings(60);
  for (Listing& listing : listings) listing.rating = 4;
  listings.push_back(rated("zqxzqxzqx", "", 5, 1));
  const FittedEncoder fitted = fitted_on(listings, std::vector<double>(listings.size(), 1.0));

  EXPECT_NEAR(cell_of(fitted.encoder, fitted.training_rows.row(60), "name_text"), 0, 0.02);
  EXPECT_LT(text_of(fitted, "zqxzqxzqx"), -0.3);
}

TEST(NameText, WeighsListings) {
  const std::vector<Listing> listings = {rated("photo", "", 0, 5), rated("photo", "", 0, 1),
                                         rated("chess", "", 0, 3)};

  EXPECT_GT(text_of(fitted_on(listings, std::vector<double>{1, 0, 1}), "photo"), 0.1);
  EXPECT_LT(text_of(fitted_on(listings, std::vector<double>{0, 1, 1}), "photo"), -0.1);
  EXPECT_EQ(text_of(fitted_on(listings, std::vector<double>{0, 0, 0}), "photo"), 0);
}

// The message of reading an encoder whose name_text has one member replaced.
std::string corruption(const std::string& member, Json value) {
  const Encoder fitted = fitted_photos(4).encoder;
  Json json = fitted.to_json();
  Json stored = *json.find("name_text");
  stored.set(member, std::move(value));
  json.set("name_text", std::move(stored));
  const auto encoder = Encoder::from_json(json, fitted.names());
  if (encoder) return "read";
  EXPECT_EQ(encoder.error().code(), core::ErrorCode::kCorrupt);
  return encoder.error().message();
}

Json list_with(const std::string& member, std::size_t index, Json value) {
  codec::JsonArray list = *fitted_photos(4).encoder.to_json().find("name_text")->array_at(member).value();
  list[index] = std::move(value);
  return Json(std::move(list));
}

TEST(NameText, RefusesNumbersOutsideTheirRange) {
  EXPECT_EQ(corruption("listings", 0), "name_text.listings: is no whole number from 1 to 4294967295");
  EXPECT_EQ(corruption("step", -1.0), "name_text.step: is no step of a coefficient");
  EXPECT_EQ(corruption("step", 1e300), "name_text.step: is no step of a coefficient");
  EXPECT_EQ(corruption("having", list_with("having", 1, 5)),
            "name_text.having[1]: is no whole number from 1 to 4");
  EXPECT_EQ(corruption("steps", list_with("steps", 2, 40000)),
            "name_text.steps[2]: is no whole number from -32767 to 32767");
  EXPECT_EQ(corruption("gaps", list_with("gaps", 1, 0))
                .rfind("name_text.gaps[1]: is no whole number from 1 to ", 0),
            0U);
  EXPECT_EQ(corruption("gaps", list_with("gaps", 1, 32768)).rfind("name_text.gaps[1]: is no whole number", 0),
            0U);
  EXPECT_EQ(corruption("gaps", list_with("gaps", 0, "3")).rfind("name_text.gaps[0]: is no whole number", 0),
            0U);
}

TEST(NameText, RefusesListsOfDifferentLengths) {
  const std::string message = corruption("steps", codec::JsonArray{Json(1)});

  EXPECT_EQ(message.rfind("name_text.steps: has 1 entries, but name_text.gaps has ", 0), 0U) << message;
}

}  // namespace
}  // namespace starcast::features
