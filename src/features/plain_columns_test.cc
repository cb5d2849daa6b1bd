#include "features/plain_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

// The plain column's value; 2018-08-08 is today.
double plain(const Listing& listing, std::string_view column) {
  const PlainColumns group(*codec::parse_date("2018-08-08"));
  const std::vector<FeatureColumn> columns = group.columns();
  std::vector<double> cells(columns.size());
  group.transform(ListingTexts(listing), cells);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return cells[i];
  }
  ADD_FAILURE() << "no column " << column;
  return core::kMissing;
}

Listing with_version(std::string version) {
  Listing listing;
  listing.current_version = std::move(version);
  return listing;
}

Listing with_android(std::string version) {
  Listing listing;
  listing.android_version = std::move(version);
  return listing;
}

TEST(PlainColumns, TakeLogarithmsOfNumbers) {
  Listing listing = rated("x", "GAME", 999, 4);
  listing.installs = 99999;
  listing.size_mb = 9.99;
  listing.price_usd = 9;

  EXPECT_DOUBLE_EQ(plain(listing, "log_reviews"), 3);
  EXPECT_DOUBLE_EQ(plain(listing, "log_installs"), 5);
  EXPECT_DOUBLE_EQ(plain(listing, "ratio"), -2);
  EXPECT_DOUBLE_EQ(plain(listing, "log_size"), 1);
  EXPECT_DOUBLE_EQ(plain(listing, "log_price"), 1);
}

TEST(PlainColumns, AnAppIsPaidByItsPrice) {
  Listing listing;
  EXPECT_EQ(plain(listing, "paid"), 0);
  listing.price_usd = 0;
  EXPECT_EQ(plain(listing, "paid"), 0);
  listing.price_usd = 0.99;
  EXPECT_EQ(plain(listing, "paid"), 1);
}

TEST(PlainColumns, ContentRatingsAreLevels) {
  Listing listing;
  listing.content_rating = "Mature 17+";
  EXPECT_EQ(plain(listing, "content"), 3);
  listing.content_rating = "Unrated";
  EXPECT_TRUE(std::isnan(plain(listing, "content")));
}

TEST(PlainColumns, DatesGiveAgeAndCalendar) {
  Listing listing;
  listing.last_updated = codec::parse_date("2018-07-29");  // a Sunday

  EXPECT_EQ(plain(listing, "age"), 10);
  EXPECT_EQ(plain(listing, "month"), 7);
  EXPECT_EQ(plain(listing, "weekday"), 6);
  EXPECT_EQ(plain(listing, "day"), 29);
}

TEST(PlainColumns, AndroidVersionsAreOneNumber) {
  EXPECT_DOUBLE_EQ(plain(with_android("4.0.3 and up"), "android"), 4.03);
  EXPECT_DOUBLE_EQ(plain(with_android("4.4W and up"), "android"), 4.4);
  EXPECT_DOUBLE_EQ(plain(with_android("8"), "android"), 8);
  EXPECT_DOUBLE_EQ(plain(with_android("5. and up"), "android"), 5);
  EXPECT_DOUBLE_EQ(plain(with_android("4.1 - 7.1.1"), "android"), 4.1);
  EXPECT_TRUE(std::isnan(plain(with_android("Varies with device"), "android")));
}

TEST(PlainColumns, VersionsGiveTheirNumbers) {
  const Listing listing = with_version("v2.13.4-beta");

  EXPECT_EQ(plain(listing, "ver_major"), 2);
  EXPECT_EQ(plain(listing, "ver_minor"), 13);
  EXPECT_EQ(plain(listing, "ver_parts"), 3);
  EXPECT_EQ(plain(listing, "ver_len"), 12);
}

TEST(PlainColumns, VersionsThatVaryHaveNoParts) {
  const Listing listing = with_version("Varies with device");

  EXPECT_TRUE(std::isnan(plain(listing, "ver_major")));
  EXPECT_EQ(plain(listing, "ver_parts"), 0);
}

TEST(PlainColumns, VersionNumbersAreBounded) {
  EXPECT_EQ(plain(with_version(std::string(400, '9')), "ver_major"), 1e9);
}

TEST(PlainColumns, VersionLengthsAreCharacters) {
  EXPECT_EQ(plain(with_version("1.0\u00DF"), "ver_len"), 4);
}

TEST(PlainColumns, NamesGiveTheirShape) {
  const Listing listing = rated("ABc: de 12", "GAME", 0, 4);

  EXPECT_EQ(plain(listing, "name_len"), 10);
  EXPECT_EQ(plain(listing, "name_words"), 3);
  EXPECT_EQ(plain(listing, "name_digits"), 2);
  EXPECT_DOUBLE_EQ(plain(listing, "name_upper"), 0.4);
  EXPECT_EQ(plain(listing, "name_nonascii"), 0);
  EXPECT_EQ(plain(listing, "name_sep"), 1);
  EXPECT_DOUBLE_EQ(plain(listing, "name_wordlen"), 10.0 / 3);
}

TEST(PlainColumns, NamesOfEmojiAreFine) {
  const Listing listing = rated("\U0001F600\U0001F680a", "GAME", 0, 4);

  EXPECT_EQ(plain(listing, "name_len"), 3);
  EXPECT_DOUBLE_EQ(plain(listing, "name_nonascii"), 2.0 / 3);
  EXPECT_EQ(plain(listing, "name_upper"), 0);
}

TEST(PlainColumns, AllButPaidAreMissingForAnEmptyListing) {
  const PlainColumns group(codec::Date{});

  for (const FeatureColumn& column : group.columns()) {
    EXPECT_EQ(std::isnan(plain(Listing(), column.name)), column.name != "paid") << column.name;
  }
}

}  // namespace
}  // namespace starcast::features
