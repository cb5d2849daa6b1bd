// The one module whose unit tests touch a disk: each in a folder of its own.
#include <gtest/gtest.h>

#include "os/file_system.h"
#include "os/path.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

class RealFiles : public testing::Test {
 protected:
  std::string at(std::string_view name) const { return folder_.at(name); }
  void put(std::string_view name, std::string_view text) {
    ASSERT_TRUE(files_.make_folders(folder_of(at(name))).has_value());
    ASSERT_TRUE(files_.write(at(name), text, {.mode = 0644, .sync = false}).has_value());
  }
  std::vector<std::string> names(std::string_view folder = "") const {
    const std::vector<FolderEntry> entries = files_.list(at(folder)).value();
    std::vector<std::string> names;
    for (const FolderEntry& entry : entries) names.push_back(entry.name);
    return names;
  }

  FileSystem& files_ = real_files();
  TemporaryFolder folder_;
};

TEST_F(RealFiles, ReadBackWhatWasWritten) {
  const std::string text(200'000, 'x');

  ASSERT_TRUE(files_.write(at("a"), text).has_value());

  EXPECT_EQ(files_.read(at("a")).value(), text);
}

TEST_F(RealFiles, GatherManySmallWrites) {
  auto file = files_.create(at("a"), {}).value();
  std::string expected;

  for (int i = 0; i < 30'000; ++i) {
    ASSERT_TRUE(file->write("12345").has_value());
    expected += "12345";
  }
  ASSERT_TRUE(file->finish().has_value());

  EXPECT_EQ(files_.read(at("a")).value(), expected);
}

TEST_F(RealFiles, KeepTheOldBytesUntilFinished) {
  put("a", "old");
  auto file = files_.create(at("a"), {}).value();
  ASSERT_TRUE(file->write("new").has_value());

  const std::string before = files_.read(at("a")).value();
  ASSERT_TRUE(file->finish().has_value());

  EXPECT_EQ(before, "old");
  EXPECT_EQ(files_.read(at("a")).value(), "new");
}

TEST_F(RealFiles, LeaveNothingOfAnUnfinishedFile) {
  {
    auto file = files_.create(at("a"), {}).value();
    ASSERT_TRUE(file->write("new").has_value());
    EXPECT_EQ(names().size(), 1U);
  }

  EXPECT_TRUE(names().empty());
}

TEST_F(RealFiles, WriteUnderTheLongestNameThereIs) {
  const std::string name(255, 'n');

  ASSERT_TRUE(files_.write(at(name), "x").has_value());

  EXPECT_EQ(names(), std::vector<std::string>{name});
}

TEST_F(RealFiles, RefuseANameThatIsTooLong) {
  const core::Result<void> written = files_.write(at(std::string(256, 'n')), "x");

  EXPECT_EQ(written.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_TRUE(names().empty());
}

TEST_F(RealFiles, ReplaceALinkInsteadOfWritingThroughIt) {
  put("target", "old");
  ASSERT_TRUE(files_.symbolic_link("target", at("link")).has_value());

  ASSERT_TRUE(files_.write(at("link"), "new").has_value());

  EXPECT_EQ(files_.read(at("target")).value(), "old");
  EXPECT_EQ(files_.link_status(at("link")).value().kind, FileKind::kFile);
}

TEST_F(RealFiles, SayWhichFileIsMissing) {
  const core::Error error = files_.open(at("absent")).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_EQ(error.message(), "cannot open " + at("absent") + ": no such file or directory");
}

TEST_F(RealFiles, RefuseToReadAFolder) {
  const core::Error error = files_.open(folder_.path()).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kInvalidInput);
  EXPECT_NE(error.message().find("it is a folder"), std::string::npos);
}

TEST_F(RealFiles, RefuseToWriteOverAFolder) {
  ASSERT_TRUE(files_.make_folders(at("f")).has_value());

  EXPECT_EQ(files_.write(at("f"), "x").error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_EQ(files_.write(at("g/"), "x").error().code(), core::ErrorCode::kInvalidInput);
}

TEST_F(RealFiles, RefuseToWriteIntoAnAbsentFolder) {
  EXPECT_EQ(files_.write(at("absent/a"), "x").error().code(), core::ErrorCode::kNotFound);
}

TEST_F(RealFiles, RefuseAPathWithANulByte) {
  EXPECT_EQ(files_.read(std::string("a\0b", 3)).error().code(), core::ErrorCode::kInvalidInput);
}

TEST_F(RealFiles, WriteToADeviceDirectly) {
  ASSERT_TRUE(files_.write("/dev/null", "x").has_value());

  EXPECT_EQ(files_.status("/dev/null").value().kind, FileKind::kOther);
}

TEST_F(RealFiles, ReportAFullDisk) {
  if (!files_.exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";

  const core::Error error = files_.write("/dev/full", "x").error();

  EXPECT_EQ(error.code(), core::ErrorCode::kExhausted);
  EXPECT_NE(error.message().find("/dev/full: no space left on device"), std::string::npos);
}

TEST_F(RealFiles, GiveTheModeAsked) {
  ASSERT_TRUE(files_.write(at("a"), "x", {.mode = 0400, .sync = false}).has_value());
  const std::uint32_t created = files_.status(at("a")).value().mode;
  ASSERT_TRUE(files_.set_mode(at("a"), 0640).has_value());

  EXPECT_EQ(created, 0400U);
  EXPECT_EQ(files_.status(at("a")).value().mode, 0640U);
}

TEST_F(RealFiles, TellStatus) {
  put("a", "12345");

  const FileStatus status = files_.status(at("a")).value();

  EXPECT_EQ(status.kind, FileKind::kFile);
  EXPECT_EQ(status.size_bytes, 5U);
  EXPECT_GT(status.modified_ns, 1'600'000'000'000'000'000);
  EXPECT_NE(status.inode, 0U);
}

TEST_F(RealFiles, ListSortedWithKinds) {
  put("b", "");
  put("a/x", "");
  ASSERT_TRUE(files_.symbolic_link("b", at("c")).has_value());

  const std::vector<FolderEntry> entries = files_.list(folder_.path()).value();

  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name + entries[1].name + entries[2].name, "abc");
  EXPECT_EQ(entries[0].kind, FileKind::kFolder);
  EXPECT_EQ(entries[1].kind, FileKind::kFile);
  EXPECT_EQ(entries[2].kind, FileKind::kLink);
}

TEST_F(RealFiles, RefuseToListAFile) {
  put("a", "");

  EXPECT_EQ(files_.list(at("a")).error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_EQ(files_.list(at("a/b")).error().code(), core::ErrorCode::kNotFound);
}

TEST_F(RealFiles, MakeAllParents) {
  ASSERT_TRUE(files_.make_folders(at("x/y/z/")).has_value());
  ASSERT_TRUE(files_.make_folders(at("x/y/z")).has_value());

  EXPECT_TRUE(files_.is_folder(at("x/y/z")));
}

TEST_F(RealFiles, MakeNoFolderOverAFile) {
  put("a", "");

  EXPECT_EQ(files_.make_folders(at("a")).error().code(), core::ErrorCode::kAlreadyExists);
  EXPECT_FALSE(files_.make_folders(at("a/b")).has_value());
}

TEST_F(RealFiles, TakeTheWorkingDirectoryForTheEmptyPath) {
  EXPECT_TRUE(files_.is_folder(""));
  EXPECT_TRUE(files_.make_folders("").has_value());
}

TEST_F(RealFiles, RenameOverAFile) {
  put("a", "new");
  put("b", "old");

  ASSERT_TRUE(files_.rename(at("a"), at("b")).has_value());

  EXPECT_EQ(names(), std::vector<std::string>{"b"});
  EXPECT_EQ(files_.read(at("b")).value(), "new");
}

TEST_F(RealFiles, RemoveAWholeFolderButNothingBehindItsLinks) {
  put("keep/a", "text");
  put("f/g/h", "");
  ASSERT_TRUE(files_.symbolic_link("../../keep", at("f/g/link")).has_value());

  ASSERT_TRUE(files_.remove(at("f")).has_value());

  EXPECT_EQ(names(), std::vector<std::string>{"keep"});
  EXPECT_EQ(files_.read(at("keep/a")).value(), "text");
}

TEST_F(RealFiles, RemoveALinkAlsoWithASlashAtItsEnd) {
  put("keep/a", "text");
  ASSERT_TRUE(files_.symbolic_link("keep", at("link")).has_value());

  ASSERT_TRUE(files_.remove(at("link/")).has_value());

  EXPECT_EQ(names(), std::vector<std::string>{"keep"});
  EXPECT_TRUE(files_.exists(at("keep/a")));
}

TEST_F(RealFiles, RemoveAnAbsentPath) {
  EXPECT_TRUE(files_.remove(at("absent/x")).has_value());
}

TEST_F(RealFiles, RefuseToRemoveTheGroundUnderfoot) {
  for (const char* path : {"", ".", "/", "//", "a/..", "./"}) {
    EXPECT_EQ(files_.remove(path).error().code(), core::ErrorCode::kInvalidInput) << path;
  }
}

TEST_F(RealFiles, CopyBytesAndMode) {
  const std::string text(300'000, 'y');
  put("a", text);

  ASSERT_TRUE(files_.copy(at("a"), at("b"), {.mode = 0444, .sync = true}).has_value());

  EXPECT_EQ(files_.read(at("b")).value(), text);
  EXPECT_EQ(files_.status(at("b")).value().mode & 0222U, 0U);
}

TEST_F(RealFiles, CopyAFileWithoutASize) {
  ASSERT_TRUE(files_.copy("/proc/self/status", at("b"), {}).has_value());

  EXPECT_GT(files_.status(at("b")).value().size_bytes, 100U);
}

TEST_F(RealFiles, RefuseToCopyAFolder) {
  EXPECT_EQ(files_.copy(folder_.path(), at("b"), {}).error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_TRUE(names().empty());
}

TEST_F(RealFiles, ShareAnInodeBetweenHardLinks) {
  put("a", "x");

  ASSERT_TRUE(files_.hard_link(at("a"), at("b")).has_value());

  EXPECT_EQ(files_.status(at("a")).value().inode, files_.status(at("b")).value().inode);
  EXPECT_EQ(files_.hard_link(at("a"), at("b")).error().code(), core::ErrorCode::kAlreadyExists);
}

TEST_F(RealFiles, ReadLinksOfAnyLength) {
  const std::string target(1000, 't');
  ASSERT_TRUE(files_.symbolic_link(target, at("link")).has_value());

  EXPECT_EQ(files_.read_link(at("link")).value(), target);
}

TEST_F(RealFiles, RefuseToReadALinkThatIsNone) {
  put("a", "");

  EXPECT_EQ(files_.read_link(at("a")).error().code(), core::ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace starcast::os
