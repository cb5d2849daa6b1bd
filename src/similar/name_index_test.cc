#include "similar/name_index.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace starcast::similar {
namespace {

std::vector<std::string> names() {
  return {"photo editor pro", "photo editor",     "photo collage maker",
          "weather radar",    "weather forecast", "fc barcelona fans"};
}

std::vector<float> cosines(const NameIndex& index, std::string_view name) {
  std::vector<float> result(index.size(), -1.0F);
  index.cosines(name, result);
  return result;
}

TEST(NameGrams, CountsPiecesOfPaddedWords) {
  // " ab ": " a", " ab", " ab ", "ab", "ab ", "b "; the word "ab" twice and the pair.
  const NameGrams once = grams_of("ab");
  const NameGrams twice = grams_of("ab ab");

  EXPECT_EQ(once.characters.size(), 6U);
  EXPECT_EQ(once.words.size(), 1U);
  EXPECT_EQ(twice.characters.size(), 6U);
  EXPECT_EQ(twice.words.size(), 2U);
  EXPECT_TRUE(std::all_of(twice.characters.begin(), twice.characters.end(),
                          [](const Gram& gram) { return gram.count == 2; }));
}

TEST(NameGrams, TakesPunctuationAsCharactersButNotAsWords) {
  EXPECT_EQ(grams_of("a-b").words.size(), 3U);
  EXPECT_EQ(grams_of("--").words.size(), 0U);
  EXPECT_FALSE(grams_of("--").characters.empty());
}

TEST(NameGrams, OfNothingAreNone) {
  EXPECT_TRUE(grams_of("").characters.empty());
  EXPECT_TRUE(grams_of(" \t ").characters.empty());
  EXPECT_TRUE(grams_of(" ").words.empty());
}

TEST(NameGrams, TakeBrokenUtf8AndOtherScripts) {
  EXPECT_FALSE(grams_of("\xff\xfe").characters.empty());
  EXPECT_EQ(grams_of("\xd8\xa8\xd8\xb3\xd9\x85").words.size(), 1U);
  EXPECT_FALSE(grams_of("\xf0\x9f\x98\x80").characters.empty());
}

TEST(NameIndex, FindsAnIndexedNameWithCosineOne) {
  const NameIndex index(names());

  EXPECT_NEAR(static_cast<double>(cosines(index, "photo editor")[1]), 1.0, 1e-6);
}

TEST(NameIndex, CosinesLieBetweenZeroAndOne) {
  const NameIndex index(names());

  for (const std::string& name : names()) {
    for (const float cosine : cosines(index, name)) {
      EXPECT_GE(cosine, 0.0F);
      EXPECT_LE(cosine, 1.00001F);
    }
  }
}

TEST(NameIndex, IsZeroForNamesThatShareNothing) {
  const NameIndex index(names());

  EXPECT_EQ(cosines(index, "zzzz"), std::vector<float>(6, 0.0F));
  EXPECT_EQ(cosines(index, ""), std::vector<float>(6, 0.0F));
}

TEST(NameIndex, IgnoresGramsOfASingleName) {
  const NameIndex index({"qqqq", "weather", "weather"});

  EXPECT_EQ(cosines(index, "qqqq")[0], 0.0F);
  EXPECT_NEAR(static_cast<double>(cosines(index, "weather qqqq")[1]), 1.0, 1e-6);
}

TEST(NameIndex, AgreesWithItselfForIndexedItems) {
  const NameIndex index(names());
  std::vector<float> four(4);
  index.cosines_of(4, four);

  const std::vector<float> all = cosines(index, "weather forecast");

  EXPECT_TRUE(std::equal(four.begin(), four.end(), all.begin()));
}

TEST(NameIndex, OrdersNeighboursBySimilarityThenByPlace) {
  const NameIndex index({"weather", "photo editor", "weather", "photo editor pro"});

  const std::vector<NameNeighbour> found = index.neighbours("weather", 9);

  ASSERT_GE(found.size(), 2U);
  EXPECT_EQ(found[0].item, 0U);
  EXPECT_EQ(found[1].item, 2U);
  EXPECT_EQ(found[0].cosine, found[1].cosine);
}

TEST(NameIndex, GivesAtMostAsManyNeighboursAsAsked) {
  const NameIndex index(names());

  EXPECT_EQ(index.neighbours("photo", 2).size(), 2U);
  EXPECT_TRUE(index.neighbours("photo", 0).empty());
  EXPECT_TRUE(index.neighbours("zzzz", 5).empty());
}

TEST(NameIndex, TakesAVeryLongName) {
  const NameIndex index(names());
  std::string name;
  while (name.size() < 10000) name += "photo weather ";

  for (const float cosine : cosines(index, name)) EXPECT_TRUE(std::isfinite(cosine));
}

TEST(NameIndex, MayBeEmpty) {
  EXPECT_EQ(NameIndex().size(), 0U);
  EXPECT_TRUE(NameIndex(std::vector<std::string>{}).neighbours("photo", 3).empty());
}

}  // namespace
}  // namespace starcast::similar
