#include "core/log.h"

#include <gtest/gtest.h>

namespace starcast::core {
namespace {

TEST(StderrLog, DropsWhatIsBelowItsMinimumAndMarksWarnings) {
  testing::internal::CaptureStderr();
  StderrLog log(LogLevel::kInfo);

  log.debug("hidden {}", 1);
  log.info("shown {}", 2);
  log.warning("careful");

  EXPECT_EQ(testing::internal::GetCapturedStderr(), "shown 2\nwarning: careful\n");
}

}  // namespace
}  // namespace starcast::core
