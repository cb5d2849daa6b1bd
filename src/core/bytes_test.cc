#include "core/bytes.h"

#include <gtest/gtest.h>

namespace starcast::core {
namespace {

TEST(ReadAll, JoinsChunksOfAnySize) {
  StringSource source("hello world", 3);

  EXPECT_EQ(read_all(source, 100).value(), "hello world");
}

TEST(ReadAll, RefusesMoreThanItsLimit) {
  StringSource source("hello world");

  EXPECT_EQ(read_all(source, 5).error().code(), ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace starcast::core
