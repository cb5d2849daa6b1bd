#include "features/listing_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;
using testing::ElementsAre;

Listing named(std::string app) {
  return rated(std::move(app), "", 0, 4);
}

std::vector<std::string> distinct_words(const ListingTexts& texts) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < texts.distinct_word_count(); ++i) words.emplace_back(texts.distinct_word(i));
  return words;
}

TEST(ListingTexts, TakesWordsFromTheFoldedName) {
  const Listing listing = named("Photo-Editor: PRO  2");

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.text(Text::kFirstWord), "photo");
  EXPECT_EQ(texts.text(Text::kLastWord), "2");
  EXPECT_EQ(texts.text(Text::kFirstTwoWords), "photo editor");
  EXPECT_EQ(texts.name().words, 4U);
}

TEST(ListingTexts, KeepsEachWordOnce) {
  const Listing listing = named("Go go Gadget GO");

  const ListingTexts texts(listing);

  EXPECT_THAT(distinct_words(texts), ElementsAre("gadget", "go"));
  EXPECT_EQ(texts.name().words, 4U);
}

TEST(ListingTexts, UnderscoresEndWords) {
  const Listing listing = named("a_b");

  EXPECT_THAT(distinct_words(ListingTexts(listing)), ElementsAre("a", "b"));
}

TEST(ListingTexts, OneWordIsAlsoTheFirstTwo) {
  const Listing listing = named("Chess!");

  EXPECT_EQ(ListingTexts(listing).text(Text::kFirstTwoWords), "chess");
}

TEST(ListingTexts, FirstLettersAreCharactersNotBytes) {
  const Listing listing = named("\u0416\u0443\u043A x");  // three Cyrillic letters, a space

  EXPECT_EQ(ListingTexts(listing).text(Text::kFirstLetters), "\u0436\u0443\u043A ");
}

TEST(ListingTexts, FirstLettersOfAShortNameAreAllOfIt) {
  const Listing listing = named("Go");

  EXPECT_EQ(ListingTexts(listing).text(Text::kFirstLetters), "go");
}

TEST(ListingTexts, CountsTheNamesCharacters) {
  const Listing listing = named("A1: B-2 (x) & y | z, \u2013 \U0001F600");

  const NameShape name = ListingTexts(listing).name();

  EXPECT_EQ(name.characters, 24U);
  EXPECT_EQ(name.digits, 2U);
  EXPECT_EQ(name.non_ascii, 2U);
  EXPECT_EQ(name.separators, 8U);
}

TEST(ListingTexts, NamesOfSymbolsHaveNoWords) {
  const Listing listing = named("\U0001F600\U0001F680");

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.name().characters, 2U);
  EXPECT_EQ(texts.distinct_word_count(), 0U);
  EXPECT_EQ(texts.text(Text::kFirstWord), "");
}

TEST(ListingTexts, ReadsRightToLeftNames) {
  const Listing listing = named("\u05E9\u05DC\u05D5\u05DD \u05E2\u05D5\u05DC\u05DD");

  EXPECT_EQ(ListingTexts(listing).text(Text::kLastWord), "\u05E2\u05D5\u05DC\u05DD");
}

TEST(ListingTexts, JoinsStringsOfTwoFields) {
  Listing listing = named("x");
  listing.category = "GAME";
  listing.installs = 10000;
  listing.last_updated = codec::parse_date("2018-01-07");
  listing.android_version = "4.1 and up";

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.text(Text::kInstallsCategory), "10,000+|GAME");
  EXPECT_EQ(texts.text(Text::kDateAndroid), "2018-01-07|4.1 and up");
  EXPECT_EQ(texts.text(Text::kDate), "2018-01-07");
  EXPECT_EQ(texts.text(Text::kAndroid), "4.1 and up");
}

TEST(ListingTexts, TheFirstGenreEndsAtASemicolon) {
  Listing listing = named("x");
  listing.genres = "Art & Design;Pretend Play";

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.text(Text::kFirstGenre), "Art & Design");
  EXPECT_EQ(texts.text(Text::kGenres), "Art & Design;Pretend Play");
}

TEST(ListingTexts, MissingFieldsAreEmptyTexts) {
  const Listing listing;

  const ListingTexts texts(listing);

  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto text = static_cast<Text>(i);
    const bool is_joined = text == Text::kDateAndroid || text == Text::kInstallsCategory;
    EXPECT_EQ(texts.text(text), is_joined ? "|" : "") << i;
  }
  EXPECT_EQ(texts.name().characters, 0U);
}

TEST(ListingTexts, HaveTheKeyAndItsWordsInOrder) {
  const Listing listing = named("Zoo  B\u00C4R-zoo");

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.key(), "zoo b\u00E4r-zoo");
  ASSERT_EQ(texts.word_count(), 3U);
  EXPECT_EQ(texts.word(0), "zoo");
  EXPECT_EQ(texts.word(1), "b\u00E4r");
  EXPECT_EQ(texts.word(2), "zoo");
}

TEST(ListingTexts, StayRightWhenMoved) {
  const Listing listing = named("ab cd");
  ListingTexts texts(listing);

  const ListingTexts moved = std::move(texts);

  EXPECT_EQ(moved.text(Text::kFirstTwoWords), "ab cd");
  EXPECT_EQ(moved.text(Text::kLastWord), "cd");
}

TEST(ListingTexts, TakeNamesOfTenThousandCharacters) {
  std::string name;
  for (int i = 0; name.size() < 10000; ++i) name.append("w").append(std::to_string(i % 700)).append(" ");
  const Listing listing = named(name);

  const ListingTexts texts(listing);

  EXPECT_EQ(texts.distinct_word_count(), 700U);
}

}  // namespace
}  // namespace starcast::features
