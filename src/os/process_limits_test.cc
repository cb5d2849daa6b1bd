#include "os/process_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace starcast::os {
namespace {

rlimit limit_now() {
  rlimit limit{};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit;
}

TEST(RaiseOpenFilesLimit, ReachesTheHardLimit) {
  const rlimit before = limit_now();
  rlimit lower = before;
  lower.rlim_cur = before.rlim_cur / 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(raise_open_files_limit(), before.rlim_max);
  EXPECT_EQ(limit_now().rlim_cur, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(RaiseOpenFilesLimit, LeavesAFullLimitAlone) {
  raise_open_files_limit();
  const rlimit before = limit_now();
  EXPECT_EQ(raise_open_files_limit(), before.rlim_cur);
}

}  // namespace
}  // namespace starcast::os
