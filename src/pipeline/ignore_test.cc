#include "pipeline/ignore.h"

#include <gtest/gtest.h>

namespace starcast::pipeline {
namespace {

TEST(GlobMatches, StarsStopAtSlashes) {
  EXPECT_TRUE(glob_matches("*.txt", "a.txt"));
  EXPECT_FALSE(glob_matches("*.txt", "a/b.txt"));
  EXPECT_TRUE(glob_matches("a*c*e", "abcde"));
  EXPECT_FALSE(glob_matches("a?c", "a/c"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("a", "ab"));
}

TEST(GlobMatches, DoubleStarsPassSlashes) {
  EXPECT_TRUE(glob_matches("**/x", "x"));
  EXPECT_TRUE(glob_matches("**/x", "a/b/x"));
  EXPECT_TRUE(glob_matches("a/**/b", "a/b"));
  EXPECT_TRUE(glob_matches("a/**/b", "a/x/y/b"));
  EXPECT_TRUE(glob_matches("a/**", "a/x/y"));
  EXPECT_FALSE(glob_matches("a/**", "a"));
  EXPECT_TRUE(glob_matches("**/*.c", "a/b/x.c"));
}

TEST(GlobMatches, SetsAndEscapes) {
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("[!a-c]x", "bx"));
  EXPECT_TRUE(glob_matches("[]]", "]"));
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "a"));
  EXPECT_TRUE(glob_matches("[ab", "[ab"));
}

TEST(IgnorePatterns, LaterLinesWin) {
  IgnorePatterns patterns;
  patterns.add("*.log\n!keep.log\n# comment\n\n", "");

  EXPECT_TRUE(patterns.ignores("a/x.log", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("a/keep.log", PathKind::kFile));
}

TEST(IgnorePatterns, ASlashAnchors) {
  IgnorePatterns patterns;
  patterns.add("/top.txt\nsub/x\n", "");

  EXPECT_TRUE(patterns.ignores("top.txt", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("a/top.txt", PathKind::kFile));
  EXPECT_TRUE(patterns.ignores("sub/x", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("a/sub/x", PathKind::kFile));
}

TEST(IgnorePatterns, NothingBelowAnIgnoredFolderComesBack) {
  IgnorePatterns patterns;
  patterns.add("build/\n!build/keep\n", "");

  EXPECT_TRUE(patterns.ignores("build/keep", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("build", PathKind::kFile));
  EXPECT_TRUE(patterns.ignores("build", PathKind::kFolder));
}

TEST(IgnorePatterns, AFileOfASubfolderAppliesBelowIt) {
  IgnorePatterns patterns;
  patterns.add("*.tmp\n", "");
  patterns.add("!a.tmp\n/b\n", "sub");

  EXPECT_FALSE(patterns.ignores("sub/a.tmp", PathKind::kFile));
  EXPECT_TRUE(patterns.ignores("a.tmp", PathKind::kFile));
  EXPECT_TRUE(patterns.ignores("sub/b", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("b", PathKind::kFile));
}

TEST(EscapedForIgnore, EscapesThePatternLanguage) {
  EXPECT_EQ(escaped_for_ignore("a[1]*?#!\\"), "a\\[1\\]\\*\\?\\#\\!\\\\");
}

TEST(EscapedForIgnore, MatchesTheNameAgain) {
  IgnorePatterns patterns;
  patterns.add(escaped_for_ignore("[ü]*.txt"), "");

  EXPECT_TRUE(patterns.ignores("[ü]*.txt", PathKind::kFile));
  EXPECT_FALSE(patterns.ignores("ü.txt", PathKind::kFile));
}

}  // namespace
}  // namespace starcast::pipeline
