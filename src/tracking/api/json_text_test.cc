#include "tracking/api/json_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "codec/json.h"

namespace starcast::tracking::api {
namespace {

TEST(JsonText, EscapesWhatJsonMustEscape) {
  std::string out;

  append_text(out, std::string_view("a\"b\\c\nd\x01\0e", 10));

  EXPECT_EQ(out, R"("a\"b\\c\nd\u0001\u0000e")");
}

TEST(JsonText, MendsBrokenUtf8) {
  std::string out;

  append_text(out, "\xC3\xA9\xFF");

  EXPECT_EQ(out, "\"\xC3\xA9\xEF\xBF\xBD\"");
}

TEST(JsonText, WritesIntegersToTheirLimits) {
  std::string out;

  append_integer(out, std::numeric_limits<std::int64_t>::min());

  EXPECT_EQ(out, "-9223372036854775808");
}

TEST(JsonText, WritesNumbersThatJsonLacksAsTexts) {
  std::string out;

  append_real(out, std::numeric_limits<double>::quiet_NaN());
  append_real(out, -std::numeric_limits<double>::infinity());
  append_real(out, 0.1);

  EXPECT_EQ(out, "\"NaN\"\"-Infinity\"0.1");
}

TEST(JsonText, WritesAnObjectThatParses) {
  std::string out;
  {
    ObjectText object(out);
    object.text("name", "x");
    object.integer("count", 3);
    append_list(object.member("list"), std::string_view("ab"),
                [](std::string& text, char c) { append_text(text, std::string_view(&c, 1)); });
  }

  EXPECT_EQ(out, R"({"name":"x","count":3,"list":["a","b"]})");
  EXPECT_TRUE(codec::parse_json(out));
}

TEST(JsonText, WritesAnEmptyObject) {
  std::string out;
  {
    ObjectText object(out);
  }

  EXPECT_EQ(out, "{}");
}

}  // namespace
}  // namespace starcast::tracking::api
