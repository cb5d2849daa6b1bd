#include "pipeline/versioning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"
#include "pipeline/remote.h"
#include "pipeline/status.h"

namespace starcast::pipeline {
namespace {

using codec::Json;
using core::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A workspace in memory, without git.
class VersioningTest : public testing::Test {
 protected:
  VersioningTest() {
    EXPECT_TRUE(init_workspace(files_, "/w", Scm::kNone));
    files_.put("/w/.dvc/config", "[core]\nno_scm = true\nremote = r\n['remote \"r\"']\nurl = /store\n");
  }

  Repository open() {
    const LockTaker free = [](const std::string&) -> core::Result<std::shared_ptr<void>> {
      return std::shared_ptr<void>(std::make_shared<int>(0));
    };
    const RepositoryWorld world{files_, environment_, core::system_clock(), free};
    auto opened = Repository::open(world, "/w");
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
    return std::move(opened).value();
  }
  void put(const std::string& path, std::string_view bytes) { files_.put("/w/" + path, bytes); }
  std::string read(const std::string& path) { return files_.read("/w/" + path).value(); }

  core::Result<AddReport> add(const std::vector<std::string>& paths) {
    Repository repository = open();
    Cache cache = repository.cache();
    return pipeline::add(repository, cache, processes_, paths);
  }
  std::string status(const std::vector<std::string>& targets = {}) {
    Repository repository = open();
    Cache cache = repository.cache();
    std::vector<std::string> frozen;
    const auto selected = repository.select(targets);
    if (!selected) return selected.error().message();
    const auto found = status_of(repository, cache, selected.value(), frozen);
    return found ? python_text(Json(found.value())) : found.error().message();
  }
  core::Result<CheckoutReport> checkout(CheckoutOptions options = {}) {
    Repository repository = open();
    Cache cache = repository.cache();
    return pipeline::checkout(repository, cache, repository.select({}).value(), options);
  }
  core::Result<void> commit(Accept accept) {
    Repository repository = open();
    Cache cache = repository.cache();
    return pipeline::commit(repository, cache, repository.select({}).value(), accept);
  }

