#include "os/scratch_folder.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "os/file_system.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

TEST(ScratchFolder, IsEmptyAndOnlyForUs) {
  const TemporaryFolder parent;
  const MapEnvironment environment(std::map<std::string, std::string>{{"TMPDIR", parent.path()}});
  const core::Result<std::string> made = make_scratch_folder("model", environment);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->starts_with(parent.path()));
  EXPECT_EQ(real_files().status(*made).value().mode, 0700U);
  EXPECT_TRUE(real_files().list(*made).value().empty());
}

TEST(ScratchFolder, IsAnotherOneEachTime) {
  const TemporaryFolder parent;
  const MapEnvironment environment(std::map<std::string, std::string>{{"TMPDIR", parent.path()}});
  EXPECT_NE(make_scratch_folder("model", environment).value(),
            make_scratch_folder("model", environment).value());
}

TEST(ScratchFolder, NamesAParentThatIsNotThere) {
  const MapEnvironment environment(std::map<std::string, std::string>{{"TMPDIR", "/nowhere/at/all"}});
  const core::Result<std::string> made = make_scratch_folder("model", environment);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), core::ErrorCode::kNotFound);
  EXPECT_NE(made.error().message().find("/nowhere/at/all"), std::string::npos);
}

}  // namespace
}  // namespace starcast::os
