#include "features/name_grams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "features/testing/listings.h"

namespace starcast::features {
namespace {

std::vector<BucketCount> grams_of(const std::string& name) {
  const listing::Listing listing = rated(name, "", 0, 4);
  return name_grams(ListingTexts(listing));
}

std::vector<BucketCount> buckets_of(const std::vector<std::string>& characters,
                                    const std::vector<std::string>& words) {
  std::map<std::uint32_t, std::uint32_t> counts;
  for (const std::string& gram : characters)
    ++counts[static_cast<std::uint32_t>(core::stable_hash(gram, 1) % kGramBuckets)];
  for (const std::string& gram : words)
    ++counts[static_cast<std::uint32_t>(core::stable_hash(gram, 2) % kGramBuckets)];
  std::vector<BucketCount> result;
  for (const auto& [bucket, count] : counts) result.push_back({bucket, count});
  return result;
}

std::size_t total_of(const std::vector<BucketCount>& grams) {
  std::size_t total = 0;
  for (const BucketCount& gram : grams) total += gram.count;
  return total;
}

TEST(NameGrams, AreRunsWithinPartsAndWordsAndPairs) {
  EXPECT_EQ(grams_of("Ab c-d"),
            buckets_of({" a", "ab", "b ", " ab", "ab ", " ab ",  //
                        " c", "c-", "-d", "d ", " c-", "c-d", "-d ", " c-d", "c-d ", " c-d "},
                       {"ab", "c", "d", "ab c", "c d"}));
}

TEST(NameGrams, CountRepetitions) {
  EXPECT_EQ(grams_of("go go"),
            buckets_of({" g", "go", "o ", " go", "go ", " go ", " g", "go", "o ", " go", "go ", " go "},
                       {"go", "go", "go go"}));
}

TEST(NameGrams, AreOfCharactersNotBytes) {
  EXPECT_EQ(grams_of("\u65E5\u672C"), buckets_of({" \u65E5", "\u65E5\u672C", "\u672C ", " \u65E5\u672C",
                                                  "\u65E5\u672C ", " \u65E5\u672C "},
                                                 {"\u65E5\u672C"}));
  EXPECT_EQ(grams_of("\U0001F600"), buckets_of({" \U0001F600", "\U0001F600 ", " \U0001F600 "}, {}));
}

TEST(NameGrams, HaveNoneForAnEmptyName) {
  EXPECT_TRUE(grams_of(" ").empty());
}

TEST(NameGrams, LookAtTheFirstCharactersOnly) {
  std::string name;
  for (int i = 0; name.size() < 10000; ++i) name.append("w\u00E9").append(std::to_string(i)).append(" ");

  EXPECT_LE(total_of(grams_of(name)), 1000U);
  EXPECT_LE(total_of(grams_of(std::string(10000, 'a'))), 1000U);
  EXPECT_EQ(grams_of(std::string(kGramCharactersMax, '!')), grams_of(std::string(10000, '!')));
}

}  // namespace
}  // namespace starcast::features
