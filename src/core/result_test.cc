#include "core/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace starcast::core {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error(ErrorCode::kInvalidInput, "odd");
  return value / 2;
}

Result<int> quarter(int value) {
  const int once = TRY(half(value), "first");
  const int twice = TRY(half(once), "second");
  return twice;
}

TEST(Result, TryYieldsTheValue) {
  EXPECT_EQ(quarter(8).value(), 2);
}

TEST(Result, TryReturnsTheErrorWithItsContext) {
  const Result<int> result = quarter(6);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(result.error().message(), "second: odd");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));

  EXPECT_EQ(*std::move(result).value(), 7);
}

TEST(Result, VoidSucceedsByDefault) {
  EXPECT_TRUE(Result<void>());
  EXPECT_FALSE(Result<void>(Error(ErrorCode::kInternal, "x")));
}

TEST(ResultDeathTest, ReadingTheAbsentSideIsABug) {
  const Result<int> failed = half(1);

  EXPECT_DEATH(static_cast<void>(failed.value()), "check failed");
}

}  // namespace
}  // namespace starcast::core
