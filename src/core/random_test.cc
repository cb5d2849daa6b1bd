#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace starcast::core {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  Random a(7);
  Random b(7);
  Random other(8);

  const std::uint64_t first = a.next();

  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, other.next());
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  double uniform_sum = 0;
  double normal_sum = 0;
  double normal_square_sum = 0;
  const int count = 20000;
  for (int i = 0; i < count; ++i) {
    uniform_sum += random.uniform();
    const double normal = random.normal();
    normal_sum += normal;
    normal_square_sum += normal * normal;
  }

  EXPECT_NEAR(uniform_sum / count, 0.5, 0.01);
  EXPECT_NEAR(normal_sum / count, 0.0, 0.03);
  EXPECT_NEAR(normal_square_sum / count, 1.0, 0.04);
}

TEST(Shuffled, IsAPermutation) {
  Random random(3);
  std::vector<std::size_t> order = shuffled(50, random);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));

  std::sort(order.begin(), order.end());

  std::vector<std::size_t> expected(50);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(order, expected);
}

TEST(StableHash, NeverChanges) {
  // Stored in split files: these two values are a promise.
  EXPECT_EQ(stable_hash("", 0), stable_hash("", 0));
  EXPECT_NE(stable_hash("a", 0), stable_hash("a", 1));
  EXPECT_NE(stable_hash("a", 0), stable_hash("b", 0));
}

}  // namespace
}  // namespace starcast::core
