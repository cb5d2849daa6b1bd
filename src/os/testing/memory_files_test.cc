#include "os/testing/memory_files.h"

#include <gtest/gtest.h>

namespace starcast::os {
namespace {

TEST(MemoryFiles, ReadsBackWhatWasPut) {
  MemoryFiles files;

  files.put("a/b.txt", "text");

  EXPECT_EQ(files.read("a/./b.txt").value(), "text");
}

TEST(MemoryFiles, RefusesAFolderThatDoesNotExist) {
  MemoryFiles files;

  EXPECT_EQ(files.write("a/b.txt", "text").error().code(), core::ErrorCode::kNotFound);
}

TEST(MemoryFiles, ShowsNothingOfAnUnfinishedFile) {
  MemoryFiles files;
  files.put("a.txt", "old");

  {
    auto file = files.create("a.txt", {}).value();
    ASSERT_TRUE(file->write("new").has_value());
  }

  EXPECT_EQ(files.read("a.txt").value(), "old");
}

TEST(MemoryFiles, FailsWritesAfterTheBytesGiven) {
  MemoryFiles files;
  files.put("a.txt", "old");
  files.fail_writes_after(4);

  ASSERT_TRUE(files.write("b.txt", "1234").has_value());
  const core::Result<void> written = files.write("a.txt", "5");

  EXPECT_EQ(written.error().code(), core::ErrorCode::kExhausted);
  EXPECT_EQ(files.read("a.txt").value(), "old");
}

TEST(MemoryFiles, GivesLaterWritesALaterTime) {
  MemoryFiles files;
  files.put("a", "");
  files.tick();
  files.put("b", "");

  EXPECT_GT(files.status("b").value().modified_ns, files.status("a").value().modified_ns);
}

TEST(MemoryFiles, ListsAFolderSorted) {
  MemoryFiles files;
  files.put("f/b", "");
  files.put("f/a/c", "");
  files.put("fa", "");

  const std::vector<FolderEntry> entries = files.list("f").value();

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].kind, FileKind::kFolder);
  EXPECT_EQ(entries[1].name, "b");
}

TEST(MemoryFiles, ListsTheWorkingFolderApartFromTheRoot) {
  MemoryFiles files;
  files.put("a", "");
  files.put("/b", "");

  EXPECT_EQ(files.list("").value().at(0).name, "a");
  EXPECT_EQ(files.list("/").value().at(0).name, "b");
}

TEST(MemoryFiles, RefusesAFolderWhereAFileShouldBe) {
  MemoryFiles files;
  files.put("a/b", "");

  EXPECT_EQ(files.read("a").error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_EQ(files.write("a", "").error().code(), core::ErrorCode::kInvalidInput);
}

TEST(MemoryFiles, RefusesAFileWhereAFolderShouldBe) {
  MemoryFiles files;
  files.put("a", "");

  EXPECT_EQ(files.make_folders("a/b").error().code(), core::ErrorCode::kAlreadyExists);
  EXPECT_EQ(files.list("a").error().code(), core::ErrorCode::kInvalidInput);
}

TEST(MemoryFiles, SharesBytesBetweenHardLinks) {
  MemoryFiles files;
  files.put("a", "text");

  ASSERT_TRUE(files.hard_link("a", "b").has_value());

  EXPECT_EQ(files.status("a").value().inode, files.status("b").value().inode);
  EXPECT_EQ(files.hard_link("a", "b").error().code(), core::ErrorCode::kAlreadyExists);
}

TEST(MemoryFiles, FollowsLinksToFilesAndFolders) {
  MemoryFiles files;
  files.put("f/a", "text");
  ASSERT_TRUE(files.symbolic_link("f", "g").has_value());
  ASSERT_TRUE(files.symbolic_link("../f/a", "f/b").has_value());

  EXPECT_EQ(files.read("g/b").value(), "text");
  EXPECT_EQ(files.link_status("g").value().kind, FileKind::kLink);
}

TEST(MemoryFiles, RemovesALinkWithoutFollowingIt) {
  MemoryFiles files;
  files.put("f/a", "text");
  ASSERT_TRUE(files.symbolic_link("f", "g").has_value());

  ASSERT_TRUE(files.remove("g").has_value());

  EXPECT_TRUE(files.exists("f/a"));
  EXPECT_FALSE(files.exists("g"));
}

TEST(MemoryFiles, EndsInACircleOfLinks) {
  MemoryFiles files;
  ASSERT_TRUE(files.symbolic_link("b", "a").has_value());
  ASSERT_TRUE(files.symbolic_link("a", "b").has_value());

  EXPECT_FALSE(files.read("a").has_value());
}

TEST(MemoryFiles, RemovesAWholeFolderAndNothingBesideIt) {
  MemoryFiles files;
  files.put("f/a/b", "");
  files.put("f-g", "");

  ASSERT_TRUE(files.remove("f").has_value());

  EXPECT_EQ(files.files(), (std::map<std::string, std::string>{{"f-g", ""}}));
}

TEST(MemoryFiles, MovesAWholeFolder) {
  MemoryFiles files;
  files.put("f/a", "1");

  ASSERT_TRUE(files.rename("f", "g").has_value());

  EXPECT_EQ(files.files(), (std::map<std::string, std::string>{{"g/a", "1"}}));
}

TEST(MemoryFiles, CopiesWithAModeOfItsOwn) {
  MemoryFiles files;
  files.put("a", "text");

  ASSERT_TRUE(files.copy("a", "b", {.mode = 0444, .sync = false}).has_value());

  EXPECT_EQ(files.read("b").value(), "text");
  EXPECT_EQ(files.status("b").value().mode, 0444U);
}

TEST(FileSystem, RefusesAFileOverTheLimit) {
  MemoryFiles files;
  files.put("a", "12345");

  const core::Result<std::string> text = files.read("a", 4);

  EXPECT_EQ(text.error().code(), core::ErrorCode::kTooLarge);
  EXPECT_NE(text.error().message().find("a is larger than the 4 bytes"), std::string::npos);
}

TEST(FileSystem, ReadsAFileOfExactlyTheLimit) {
  MemoryFiles files;
  files.put("a", "1234");

  EXPECT_EQ(files.read("a", 4).value(), "1234");
}

}  // namespace
}  // namespace starcast::os
