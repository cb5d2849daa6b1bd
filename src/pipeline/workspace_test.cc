#include "pipeline/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

const os::MapEnvironment kNoEnvironment{{}};

void ignore(os::MemoryFiles& files, const std::string& root, const std::string& path) {
  const auto git = GitIgnore::find(files, root, kNoEnvironment);
  ASSERT_TRUE(git);
  ASSERT_TRUE(git->ignore(path));
}

TEST(InitWorkspace, LeavesWhatDvcInitLeaves) {
  os::MemoryFiles files;
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kGit));

  EXPECT_EQ(files.read("/w/.dvc/config").value(), "");
  EXPECT_EQ(files.read("/w/.dvc/.gitignore").value(), "/config.local\n/tmp\n/cache\n");
  EXPECT_THAT(files.read("/w/.dvcignore").value(), HasSubstr("# Add patterns of files dvc should ignore"));
  EXPECT_TRUE(files.exists("/w/.dvc/tmp/btime"));
}

TEST(InitWorkspace, WithoutGitSaysSoInTheConfig) {
  os::MemoryFiles files;
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kNone));

  EXPECT_EQ(files.read("/w/.dvc/config").value(), "[core]\n    no_scm = True\n");
  EXPECT_FALSE(files.exists("/w/.dvc/.gitignore"));
  EXPECT_TRUE(load_config(files, "/w").value().no_scm);
}

TEST(InitWorkspace, RefusesASecondTimeAndKeepsDvcignore) {
  os::MemoryFiles files;
  files.put("/w/.dvcignore", "mine\n");
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kGit));

  EXPECT_EQ(files.read("/w/.dvcignore").value(), "mine\n");
  EXPECT_EQ(init_workspace(files, "/w", Scm::kGit).error().code(), ErrorCode::kAlreadyExists);
}

TEST(LoadConfig, LaterFilesWinAndTheCacheIsRelativeToTheConfig) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config",
            "# c\n[core]\n    no_scm = true\n['remote \"x\"']\n    url = /a\n[cache]\n    dir = ../shared\n");
  files.put("/w/.dvc/config.local", "[core]\nno_scm = False\n");

  const auto config = load_config(files, "/w");

  ASSERT_TRUE(config) << config.error().message();
  EXPECT_FALSE(config.value().no_scm);
  EXPECT_EQ(config.value().cache_folder, "shared");
}

TEST(LoadConfig, NoDvcFolderIsNoWorkspace) {
  os::MemoryFiles files;

  EXPECT_EQ(load_config(files, "/w").error().code(), ErrorCode::kFailedPrecondition);
}

TEST(LoadConfig, BrokenLinesAndHardLinkLocksAreNamed) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config", "[core]\nnonsense\n");
  EXPECT_THAT(load_config(files, "/w").error().message(), HasSubstr("/w/.dvc/config:2"));

  files.put("/w/.dvc/config", "[core]\nhardlink_lock = true\n");
  EXPECT_EQ(load_config(files, "/w").error().code(), ErrorCode::kUnsupported);
}

TEST(GitIgnoreUpkeep, AddsALineBesideTheFileOnce) {
  os::MemoryFiles files;
  files.put("/w/.git/HEAD", "");
  files.put("/w/sub/a b[1].txt", "");

  ignore(files, "/w", "sub/a b[1].txt");
  ignore(files, "/w", "sub/a b[1].txt");

  EXPECT_EQ(files.read("/w/sub/.gitignore").value(), "/a b\\[1\\].txt\n");
}

TEST(GitIgnoreUpkeep, EndsALastLineWithoutNewline) {
  os::MemoryFiles files;
  files.put("/w/.git/HEAD", "");
  files.put("/w/.gitignore", "x");

  ignore(files, "/w", "a");

  EXPECT_EQ(files.read("/w/.gitignore").value(), "x\n/a\n");
}

TEST(GitIgnoreUpkeep, WhatGitIgnoresAlreadyNeedsNoLine) {
  os::MemoryFiles files;
  files.put("/top/.git/info/exclude", "*.log\n");
  files.put("/top/.gitignore", "build/\n");
  files.put("/top/w/build/a", "");

  ignore(files, "/top/w", "x.log");
  ignore(files, "/top/w", "build/a");

  EXPECT_FALSE(files.exists("/top/w/.gitignore"));
  EXPECT_FALSE(files.exists("/top/w/build/.gitignore"));
}

TEST(GitIgnoreUpkeep, TheUsersOwnFileCounts) {
  os::MemoryFiles files;
  files.put("/w/.git/HEAD", "");
  files.put("/users/u/.config/git/ignore", "*.bak\n");
  const os::MapEnvironment environment{{{"HOME", "/users/u"}}};

  ASSERT_TRUE(GitIgnore::find(files, "/w", environment)->ignore("a.bak"));

  EXPECT_FALSE(files.exists("/w/.gitignore"));
}

TEST(GitIgnoreUpkeep, WithoutGitThereIsNone) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config", "");

  EXPECT_FALSE(GitIgnore::find(files, "/w", kNoEnvironment));
}

TEST(Track, WritesWhatDvcAddWrites) {
  os::MemoryFiles files;
  files.put("/w/.git/HEAD", "");
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kGit));
  files.put("/w/data/raw.csv", "a\nb\n");

  const auto tracked = track(files, "/w", "data/raw.csv", kNoEnvironment);

  ASSERT_TRUE(tracked) << tracked.error().message();
  EXPECT_EQ(files.read("/w/data/raw.csv.dvc").value(),
            "outs:\n- md5: dd8c6a395b5dd36c56d23275028f526c\n  size: 4\n  hash: md5\n  path: raw.csv\n");
  EXPECT_EQ(files.read("/w/data/.gitignore").value(), "/raw.csv\n");
  EXPECT_EQ(files.read("/w/.dvc/cache/files/md5/dd/8c6a395b5dd36c56d23275028f526c").value(), "a\nb\n");
}

TEST(Track, UpdatesAnExistingFile) {
  os::MemoryFiles files;
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kNone));
  files.put("/w/raw.csv", "a\nb\n");
  files.put(
      "/w/raw.csv.dvc",
      "# mine\nouts:\n- md5: 57ab5ccf406880724b364efd2d960140\n  size: 1\n  hash: md5\n  path: raw.csv\n");

  ASSERT_TRUE(track(files, "/w", "raw.csv", kNoEnvironment));

  EXPECT_EQ(
      files.read("/w/raw.csv.dvc").value(),
      "# mine\nouts:\n- md5: dd8c6a395b5dd36c56d23275028f526c\n  size: 4\n  hash: md5\n  path: raw.csv\n");
}

TEST(Track, RefusesWhatIsOutsideOrAbsent) {
  os::MemoryFiles files;
  ASSERT_TRUE(init_workspace(files, "/w", Scm::kNone));

  EXPECT_EQ(track(files, "/w", "../x", kNoEnvironment).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(track(files, "/w", "x", kNoEnvironment).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace starcast::pipeline
