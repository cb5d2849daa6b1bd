#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::report {
namespace {

using ::testing::HasSubstr;

TEST(Escaped, LeavesNoMarkup) {
  EXPECT_EQ(escaped("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
}

TEST(Escaped, MendsBrokenTextAndControlCharacters) {
  EXPECT_EQ(escaped(std::string("a\0b\nc", 5)), "a b c");
  EXPECT_EQ(escaped("a\xFF"), "a\xEF\xBF\xBD");
}

TEST(Escaped, KeepsEmoji) {
  EXPECT_EQ(escaped("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(Isolated, CutsVeryLongNames) {
  const std::string html = isolated(std::string(10000, 'x'));

  EXPECT_LT(html.size(), 200U);
  EXPECT_TRUE(html.ends_with("x&hellip;</bdi>"));
}

TEST(Isolated, MayBreakAfterAnUnderscore) {
  EXPECT_EQ(isolated("A_B"), "<bdi>A_<wbr>B</bdi>");
}

TEST(NumberHtml, HasARealMinus) {
  EXPECT_EQ(number_html("-0.04"), "&minus;0.04");
}

TEST(Table, HasACaptionAndRowHeaders) {
  Table table("Errors & more", {{"Who", CellKind::kText}, {"MAE"}});
  table.add_row({"mean", "0.380"});

  const std::string html = table.html();

  EXPECT_THAT(html, HasSubstr("<caption>Errors &amp; more</caption>"));
  EXPECT_THAT(html, HasSubstr("<tr><th scope=\"row\">mean</th><td class=\"n\">0.380</td></tr>"));
}

TEST(ShareBar, StaysInsideItsCell) {
  EXPECT_THAT(share_bar(7, "700 %"), HasSubstr("width:100.0%"));
  EXPECT_THAT(share_bar(-1, ""), HasSubstr("width:0.0%"));
}

}  // namespace
}  // namespace starcast::report
