#include "learn/split.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

namespace starcast::learn {
namespace {

using listing::Listing;

Listing app(const std::string& name) {
  Listing listing;
  listing.app = name;
  return listing;
}

TEST(PartOf, GivesTheAskedShareAndDependsOnTheKeyOnly) {
  int tests = 0;
  for (int i = 0; i < 10000; ++i) tests += part_of(fmt::format("app {}", i), {0.2, 1}) == Part::kTest ? 1 : 0;

  EXPECT_NEAR(tests, 2000, 150);
  EXPECT_EQ(part_of("one", {0.2, 1}), part_of("one", {0.2, 1}));
}

TEST(Split, ReadsBackWhatItWrote) {
  const std::vector<Listing> listings = {app("A, quoted \"name\""), app("B"), app("C")};
  core::StringSink sink;
  ASSERT_TRUE(write_split(sink, listings, {0.5, 3}));

  core::StringSource source(sink.text());
  const auto parts = read_split(source, "split.csv");

  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->size(), 3U);
  const auto split = apply_split(listings, *parts);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->train.size() + split->test.size(), 3U);
}

TEST(Split, NamesTheLineOfAnUnknownPart) {
  core::StringSource source("app,part\na,train\nb,valid\n");

  const auto parts = read_split(source, "split.csv");

  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "split.csv:3: the part is 'valid', neither train nor test");
}

TEST(Split, RefusesAnAppThatIsListedTwice) {
  core::StringSource source("app,part\na,train\na,test\n");

  EXPECT_EQ(read_split(source, "s").error().code(), core::ErrorCode::kInvalidInput);
}

TEST(Split, AsksForANewSplitWhenAnAppIsUnknown) {
  const auto split = apply_split({app("new")}, {});

  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().code(), core::ErrorCode::kFailedPrecondition);
}

TEST(DealFolds, SizesDifferByOneAtMost) {
  const std::vector<std::size_t> folds = deal_folds(11, 3, 1);

  std::vector<long> sizes;
  for (std::size_t fold = 0; fold < 3; ++fold) sizes.push_back(std::count(folds.begin(), folds.end(), fold));
  EXPECT_EQ(*std::max_element(sizes.begin(), sizes.end()) - *std::min_element(sizes.begin(), sizes.end()), 1);
}

}  // namespace
}  // namespace starcast::learn
