#include "sql/like.h"

#include <gtest/gtest.h>

#include <string>

namespace starcast::sql {
namespace {

struct Case {
  std::string pattern;
  std::string text;
  bool matches;
};

TEST(Like, MatchesAsSqlSays) {
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"%", "", true},
      {"%", "abc", true},
      {"a%", "abc", true},
      {"a%", "bac", false},
      {"%c", "abc", true},
      {"%c", "abcd", false},
      {"%b%", "abc", true},
      {"%x%", "abc", false},
      {"a_c", "abc", true},
      {"a_c", "ac", false},
      {"_", "", false},
      {"_", "\xC3\xA9", true},
      {"__", "\xC3\xA9", false},
      {"%_", "\xC3\xA9", true},
      {"%_b",
       "\xC3\xA9"
       "b",
       true},
      {"abc", "abcd", false},
      {"A%", "abc", false},
      {"a%a", "a", false},
      {"a%a", "aa", true},
      {"%ab%ab", "ab", false},
      {"%ab%ab", "abab", true},
      {"a%b%c", "a-b-b-c", true},
      {"%_c%", "abcd", true},
      {"%a_c_e%", "xxabcdexx", true},
      {"ab%ba", "aba", false},
      {"%%", "", true},
      {"%aab", "aaaab", true},
      {"a\\%", "a\\b", true},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(like(one.pattern, one.text), one.matches) << one.pattern << " on " << one.text;
  }
}

TEST(Like, LooksAtNulBytesAsAtAnyOther) {
  EXPECT_TRUE(like(std::string_view("a\0%", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(like("a", std::string_view("a\0b", 3)));
}

TEST(Like, WithoutCaseFoldsAsciiOnly) {
  EXPECT_TRUE(like_without_case("%RESNET%", "my ResNet-50"));
  EXPECT_FALSE(like_without_case("\xC3\x89%", "\xC3\xA9t\xC3\xA9"));
}

// The built-in LIKE needs years for this.
TEST(Like, IsNotSlowOnManyPercentSigns) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "%a";
  const std::string text(8000, 'a');

  EXPECT_FALSE(like(pattern + "%b", text));
  EXPECT_TRUE(like(pattern, text));
}

TEST(Like, IsNotSlowOnLongParts) {
  const std::string part = std::string(4000, 'a') + "b";
  const std::string text(1 << 20, 'a');

  EXPECT_FALSE(like("%" + part + "%", text));
}

}  // namespace
}  // namespace starcast::sql
