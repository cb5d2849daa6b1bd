#include "app/out_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

TEST(WriteAll, MakesTheFoldersOfWhatItWrites) {
  os::MemoryFiles files;

  ASSERT_TRUE(write_all({{"reports/figures/a.png", "a"}, {"docs/card.md", "b"}}, files));

  EXPECT_EQ(files.read("reports/figures/a.png").value(), "a");
  EXPECT_EQ(files.read("docs/card.md").value(), "b");
}

TEST(WriteAll, LeavesWhatWasThereWhenTheDiskIsFull) {
  os::MemoryFiles files;
  files.put("first", "old");
  files.fail_writes_after(5);

  const core::Result<void> result = write_all({{"first", "new"}, {"second", "too long"}}, files);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), core::ErrorCode::kExhausted);
  EXPECT_THAT(result.error().message(), ::testing::HasSubstr("second"));
  EXPECT_EQ(files.read("first").value(), "old");
  EXPECT_EQ(files.files().size(), 1U);
}

}  // namespace
}  // namespace starcast::app
