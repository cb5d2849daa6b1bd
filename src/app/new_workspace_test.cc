#include "app/new_workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/params.h"
#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

using ::testing::HasSubstr;

class MakeWorkspace : public ::testing::Test {
 protected:
  static NewWorkspaceOptions with_sample() {
    NewWorkspaceOptions options;
    options.folder = "/ws";
    options.raw = RawData::kGenerated;
    options.sample.apps = 100;
    return options;
  }
  static NewWorkspaceOptions declared() {
    NewWorkspaceOptions options;
    options.folder = "/ws";
    return options;
  }

  os::MemoryFiles files_;
  os::FakeProcesses processes_{[](const os::Command&) { return os::Exit{}; }};
  os::MapEnvironment environment_{{}};
  core::ManualClock clock_;
  core::NullLog log_;
  std::unique_ptr<os::ProgressScreen> screen_ = os::silent_progress();
  const Context context_{files_, processes_, environment_, clock_, log_, *screen_};
};

TEST_F(MakeWorkspace, WritesPipelineParamsAndDeclaration) {
  const NewWorkspaceReport report = make_workspace(declared(), context_).value();

  for (const std::string& file : report.files) EXPECT_TRUE(files_.exists("/ws/" + file)) << file;
  EXPECT_THAT(files_.read("/ws/data/raw/googleplaystore.csv.dvc").value(),
              HasSubstr("eba349a50f9d2214c21a88223208980a"));
  EXPECT_TRUE(files_.is_folder("/ws/.dvc"));
  EXPECT_TRUE(files_.is_folder("/ws/data/external"));
  EXPECT_TRUE(files_.is_folder("/ws/docs"));
}

TEST_F(MakeWorkspace, GivesParamsThatParse) {
  ASSERT_TRUE(make_workspace(declared(), context_));

  EXPECT_FALSE(load_params(files_, "/ws/params.yaml").value().generated);
}

TEST_F(MakeWorkspace, SaysInTheParamsThatASampleIsGenerated) {
  ASSERT_TRUE(make_workspace(with_sample(), context_));

  EXPECT_TRUE(load_params(files_, "/ws/params.yaml").value().generated);
  EXPECT_THAT(files_.read("/ws/data/raw/googleplaystore.csv").value(),
              HasSubstr(std::string(listing::kSampleFirstName)));
}

TEST_F(MakeWorkspace, DeclaresTheSampleByItsOwnSumNotTheRealFiles) {
  ASSERT_TRUE(make_workspace(with_sample(), context_));

  const std::string declaration = files_.read("/ws/data/raw/googleplaystore.csv.dvc").value();
  EXPECT_EQ(declaration.find("eba349a50f9d2214c21a88223208980a"), std::string::npos);
}

TEST_F(MakeWorkspace, WritesNothingWhereAFileIsThereAlready) {
  files_.put("/ws/params.yaml", "mine\n");

  const core::Error error = make_workspace(declared(), context_).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kAlreadyExists);
  EXPECT_THAT(error.message(), HasSubstr("/ws/params.yaml"));
  EXPECT_EQ(files_.files().size(), 1U);
}

TEST_F(MakeWorkspace, KeepsOutOfGitWhereThereIsNone) {
  ASSERT_TRUE(make_workspace(declared(), context_));

  EXPECT_THAT(files_.read("/ws/.dvc/config").value(), HasSubstr("no_scm = True"));
}

TEST_F(MakeWorkspace, TellsGitToIgnoreTheSample) {
  ASSERT_TRUE(files_.make_folders("/ws/.git"));

  ASSERT_TRUE(make_workspace(with_sample(), context_));

  EXPECT_EQ(files_.read("/ws/data/raw/.gitignore").value(), "/googleplaystore.csv\n");
}

}  // namespace
}  // namespace starcast::app
