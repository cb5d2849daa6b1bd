#include "cli/exit_status.h"

#include <gtest/gtest.h>

namespace starcast::cli {
namespace {

TEST(ExitStatus, OwnCommandsUseSysexits) {
  EXPECT_EQ(exit_status_of(core::ErrorCode::kInvalidInput, Grammar::kOwn), 65);
  EXPECT_EQ(exit_status_of(core::ErrorCode::kNotFound, Grammar::kOwn), 66);
  EXPECT_EQ(exit_status_of(core::ErrorCode::kFailedPrecondition, Grammar::kOwn), 78);
  EXPECT_EQ(usage_status(Grammar::kOwn), 64);
}

TEST(ExitStatus, DvcsCommandsUseDvcs) {
  EXPECT_EQ(exit_status_of(core::ErrorCode::kInvalidInput, Grammar::kDvc), 255);
  EXPECT_EQ(exit_status_of(core::ErrorCode::kCancelled, Grammar::kDvc), 252);
  EXPECT_EQ(usage_status(Grammar::kDvc), 254);
}

}  // namespace
}  // namespace starcast::cli