  os::MemoryFiles files_;
  os::MapEnvironment environment_{{{"DVC_SYSTEM_CONFIG_DIR", "/none"}, {"DVC_GLOBAL_CONFIG_DIR", "/none"}}};
  os::FakeProcesses processes_{[](const os::Command&) { return os::Exit{}; }};
};

TEST_F(VersioningTest, AddWritesWhatDvcWrites) {
  put("a.txt", "hello\n");

  ASSERT_TRUE(add({"a.txt"}));

  EXPECT_EQ(read("a.txt.dvc"),
            "outs:\n- md5: b1946ac92492d2347c6235b4d2611184\n  size: 6\n  hash: md5\n  path: a.txt\n");
  EXPECT_EQ(read(".dvc/cache/files/md5/b1/946ac92492d2347c6235b4d2611184"), "hello\n");
  EXPECT_EQ(status(), "{}");
}

TEST_F(VersioningTest, AFolderIsOneOutWithAListOfItsFiles) {
  put("d/x", "1");
  put("d/sub/y", "2");

  ASSERT_TRUE(add({"d"}));

  EXPECT_THAT(read("d.dvc"), HasSubstr(".dir\n  size: 2\n  nfiles: 2\n"));
  EXPECT_EQ(status(), "{}");
}

TEST_F(VersioningTest, AddRefusesWhatOverlaps) {
  put("d/x", "1");
  put("d/y", "2");
  ASSERT_TRUE(add({"d/x"}));

  EXPECT_EQ(add({"d"}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(add({"absent"}).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(add({"d/y"}));
  EXPECT_FALSE(files_.exists("/w/d.dvc"));
}

TEST_F(VersioningTest, StatusNamesEachReason) {
  put("a", "1");
  put("b", "2");
  put("c", "3");
  ASSERT_TRUE(add({"a", "b", "c"}));
  files_.tick();
  put("a", "changed");
  ASSERT_TRUE(files_.remove("/w/b"));
  ASSERT_TRUE(files_.remove("/w/.dvc/cache/files/md5/ec"));  // of "3"

  EXPECT_EQ(status(),
            "{\"a.dvc\": [{\"changed outs\": {\"a\": \"modified\"}}], "
            "\"b.dvc\": [{\"changed outs\": {\"b\": \"deleted\"}}], "
            "\"c.dvc\": [{\"changed outs\": {\"c\": \"not in cache\"}}]}");
  EXPECT_EQ(status({"b"}), "{\"b.dvc\": [{\"changed outs\": {\"b\": \"deleted\"}}]}");
  EXPECT_THAT(status({"aa"}), HasSubstr("'aa' is no stage"));
}

TEST_F(VersioningTest, StatusOfAStageThatNeverRan) {
  put("dvc.yaml",
      "stages:\n  s:\n    cmd: cp in out\n    deps:\n    - in\n    params:\n    - k\n    outs:\n    - out\n");
  put("in", "1");
  put("params.yaml", "k: 1\n");

  EXPECT_EQ(status(),
            "{\"s\": [{\"changed deps\": {\"in\": \"modified\", \"params.yaml\": \"new\"}}, "
            "{\"changed outs\": {\"out\": \"deleted\"}}]}");
}

TEST_F(VersioningTest, CommitRecordsAStageAndAsksForForce) {
  put("dvc.yaml", "stages:\n  s:\n    cmd: cp in out\n    deps:\n    - in\n    outs:\n    - out\n");
  put("in", "1");
  put("out", "1");

  EXPECT_EQ(commit(Accept::kUnchanged).error().code(), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(commit(Accept::kAny));
  EXPECT_EQ(status(), "{}");
}

TEST_F(VersioningTest, CheckoutBringsBackAndRefusesToLose) {
  put("a", "1");
  put("d/x", "1");
  put("d/y", "2");
  ASSERT_TRUE(add({"a", "d"}));
  ASSERT_TRUE(files_.remove("/w/a"));
  ASSERT_TRUE(files_.remove("/w/d/y"));
  const CheckoutReport back = checkout().value();
  EXPECT_THAT(back.added, ElementsAre("a"));
  EXPECT_THAT(back.modified, ElementsAre("d/"));
  EXPECT_EQ(back.files_added, 2U);
  EXPECT_EQ(status(), "{}");

  files_.tick();
  put("d/new", "only here");
  EXPECT_THAT(checkout().error().message(), HasSubstr("d/new"));
  EXPECT_EQ(read("d/new"), "only here");
  ASSERT_TRUE(checkout({true, false}));
  EXPECT_FALSE(files_.exists("/w/d/new"));
}

TEST_F(VersioningTest, CheckoutLeavesWhatTheCacheLacks) {
  put("a", "1");
  ASSERT_TRUE(add({"a"}));
  ASSERT_TRUE(files_.remove("/w/.dvc/cache"));
  files_.tick();
  put("a", "2");

  EXPECT_THAT(checkout({true, false}).value().failed, ElementsAre("a"));
  EXPECT_EQ(read("a"), "2");
}

TEST_F(VersioningTest, HardLinksAreMadeWhenConfigured) {
  put(".dvc/config", "[core]\nno_scm = true\n[cache]\ntype = hardlink,copy\n");
  put("a", "1");
  ASSERT_TRUE(add({"a"}));

  const auto file = files_.status("/w/a").value();
  EXPECT_EQ(file.inode,
            files_.status("/w/.dvc/cache/files/md5/c4/ca4238a0b923820dcc509a6f75849b").value().inode);
  EXPECT_EQ(file.mode, 0444U);
}

TEST_F(VersioningTest, WhatWasPushedIsFetchedBack) {
  put("d/x", "1");
  put("d/y", "2");
  ASSERT_TRUE(add({"d"}));
  {
    Repository repository = open();
    Cache cache = repository.cache();
    LocalRemote remote = LocalRemote::find(repository, "").value();
    const auto outs = recorded_outs(repository, repository.select({}).value());
    EXPECT_EQ(remote.compare(cache, outs).value().size(), 3U);
    EXPECT_EQ(remote.push(cache, outs).value().files, 3U);
    EXPECT_EQ(remote.push(cache, outs).value().files, 0U);
    EXPECT_THAT(remote.compare(cache, outs).value(), IsEmpty());
  }
  ASSERT_TRUE(files_.remove("/w/.dvc/cache"));
  Repository repository = open();
  Cache cache = repository.cache();
  LocalRemote remote = LocalRemote::find(repository, "").value();
  const auto outs = recorded_outs(repository, repository.select({}).value());
  EXPECT_EQ(remote.compare(cache, outs).value().at(0).state, "deleted");
  EXPECT_EQ(remote.fetch(cache, outs).value().files, 3U);
  EXPECT_EQ(status(), "{}");
}

TEST_F(VersioningTest, ACorruptObjectOfARemoteIsNotFetched) {
  put("a", "1");
  ASSERT_TRUE(add({"a"}));
  ASSERT_TRUE(files_.remove("/w/.dvc/cache"));
  files_.put("/store/files/md5/c4/ca4238a0b923820dcc509a6f75849b", "spoilt");
  Repository repository = open();
  Cache cache = repository.cache();
  LocalRemote remote = LocalRemote::find(repository, "r").value();

  EXPECT_EQ(remote.fetch(cache, recorded_outs(repository, repository.select({}).value())).error().code(),
            ErrorCode::kCorrupt);
  EXPECT_FALSE(files_.exists("/w/.dvc/cache/files/md5/c4/ca4238a0b923820dcc509a6f75849b"));
  EXPECT_EQ(LocalRemote::find(repository, "other").error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(VersioningTest, GarbageIsWhatNoOutNeeds) {
  put("a", "1");
  ASSERT_TRUE(add({"a"}));
  files_.tick();
  put("a", "2");
  ASSERT_TRUE(add({"a"}));
  Repository repository = open();
  Cache cache = repository.cache();

  EXPECT_EQ(collect_garbage(repository, cache, true).value().objects, 1U);
  EXPECT_EQ(collect_garbage(repository, cache, false).value().objects, 1U);
  EXPECT_EQ(collect_garbage(repository, cache, false).value().objects, 0U);
  EXPECT_EQ(status(), "{}");
}

TEST_F(VersioningTest, RemoveEndsTracking) {
  put("a", "1");
  ASSERT_TRUE(add({"a"}));
  Repository repository = open();
  ASSERT_TRUE(remove_tracking(repository, repository.select({"a.dvc"}).value(), false));

  EXPECT_FALSE(files_.exists("/w/a.dvc"));
  EXPECT_EQ(read("a"), "1");
}

}  // namespace
}  // namespace starcast::pipeline
