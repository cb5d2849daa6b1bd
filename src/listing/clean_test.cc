#include "listing/clean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::listing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Listing app(std::string_view name, double rating, double reviews) {
  Listing listing;
  listing.app = name;
  listing.rating = rating;
  listing.reviews = reviews;
  return listing;
}

ListingFile file_of(std::vector<Listing> listings) {
  ListingFile file;
  for (std::size_t i = 0; i < listings.size(); ++i) file.rows.push_back(i * 10);
  file.report.rows = listings.size();
  file.listings = std::move(listings);
  return file;
}

TEST(Cleaned, KeepsTheTwinWithMostReviewsInTheOrderOfTheFile) {
  const CleanListings clean =
      cleaned(file_of({app("A", 4, 5), app("b", 3, 1), app("a", 5, 7), app("B ", 2, 1), app("A", 1, 6)}));

  EXPECT_THAT(clean.rows, ElementsAre(10, 20));
  EXPECT_EQ(clean.listings[1].rating, 5);
  EXPECT_EQ(clean.report.duplicates, 3U);
  EXPECT_EQ(clean.report.apps, 2U);
}

TEST(Cleaned, PrefersKnownReviewsToMissingOnes) {
  EXPECT_THAT(cleaned(file_of({app("a", 4, core::kMissing), app("a", 4, 0)})).rows, ElementsAre(10));
  EXPECT_THAT(cleaned(file_of({app("a", 4, 0), app("a", 4, core::kMissing)})).rows, ElementsAre(0));
}

TEST(Cleaned, DropsTheUnratedAndTheUnnamed) {
  const CleanListings clean = cleaned(
      file_of({app("a", core::kMissing, 9), app("", 4, 9), app("a", 4, 1), app("c", core::kMissing, 1)}));

  EXPECT_THAT(clean.rows, ElementsAre(20));
  EXPECT_EQ(clean.report.unrated, 2U);
  EXPECT_EQ(clean.report.unnamed, 1U);
  EXPECT_EQ(clean.report.rows, 4U);
}

TEST(Cleaned, KnowsTheDatesOfWhatIsLeft) {
  Listing early = app("a", 4, 1);
  early.last_updated = codec::Date{17000};
  Listing late = app("b", 4, 1);
  late.last_updated = codec::Date{17700};
  Listing unrated = app("c", core::kMissing, 1);
  unrated.last_updated = codec::Date{19000};

  const CleanReport report = cleaned(file_of({late, early, unrated})).report;

  EXPECT_EQ(report.date_first, codec::Date{17000});
  EXPECT_EQ(report.date_last, codec::Date{17700});
}

TEST(Cleaned, LeavesNothingOfAFileWithoutRatings) {
  const CleanListings clean = cleaned(file_of({app("a", core::kMissing, 1)}));

  EXPECT_THAT(clean.listings, IsEmpty());
  EXPECT_FALSE(clean.report.date_first);
}

TEST(DataReport, HasEveryCountByName) {
  ReadReport read;
  read.rows = 7;
  read.missing[static_cast<std::size_t>(Field::kSize)] = 3;
  read.ignored_columns = {"Mood"};
  read.notes.push_back({.line = 5, .app = "a", .text = "why"});
  CleanReport clean;
  clean.apps = 4;
  clean.date_last = codec::date_from({.year = 2018, .month = 8, .day = 8});

  const codec::Json json = to_json(read, clean);

  const codec::Json& read_part = *json.at("read").value();
  const codec::Json& clean_part = *json.at("clean").value();
  EXPECT_EQ(read_part.string_at("layout").value(), "play-store-2018");
  EXPECT_EQ(read_part.int_at("rows").value(), 7);
  EXPECT_EQ(read_part.at("missing").value()->int_at("Size").value(), 3);
  EXPECT_EQ(read_part.array_at("notes").value()->at(0).int_at("line").value(), 5);
  EXPECT_EQ(read_part.array_at("ignored_columns").value()->at(0).as_string().value(), "Mood");
  EXPECT_EQ(clean_part.int_at("apps").value(), 4);
  EXPECT_EQ(clean_part.string_at("date_last").value(), "2018-08-08");
  EXPECT_TRUE(clean_part.find("date_first")->is_null());
}

}  // namespace
}  // namespace starcast::listing
