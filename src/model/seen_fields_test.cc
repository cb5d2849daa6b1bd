#include "model/seen_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::model {
namespace {

using listing::Listing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Listing full_listing() {
  Listing listing;
  listing.app = "Alpha";
  listing.category = "TOOLS";
  listing.reviews = 50;
  listing.size_mb = 100;
  listing.installs = 1000;
  listing.type = listing::Type::kFree;
  listing.price_usd = 0;
  listing.content_rating = "Everyone";
  listing.genres = "Tools;Education";
  listing.last_updated = codec::parse_date("2018-01-07");
  listing.android_version = "4.4 and up";
  return listing;
}

// Saw two listings, of which the second knows a name, reviews and nothing else.
SeenFields seen_fields() {
  Listing other;
  other.app = "Beta blocker";
  other.reviews = 12345;
  return SeenFields::of(std::vector<Listing>{full_listing(), other});
}

TEST(SeenFields, NothingOfWhatItSawLiesOutside) {
  EXPECT_THAT(seen_fields().outside(full_listing()), IsEmpty());
}

TEST(SeenFields, WhatIsMissingDoesNotLieOutside) {
  EXPECT_THAT(seen_fields().outside({}), IsEmpty());
}

TEST(SeenFields, NamesTheLargestSeen) {
  Listing listing = full_listing();
  listing.size_mb = 900;
  listing.reviews = 2000000;
  listing.price_usd = 9.5;

  EXPECT_THAT(seen_fields().outside(listing),
              ElementsAre("reviews 2,000,000 are above the largest seen, 12,345",
                          "size 900 MB is above the largest seen, 100 MB",
                          "price $9.50 is above the largest seen, $0.00"));
}

TEST(SeenFields, NamesTheSmallestSeen) {
  Listing listing = full_listing();
  listing.size_mb = 0.201;
  listing.installs = 0;

  EXPECT_THAT(seen_fields().outside(listing), ElementsAre("size 0.201 MB is below the smallest seen, 100 MB",
                                                          "installs 0 are below the smallest seen, 1,000"));
}

TEST(SeenFields, NamesTheLatestDateSeen) {
  Listing listing = full_listing();
  listing.last_updated = codec::parse_date("2026-03-01");

  EXPECT_THAT(seen_fields().outside(listing),
              ElementsAre("last update 2026-03-01 is after the latest seen, 2018-01-07"));
}

TEST(SeenFields, CountsANameByItsCodePoints) {
  Listing listing = full_listing();
  listing.app = "\u6f22\u5b57\u6f22\u5b57";

  EXPECT_THAT(seen_fields().outside(listing),
              ElementsAre("a name of 4 characters is shorter than the shortest seen, 5"));
}

TEST(SeenFields, NamesATextNeverSeen) {
  Listing listing = full_listing();
  listing.category = "FOO";
  listing.content_rating = "Teen";
  listing.type = listing::Type::kPaid;
  listing.android_version = "99 and up";

  EXPECT_THAT(
      seen_fields().outside(listing),
      ElementsAre("category 'FOO' was never seen", "type 'Paid' was never seen",
                  "content rating 'Teen' was never seen", "Android version '99 and up' was never seen"));
}

TEST(SeenFields, TakesEachGenreByItself) {
  Listing listing = full_listing();
  listing.genres = "Education";
  EXPECT_THAT(seen_fields().outside(listing), IsEmpty());

  listing.genres = "Education;Opera";
  EXPECT_THAT(seen_fields().outside(listing), ElementsAre("genre 'Opera' was never seen"));
}

TEST(SeenFields, CutsALongText) {
  Listing listing = full_listing();
  listing.category = std::string(10000, 'X');

  ASSERT_EQ(seen_fields().outside(listing).size(), 1U);
  EXPECT_LT(seen_fields().outside(listing)[0].size(), 100U);
}

TEST(SeenFields, HasNoLimitForAFieldOfWhichNothingWasKnown) {
  Listing unknown;
  unknown.app = "Alpha";
  const SeenFields seen = SeenFields::of(std::vector<Listing>{unknown});

  EXPECT_THAT(seen.outside(full_listing()), IsEmpty());
}

TEST(SeenFields, ComesBackFromJson) {
  const auto read = SeenFields::from_json(seen_fields().to_json());

  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->to_json(), seen_fields().to_json());
}

TEST(SeenFields, RefusesJsonOfAnotherShape) {
  const auto unknown =
      SeenFields::from_json(codec::parse_json(R"({"ranges":{"Foo":[1,2]},"texts":{}})").value());
  const auto three =
      SeenFields::from_json(codec::parse_json(R"({"ranges":{"Size":[1,2,3]},"texts":{}})").value());
  const auto date =
      SeenFields::from_json(codec::parse_json(R"({"ranges":{"Last Updated":["1","2"]},"texts":{}})").value());

  ASSERT_FALSE(unknown || three || date);
  EXPECT_THAT(unknown.error().message(), HasSubstr("'Foo' is no field"));
  EXPECT_THAT(three.error().message(), HasSubstr("Size: a range has two ends"));
  EXPECT_THAT(date.error().message(), HasSubstr("'1' is no date"));
}

}  // namespace
}  // namespace starcast::model
