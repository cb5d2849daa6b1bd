#include <gtest/gtest.h>

#include <string>

#include "blob/blob_store.h"

namespace starcast::blob {
namespace {

TEST(BlobPath, TakesHonestNames) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"path", "path"},
      {"path/", "path"},
      {"path/to/file", "path/to/file"},
      {"dog%step%100%timestamp%100", "dog%step%100%timestamp%100"},
      {"dog+step+100+timestamp+100", "dog+step+100+timestamp+100"},
      {"a b", "a b"},
      {"...", "..."},
      {"a..b/..c/d..", "a..b/..c/d.."},
      {".hidden", ".hidden"},
      {"50%", "50%"},
      {"a%20b", "a%20b"},
      {"\xC3\xA9t\xC3\xA9.png", "\xC3\xA9t\xC3\xA9.png"},
      {"ab:c", "ab:c"},
      {std::string(255, 'a'), std::string(255, 'a')},
  };
  for (const auto& [text, expected] : cases) {
    const auto path = BlobPath::parse(text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(path->text(), expected);
  }
}

std::string nested(std::string text, int levels) {
  for (int i = 0; i < levels; ++i) {
    std::string outer;
    for (const char c : text) outer += c == '%' ? std::string("%25") : std::string(1, c);
    text = outer;
  }
  return text;
}

TEST(BlobPath, RefusesWhateverCouldLeadOut) {
  const std::string cases[] = {
      "/path",
      "/etc/passwd",
      "/",
      "//host/path",
      "..",
      "../path",
      "../../path",
      "./../path",
      "path/..",
      "path/../to/file",
      "../../../../../../etc/passwd",
      "file://a#/..//var",
      "file:///etc/passwd",
      "/file://etc/passwd",
      "/etc/passwd%00.jpg",
      "etc/passwd%00.jpg",
      std::string("a\0b", 3),
      "%2E%2E%2Fpath",
      "%2e%2e/path",
      "a/%2e%2e/%2e%2e/b",
      "..%2F..%2Fx",
      "..%2f..%2fx",
      "%252E%252E%252F%252E%252E%252Fvar%252Fx",
      "%2fetc/passwd",
      "%252fetc%252fpasswd",
      "C:/",
      "C:\\path",
      "c:",
      "C%3A/path",
      "\\\\server\\share",
      "\\\\?\\C:\\",
      "\\\\.\\C:\\",
      "\\\\127.0.0.1\\c$\\",
      "a%5c..%5cb",
      "a\\b",
      "a#b",
      "a%23b",
      "a//b",
      "./a",
      "a/.",
      "a/./b",
      "a\nb",
      "a\x7F",
      "\xC0\xAE\xC0\xAE\xC0\xAF",
      "%c0%ae%c0%ae%c0%af",
      "\xFF",
      std::string(256, 'a'),
      std::string(3000, 'a'),
      nested("%2E%2E/a", 1),
      nested("%2E%2E/a", 5),
      nested("a%20b", 20),
      nested("%2E%2E/a", 200),
  };
  for (const std::string& text : cases) {
    const auto path = BlobPath::parse(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().code(), core::ErrorCode::kInvalidInput);
    EXPECT_EQ(path.error().message(), "Invalid path");
  }
}

TEST(BlobPath, RefusesVeryDeepFolders) {
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += "/a";

  EXPECT_FALSE(BlobPath::parse(deep));
  EXPECT_TRUE(BlobPath::parse(deep.substr(2)));
}

TEST(BlobPath, KnowsItsLastPart) {
  EXPECT_EQ(BlobPath::parse("a/b/c.txt").value().name(), "c.txt");
  EXPECT_EQ(BlobPath::parse("c.txt").value().name(), "c.txt");
  EXPECT_EQ(BlobPath::parse("").value().name(), "");
}

TEST(BlobPath, Joins) {
  const BlobPath root = BlobPath::parse("").value();
  const BlobPath a = BlobPath::parse("a").value();
  const BlobPath b = BlobPath::parse("b/c").value();

  EXPECT_EQ(a.joined(b).text(), "a/b/c");
  EXPECT_EQ(root.joined(b).text(), "b/c");
  EXPECT_EQ(a.joined(root).text(), "a");
  EXPECT_TRUE(root.joined(root).is_root());
}

}  // namespace
}  // namespace starcast::blob
