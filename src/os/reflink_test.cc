#include "os/reflink.h"

#include <gtest/gtest.h>

#include "os/file_system.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

TEST(CanReflink, LeavesNothingBehindAndAnswersTheSameTwice) {
  const TemporaryFolder folder;
  const bool first = can_reflink(folder.path());

  EXPECT_EQ(can_reflink(folder.path()), first);
  EXPECT_TRUE(real_files().list(folder.path()).value().empty());
}

TEST(CanReflink, IsFalseWhereThereIsNoFolder) {
  const TemporaryFolder folder;

  EXPECT_FALSE(can_reflink(folder.at("absent")));
}

}  // namespace
}  // namespace starcast::os
