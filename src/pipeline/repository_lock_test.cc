#include "pipeline/repository_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using core::Result;
using testing::HasSubstr;
using testing::Not;

Result<std::shared_ptr<void>> free_lock(const std::string&) {
  return std::shared_ptr<void>();
}

class PathLocksTest : public testing::Test {
 protected:
  PathLocksTest() {
    files_.put("/proc/42/stat", "");  // a living process
    EXPECT_TRUE(files_.make_folders("/w/.dvc/tmp"));
  }
  PathLocks locks() { return PathLocks(files_, "/w/.dvc/tmp", free_lock, "starcast repro"); }
  std::string text() { return files_.read("/w/.dvc/tmp/rwlock").value(); }
  void put(const std::string& text) { files_.put("/w/.dvc/tmp/rwlock", text); }

  os::MemoryFiles files_;
};

TEST_F(PathLocksTest, HoldsPathsInDvcsForm) {
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");
  ASSERT_TRUE(locks.hold({"/w/in"}, {"/w/out"}));

  EXPECT_EQ(text(),
            "{\"read\": {\"/w/in\": [{\"cmd\": \"starcast repro\", \"pid\": 0}]}, "
            "\"write\": {\"/w/out\": {\"cmd\": \"starcast repro\", \"pid\": 0}}}");

  ASSERT_TRUE(locks.release());
  EXPECT_EQ(text(), "{\"read\": {}, \"write\": {}}");
}

TEST_F(PathLocksTest, ReleasesWhenItGoes) {
  {
    PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");
    ASSERT_TRUE(locks.hold({"/w/in"}, {"/w/out"}));
  }
  EXPECT_THAT(text(), Not(HasSubstr("/w/in")));
}

TEST_F(PathLocksTest, ALivingWriterIsInTheWay) {
  put("{\"write\": {\"/w/data\": {\"pid\": 42, \"cmd\": \"dvc repro\"}}}");
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");

  const auto checked = locks.check({"/w/data/x.csv"}, {});

  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(checked.error().message(), "'/w/data' is busy: process 42 (dvc repro) is writing it");
  EXPECT_TRUE(locks.check({"/w/data2"}, {"/w/other"}));
}

TEST_F(PathLocksTest, AReaderIsInTheWayOfAWriterOnly) {
  put("{\"read\": {\"/w/data\": [{\"pid\": 42, \"cmd\": \"dvc repro\"}]}}");
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");

  EXPECT_TRUE(locks.check({"/w/data"}, {}));
  EXPECT_THAT(locks.check({}, {"/w/data"}).error().message(), HasSubstr("reading"));
}

TEST_F(PathLocksTest, WhatADeadProcessLeftIsDropped) {
  put("{\"write\": {\"/w/data\": {\"pid\": 43, \"cmd\": \"dvc repro\"}}, \"read\": {}}");
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");

  ASSERT_TRUE(locks.hold({}, {"/w/data"}));

  EXPECT_THAT(text(), Not(HasSubstr("43")));
}

TEST_F(PathLocksTest, OtherProcessesEntriesStay) {
  put("{\"write\": {\"/w/x\": {\"pid\": 42, \"cmd\": \"dvc add\"}}}");
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");
  ASSERT_TRUE(locks.hold({"/w/in"}, {}));
  ASSERT_TRUE(locks.release());

  EXPECT_EQ(text(), "{\"read\": {}, \"write\": {\"/w/x\": {\"cmd\": \"dvc add\", \"pid\": 42}}}");
}

TEST_F(PathLocksTest, ADamagedFileIsNamed) {
  put("{");
  PathLocks locks(files_, "/w/.dvc/tmp", free_lock, "starcast repro");

  const auto checked = locks.check({"/w/a"}, {});

  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), ErrorCode::kCorrupt);
  EXPECT_THAT(checked.error().message(), HasSubstr("/w/.dvc/tmp/rwlock"));
}

}  // namespace
}  // namespace starcast::pipeline
