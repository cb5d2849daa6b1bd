#include "listing/cell.h"

#include <gtest/gtest.h>

namespace starcast::listing {
namespace {

TEST(SaysNothing, KnowsTheWordsForMissing) {
  for (const char* const text : {"", "NaN", "nan", "null", "None"}) EXPECT_TRUE(says_nothing(text)) << text;
}

TEST(SaysNothing, TakesZeroAsAValue) {
  EXPECT_FALSE(says_nothing("0"));
}

TEST(ParseGrouped, ReadsThousands) {
  EXPECT_EQ(parse_grouped("1,234,567"), 1234567.0);
}

TEST(ParseGrouped, RefusesCommasElsewhere) {
  for (const char* const text : {"1,5", "1,2345", ",123", "1,,000", "1234,567", "1,000,", "a,bcd"}) {
    EXPECT_FALSE(parse_grouped(text)) << text;
  }
}

TEST(ParseGrouped, RefusesWhatIsNotFinite) {
  for (const char* const text : {"1e999", "inf", "nan", "-"}) EXPECT_FALSE(parse_grouped(text)) << text;
}

TEST(ParseCount, ReadsAWholeNumber) {
  const std::optional<Count> count = parse_count("44,893");

  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 44893);
  EXPECT_TRUE(count->exact);
}

TEST(ParseCount, ReadsASuffixAsInexact) {
  const std::optional<Count> count = parse_count("3.0M");

  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 3000000);
  EXPECT_FALSE(count->exact);
}

TEST(ParseCount, RefusesNegativesFractionsAndTheAbsurd) {
  for (const char* const text : {"-1", "3.5", "1e16", "M", "12x", "Free", ""})
    EXPECT_FALSE(parse_count(text)) << text;
}

TEST(ParseSize, ReadsMegabytesKilobytesAndGigabytes) {
  EXPECT_EQ(parse_size("19M")->megabytes, 19);
  EXPECT_EQ(parse_size("2.9M")->megabytes, 2.9);
  EXPECT_EQ(parse_size("201k")->megabytes, 0.201);
  EXPECT_EQ(parse_size("1,015k")->megabytes, 1.015);
  EXPECT_EQ(parse_size("1.1G")->megabytes, 1100);
  EXPECT_EQ(parse_size("19 MB")->megabytes, 19);
}

TEST(ParseSize, MarksANumberWithoutUnit) {
  EXPECT_FALSE(parse_size("19")->has_unit);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* const text : {"1,000+", "-1M", "k", "1e9G", "19T", "1,5M"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(SizeText, ReadsBackToTheSameBits) {
  for (const double megabytes : {0.0, 0.0085, 0.201, 0.999, 1.0, 1.015, 2.9, 19.0, 1100.0, 0.1 + 0.2, 1e-9}) {
    EXPECT_EQ(parse_size(size_text(megabytes))->megabytes, megabytes) << size_text(megabytes);
  }
}

TEST(SizeText, IsAsTheStoreWritesIt) {
  EXPECT_EQ(size_text(0.201), "201k");
  EXPECT_EQ(size_text(19), "19M");
}

TEST(ParsePrice, ReadsDollars) {
  EXPECT_EQ(parse_price("$4.99"), 4.99);
  EXPECT_EQ(parse_price("4.99"), 4.99);
  EXPECT_EQ(parse_price("USD 4.99"), 4.99);
  EXPECT_EQ(parse_price("4.99 USD"), 4.99);
  EXPECT_EQ(parse_price("0"), 0);
  EXPECT_EQ(parse_price("Free"), 0);
}

TEST(ParsePrice, RefusesOtherCurrenciesAndNegatives) {
  for (const char* const text : {"\u20AC4.99", "-1", "Everyone", "$", "1e9"})
    EXPECT_FALSE(parse_price(text)) << text;
}

TEST(CanonicalCategory, BringsAShownNameToTheForm2018) {
  EXPECT_EQ(canonical_category("Art & Design"), "ART_AND_DESIGN");
  EXPECT_EQ(canonical_category("Music & Audio"), "MUSIC_AND_AUDIO");
  EXPECT_EQ(canonical_category("Role Playing"), "ROLE_PLAYING");
}

TEST(CanonicalCategory, KnowsTheOneThatWasRenamed) {
  EXPECT_EQ(canonical_category("Video Players & Editors"), "VIDEO_PLAYERS");
}

TEST(CanonicalCategory, LeavesItsOwnResultsAlone) {
  for (const char* const text : {"FOOD_AND_DRINK", "GAME", "A & B-c", "caf\u00E9 bar", "&x"}) {
    const std::string once = canonical_category(text).value();
    EXPECT_EQ(canonical_category(once), once);
  }
}

TEST(CanonicalCategory, RefusesWhatHasNoLetter) {
  for (const char* const text : {"1.9", ")", "&", "__"}) EXPECT_FALSE(canonical_category(text)) << text;
}

TEST(CanonicalGenres, DropsEmptyPartsAndSpaces) {
  EXPECT_EQ(canonical_genres(" Art & Design ; Pretend Play;"), "Art & Design;Pretend Play");
  EXPECT_EQ(canonical_genres(";None; "), "");
}

TEST(CanonicalContentRating, SpellsAsTheStore) {
  EXPECT_EQ(canonical_content_rating("everyone 10+"), "Everyone 10+");
  EXPECT_EQ(canonical_content_rating("MATURE 17+"), "Mature 17+");
}

TEST(CanonicalContentRating, KeepsUnknownNamesAndRefusesNumbers) {
  EXPECT_EQ(canonical_content_rating("PEGI 3"), "PEGI 3");
  EXPECT_FALSE(canonical_content_rating("$0.99"));
}

TEST(ShownText, CutsLongTextBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\u00E9";

  const std::string shown = shown_text("x" + text);

  EXPECT_EQ(shown.size(), 1 + 59 + 3 + 1U);
  EXPECT_TRUE(shown.ends_with("\u00E9...'"));
}

}  // namespace
}  // namespace starcast::listing
