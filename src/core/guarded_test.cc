#include "core/guarded.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace starcast::core {
namespace {

TEST(Guarded, CountsRightUnderManyThreads) {
  Guarded<int> counter(0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) counter.with([](int& value) { ++value; });
      });
    }
  }

  auto locked = counter.lock();
  EXPECT_EQ(*locked, 4000);
}

}  // namespace
}  // namespace starcast::core
