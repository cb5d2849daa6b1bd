#include "tracking/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/testing/manual_clock.h"

namespace starcast::tracking {
namespace {

std::unique_ptr<Store> open_store(const core::Clock& clock) {
  return Store::open(sql::open_sqlite({":memory:"}).value(), {}, clock).value();
}

TEST(Store, CountsMillisecondsOfItsClock) {
  core::ManualClock clock;
  const auto store = open_store(clock);
  const std::int64_t before = store->now_ms();

  clock.advance(1.5);

  EXPECT_EQ(store->now_ms(), before + 1500);
}

TEST(Store, MakesRandomVersionSevenIds) {
  const core::ManualClock clock;
  const auto store = open_store(clock);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = store->new_id();
    ASSERT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(id[12], '7');
    EXPECT_NE(std::string_view("89ab").find(id[16]), std::string_view::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Store, MakesIdsInTheOrderOfTime) {
  core::ManualClock clock;
  const auto store = open_store(clock);
  const std::string earlier = store->new_id();

  clock.advance(0.002);

  EXPECT_LT(earlier, store->new_id());
}

TEST(Store, NamesRunsInAtMostTwentyCharacters) {
  const core::ManualClock clock;
  const auto store = open_store(clock);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string name = store->new_run_name();
    EXPECT_LE(name.size(), 20U) << name;
    EXPECT_EQ(std::count(name.begin(), name.end(), '-'), 2) << name;
    seen.insert(name);
  }
  EXPECT_GT(seen.size(), 150U);
}

}  // namespace
}  // namespace starcast::tracking
