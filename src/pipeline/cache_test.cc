#include "pipeline/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "codec/digest.h"
#include "core/testing/manual_clock.h"
#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

constexpr double kLongAfterSeconds = 1e9 + 100;  // the files' clock starts at 10^18 ns

class CacheTest : public testing::Test {
 protected:
  CacheTest() { clock_.advance(kLongAfterSeconds); }

  Cache cache() { return Cache(files_, "w", ".dvc/cache", clock_); }
  static std::string object_of(const std::string& md5) {
    return "w/.dvc/cache/files/md5/" + md5.substr(0, 2) + "/" + md5.substr(2);
  }

  os::MemoryFiles files_;
  core::ManualClock clock_;
};

TEST_F(CacheTest, AFileIsNamedByItsMd5) {
  files_.put("w/a.txt", "hello");
  Cache cache = this->cache();

  const auto found = cache.identify("a.txt");

  ASSERT_TRUE(found);
  EXPECT_EQ(found.value().md5, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(found.value().size, 5U);
  EXPECT_FALSE(found.value().isexec);
  EXPECT_FALSE(found.value().nfiles);
}

TEST_F(CacheTest, TheExecutableBitIsSeen) {
  files_.put("w/a.sh", "x");
  ASSERT_TRUE(files_.set_mode("w/a.sh", 0755));

  EXPECT_TRUE(cache().identify("a.sh").value().isexec);
}

TEST_F(CacheTest, AFolderIsNamedByItsList) {
  files_.put("w/d/sub/a.txt", "a");
  files_.put("w/d/é.txt", "b");
  const std::string list =
      "[{\"md5\": \"0cc175b9c0f1b6a831c399e269772661\", \"relpath\": \"sub/a.txt\"}, "
      "{\"md5\": \"92eb5ffee6ae2fec3ad71c777531578f\", \"relpath\": \"\\u00e9.txt\"}]";

  const auto found = cache().identify("d");

  ASSERT_TRUE(found);
  EXPECT_EQ(found.value().md5, codec::md5_hex(list) + ".dir");
  EXPECT_EQ(found.value().size, 2U);
  EXPECT_EQ(found.value().nfiles, 2U);
}

TEST_F(CacheTest, AnEmptyFolderHasTheNameThatDvcGivesIt) {
  ASSERT_TRUE(files_.make_folders("w/d/sub"));

  EXPECT_EQ(cache().identify("d").value().md5, "d751713988987e9331980363e24189ce.dir");
}

TEST_F(CacheTest, PathsSortAsTextNotByFolder) {
  files_.put("w/d/a/x", "1");
  files_.put("w/d/a-b", "2");
  Cache cache = this->cache();
  const auto found = cache.identify("d").value();
  ASSERT_TRUE(cache.store(found));

  EXPECT_THAT(files_.read(object_of(found.md5)).value(), HasSubstr("a-b\"}, {"));
}

TEST_F(CacheTest, IgnoredFilesAndOtherWorkspacesDoNotCount) {
  files_.put("w/d/a", "1");
  const std::string before = cache().identify("d").value().md5;
  files_.put("w/.dvcignore", "*.tmp\n");
  files_.put("w/d/b.tmp", "2");
  files_.put("w/d/.git/x", "3");
  files_.put("w/d/inner/.dvc/config", "");
  files_.put("w/d/inner/y", "4");

  EXPECT_EQ(cache().identify("d").value().md5, before);
}

TEST_F(CacheTest, ADvcignoreInsideATrackedFolderIsAnError) {
  files_.put("w/d/.dvcignore", "");

  EXPECT_THAT(cache().identify("d").error().message(), HasSubstr("d/.dvcignore"));
}

TEST_F(CacheTest, ALinkToNothingInAFolderIsAnError) {
  ASSERT_TRUE(files_.make_folders("w/d"));
  ASSERT_TRUE(files_.symbolic_link("nowhere", "w/d/l"));

  EXPECT_THAT(cache().identify("d").error().message(), HasSubstr("'d/l' is a link to nothing"));
}

TEST_F(CacheTest, WhatIsAbsentIsNotFound) {
  EXPECT_EQ(cache().identify("a").error().code(), ErrorCode::kNotFound);
}

TEST_F(CacheTest, ObjectsAreReadOnlyUnderTheirName) {
  files_.put("w/a.txt", "hello");
  Cache cache = this->cache();
  const auto found = cache.identify("a.txt").value();
  EXPECT_FALSE(cache.holds(found));

  ASSERT_TRUE(cache.store(found));

  EXPECT_TRUE(cache.holds(found));
  EXPECT_EQ(files_.read(object_of(found.md5)).value(), "hello");
  EXPECT_EQ(files_.status(object_of(found.md5)).value().mode, 0444U);
}

TEST_F(CacheTest, AStoredFileKeepsOnlyItsOwnersExecutableBit) {
  files_.put("w/a.sh", "x");
  ASSERT_TRUE(files_.set_mode("w/a.sh", 0755));
  Cache cache = this->cache();
  ASSERT_TRUE(cache.store(cache.identify("a.sh").value()));

  EXPECT_EQ(files_.status("w/a.sh").value().mode, 0744U);
}

TEST_F(CacheTest, AFolderWithoutOneOfItsFilesIsNotHeld) {
  files_.put("w/d/a", "1");
  files_.put("w/d/b", "2");
  Cache cache = this->cache();
  const auto found = cache.identify("d").value();
  ASSERT_TRUE(cache.store(found));
  EXPECT_TRUE(cache.holds(found));

  ASSERT_TRUE(files_.remove(object_of(codec::md5_hex("2"))));

  EXPECT_FALSE(cache.holds(found));
}

TEST_F(CacheTest, AnObjectWithAnotherModeIsTrustedOnlyAfterHashing) {
  files_.put("w/a.txt", "hello");
  Cache cache = this->cache();
  const auto found = cache.identify("a.txt").value();
  files_.put(object_of(found.md5), "broken");
  ASSERT_TRUE(files_.set_mode(object_of(found.md5), 0644));
  EXPECT_FALSE(cache.holds(found));

  ASSERT_TRUE(cache.store(found));

  EXPECT_TRUE(cache.holds(found));
  EXPECT_EQ(files_.read(object_of(found.md5)).value(), "hello");
}

TEST_F(CacheTest, ARightObjectGetsItsModeBack) {
  files_.put("w/a.txt", "hello");
  Cache cache = this->cache();
  const auto found = cache.identify("a.txt").value();
  ASSERT_TRUE(cache.store(found));
  ASSERT_TRUE(files_.set_mode(object_of(found.md5), 0644));

  EXPECT_TRUE(cache.holds(found));
  EXPECT_EQ(files_.status(object_of(found.md5)).value().mode, 0444U);
}

TEST_F(CacheTest, CheckoutBringsAFileBack) {
  files_.put("w/sub/a.sh", "x");
  ASSERT_TRUE(files_.set_mode("w/sub/a.sh", 0755));
  Cache cache = this->cache();
  const auto found = cache.identify("sub/a.sh").value();
  ASSERT_TRUE(cache.store(found));
  ASSERT_TRUE(files_.remove("w/sub"));

  ASSERT_TRUE(cache.checkout(found));

  EXPECT_EQ(files_.read("w/sub/a.sh").value(), "x");
  EXPECT_NE(files_.status("w/sub/a.sh").value().mode & 0100U, 0U);
  EXPECT_NE(files_.status("w/sub/a.sh").value().mode & 0200U, 0U);
}

TEST_F(CacheTest, CheckoutReplacesAFolderWhole) {
  files_.put("w/d/a", "1");
  files_.put("w/d/s/b", "2");
  Cache cache = this->cache();
  const auto found = cache.identify("d").value();
  ASSERT_TRUE(cache.store(found));
  files_.put("w/d/a", "changed");
  files_.put("w/d/extra", "3");
  cache.forget_recent();

  ASSERT_TRUE(cache.checkout(found));

  EXPECT_EQ(files_.read("w/d/a").value(), "1");
  EXPECT_EQ(files_.read("w/d/s/b").value(), "2");
  EXPECT_FALSE(files_.exists("w/d/extra"));
}

TEST_F(CacheTest, CheckoutOfWhatIsNotHeldChangesNothing) {
  files_.put("w/a", "mine");
  LockedPath other;
  other.path = "a";
  other.md5 = codec::md5_hex("other");

  EXPECT_EQ(cache().checkout(other).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.read("w/a").value(), "mine");
}

TEST_F(CacheTest, ADamagedFolderListIsNotFollowedOutOfTheFolder) {
  const std::string list = "[{\"md5\": \"0cc175b9c0f1b6a831c399e269772661\", \"relpath\": \"../../a\"}]";
  LockedPath folder;
  folder.path = "d";
  folder.md5 = codec::md5_hex(list) + ".dir";
  files_.put(object_of(folder.md5), list);
  ASSERT_TRUE(files_.set_mode(object_of(folder.md5), 0444));

  EXPECT_FALSE(cache().holds(folder));
}

TEST_F(CacheTest, ALaterProcessTrustsTheStat) {
  files_.put("w/a", "one");
  {
    Cache first = this->cache();
    ASSERT_TRUE(first.identify("a"));
    ASSERT_TRUE(first.save_state());
  }
  std::string text = files_.read("w/.dvc/tmp/starcast/stat").value();
  const std::string md5 = codec::md5_hex("one");
  ASSERT_THAT(text, HasSubstr(md5));
  // A mark that only a reader of the stat cache can see.
  text.replace(text.find(md5), md5.size(), std::string(32, 'f'));
  files_.put("w/.dvc/tmp/starcast/stat", text);

  EXPECT_EQ(cache().identify("a").value().md5, std::string(32, 'f'));
}

TEST_F(CacheTest, AChangedFileIsHashedAgain) {
  files_.put("w/a", "one");
  {
    Cache first = this->cache();
    ASSERT_TRUE(first.identify("a"));
    ASSERT_TRUE(first.save_state());
  }
  files_.tick();
  files_.put("w/a", "two");

  EXPECT_EQ(cache().identify("a").value().md5, codec::md5_hex("two"));
}

TEST_F(CacheTest, AFileChangedJustNowIsNotRemembered) {
  core::ManualClock now;
  now.advance(1e9 + 1);
  files_.put("w/a", "one");
  Cache first(files_, "w", ".dvc/cache", now);
  ASSERT_TRUE(first.identify("a"));
  ASSERT_TRUE(first.save_state());

  files_.put("w/a", "two");  // same size, same time

  EXPECT_FALSE(files_.exists("w/.dvc/tmp/starcast/stat"));
  EXPECT_EQ(Cache(files_, "w", ".dvc/cache", now).identify("a").value().md5, codec::md5_hex("two"));
}

TEST_F(CacheTest, FineTimeStampsNeedNoTwoSeconds) {
  core::ManualClock now;
  files_.tick(123'456'789);
  now.advance(1e9 + 0.2);
  files_.put("w/a", "one");
  Cache first(files_, "w", ".dvc/cache", now);

  ASSERT_TRUE(first.identify("a"));
  ASSERT_TRUE(first.save_state());

  EXPECT_TRUE(files_.exists("w/.dvc/tmp/starcast/stat"));
}

TEST_F(CacheTest, ACommandMakesItForgetWhatItSawJustNow) {
  core::ManualClock now;
  now.advance(1e9 + 1);
  files_.put("w/a", "one");
  Cache cache(files_, "w", ".dvc/cache", now);
  ASSERT_TRUE(cache.identify("a"));
  files_.put("w/a", "two");

  cache.forget_recent();

  EXPECT_EQ(cache.identify("a").value().md5, codec::md5_hex("two"));
}

TEST_F(CacheTest, ABrokenStatCacheCostsOnlyTime) {
  files_.put("w/a", "one");
  for (const std::string text :
       {"", "other 9\n", "starcast stat 1\nnonsense\n", "starcast stat 1\nx 1 2 3 a\n"}) {
    files_.put("w/.dvc/tmp/starcast/stat", text);
    EXPECT_EQ(cache().identify("a").value().md5, codec::md5_hex("one"));
  }
}

TEST_F(CacheTest, AFullDiskLeavesNoObject) {
  files_.put("w/a", std::string(1000, 'x'));
  Cache cache = this->cache();
  const auto found = cache.identify("a").value();
  files_.fail_writes_after(10);

  EXPECT_EQ(cache.store(found).error().code(), ErrorCode::kExhausted);
  EXPECT_FALSE(cache.holds(found));
}

}  // namespace
}  // namespace starcast::pipeline
