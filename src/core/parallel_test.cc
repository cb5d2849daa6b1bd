#include "core/parallel.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace starcast::core {
namespace {

TEST(ParallelFor, RunsEachTaskOnce) {
  for (const std::size_t threads : {1U, 2U, 7U}) {
    std::vector<int> runs(100, 0);

    ASSERT_TRUE(parallel_for(runs.size(), threads, [&](std::size_t i) -> Result<void> {
      ++runs[i];
      return {};
    }));

    EXPECT_EQ(runs, std::vector<int>(100, 1));
  }
}

TEST(ParallelFor, PassesAFailureOn) {
  const Result<void> result = parallel_for(10, 1, [](std::size_t i) -> Result<void> {
    if (i >= 3) return Error(ErrorCode::kInvalidInput, std::to_string(i));
    return {};
  });

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "3");
}

TEST(ParallelFor, TurnsAnExceptionIntoAnError) {
  const Result<void> result =
      parallel_for(4, 2, [](std::size_t) -> Result<void> { throw std::runtime_error("boom"); });

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kInternal);
}

TEST(ParallelFor, NothingToDoIsFine) {
  EXPECT_TRUE(parallel_for(0, 4, [](std::size_t) -> Result<void> { return {}; }));
}

}  // namespace
}  // namespace starcast::core
