#include "os/path.h"

#include <gtest/gtest.h>

namespace starcast::os {
namespace {

TEST(Joined, PutsOneSlashBetween) {
  EXPECT_EQ(joined("a", "b/c"), "a/b/c");
  EXPECT_EQ(joined("a/", "b"), "a/b");
  EXPECT_EQ(joined("/", "b"), "/b");
}

TEST(Joined, LetsAnAbsoluteSecondPartWin) {
  EXPECT_EQ(joined("a", "/b"), "/b");
}

TEST(Joined, LeavesOutTheWorkingDirectory) {
  EXPECT_EQ(joined("", "b"), "b");
  EXPECT_EQ(joined(".", "b"), "b");
}

TEST(Joined, KeepsTheFolderWhenNothingFollows) {
  EXPECT_EQ(joined("a/b", ""), "a/b");
}

TEST(FolderOf, IsWhatStandsBeforeTheName) {
  EXPECT_EQ(folder_of("a/b/c.txt"), "a/b");
  EXPECT_EQ(folder_of("c.txt"), "");
  EXPECT_EQ(folder_of("/c"), "/");
  EXPECT_EQ(folder_of("a//c"), "a");
  EXPECT_EQ(folder_of("/"), "/");
  EXPECT_EQ(folder_of(""), "");
}

TEST(FolderOf, IgnoresSlashesAtTheEnd) {
  EXPECT_EQ(folder_of("a/b/"), "a");
}

TEST(NameOf, IsTheLastPart) {
  EXPECT_EQ(name_of("a/b/c.txt"), "c.txt");
  EXPECT_EQ(name_of("c.txt"), "c.txt");
  EXPECT_EQ(name_of("a/b/"), "b");
  EXPECT_EQ(name_of("/"), "");
}

TEST(ExtensionOf, StartsAtTheLastDot) {
  EXPECT_EQ(extension_of("a/b/c.txt"), ".txt");
  EXPECT_EQ(extension_of("a.tar.gz"), ".gz");
}

TEST(ExtensionOf, IsEmptyForHiddenNamesAndFoldersWithDots) {
  EXPECT_EQ(extension_of(".gitignore"), "");
  EXPECT_EQ(extension_of("a.d/b"), "");
  EXPECT_EQ(extension_of(".."), "");
}

TEST(Normalized, ResolvesDotsAsText) {
  EXPECT_EQ(normalized("a/./b/../c"), "a/c");
  EXPECT_EQ(normalized("a//b/"), "a/b");
}

TEST(Normalized, KeepsLeadingParentsOfRelativePathsOnly) {
  EXPECT_EQ(normalized("../a/../.."), "../..");
  EXPECT_EQ(normalized("/../a"), "/a");
}

TEST(Normalized, CallsNothingADot) {
  EXPECT_EQ(normalized(""), ".");
  EXPECT_EQ(normalized("a/.."), ".");
  EXPECT_EQ(normalized("/a/.."), "/");
}

TEST(StaysInside, HoldsForPathsBelowTheBase) {
  EXPECT_TRUE(stays_inside("a/b"));
  EXPECT_TRUE(stays_inside("a/../b"));
  EXPECT_TRUE(stays_inside("..a"));
}

TEST(StaysInside, RefusesWhatLeavesTheBase) {
  EXPECT_FALSE(stays_inside("../a"));
  EXPECT_FALSE(stays_inside("a/../../b"));
  EXPECT_FALSE(stays_inside("/a"));
}

TEST(StaysInside, RefusesTheBaseItself) {
  EXPECT_FALSE(stays_inside(""));
  EXPECT_FALSE(stays_inside("a/.."));
}

TEST(StaysInside, RefusesANulByte) {
  EXPECT_FALSE(stays_inside(std::string_view("a\0b", 3)));
}

TEST(RelativeTo, ClimbsToTheCommonFolder) {
  EXPECT_EQ(relative_to("a/b", "a/c"), "../b");
  EXPECT_EQ(relative_to("/x/a/b", "/x"), "a/b");
  EXPECT_EQ(relative_to("/x", "/x/a/b"), "../..");
}

TEST(RelativeTo, CallsTheBaseADot) {
  EXPECT_EQ(relative_to("a/b", "a/./b"), ".");
}

TEST(RelativeTo, StaysThePathWhereTextCannotTell) {
  EXPECT_EQ(relative_to("/a", "b"), "/a");
  EXPECT_EQ(relative_to("a", "../b"), "a");
}

TEST(RelativeTo, SharesLeadingParents) {
  EXPECT_EQ(relative_to("../a", "../b"), "../a");
}

}  // namespace
}  // namespace starcast::os
