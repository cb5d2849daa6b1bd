#include "codec/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/random.h"

namespace starcast::codec {
namespace {

Json parsed(std::string_view text, JsonDialect dialect = JsonDialect::kStrict) {
  const core::Result<Json> result = parse_json(text, {.dialect = dialect});
  EXPECT_TRUE(result) << text << ": " << (result ? "" : result.error().message());
  return result ? *result : Json();
}

std::string error_of(std::string_view text, JsonOptions options = {}) {
  const core::Result<Json> result = parse_json(text, options);
  if (result) return "no error";
  EXPECT_EQ(result.error().code(), core::ErrorCode::kInvalidInput);
  return result.error().message();
}

TEST(JsonParser, ReadsEveryKindOfValue) {
  const Json value = parsed(R"( {"a": [1, -2.5, "x", true, false, null], "b": {}, "c": []} )");

  Json expected;
  expected.set("a", JsonArray{1, -2.5, "x", true, false, nullptr});
  expected.set("b", JsonObject{});
  expected.set("c", JsonArray{});
  EXPECT_EQ(value, expected);
}

TEST(JsonParser, DropsAByteOrderMark) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF 1"), Json(1));
}

TEST(JsonParser, IntegersStayIntegers) {
  EXPECT_EQ(parsed("9007199254740993").as_int().value(), 9007199254740993);
  EXPECT_EQ(parsed("-9223372036854775808").as_int().value(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parsed("12345678901234567890"), Json(JsonBigInteger{"12345678901234567890"}));
  EXPECT_EQ(to_text(parsed("-12345678901234567890123"), JsonStyle::kCompact), "-12345678901234567890123");
}

TEST(JsonParser, DoublesAreTheNearest) {
  EXPECT_EQ(parsed("0.1"), Json(0.1));
  EXPECT_EQ(parsed("1E5"), Json(100000.0));
  EXPECT_EQ(parsed("1e-400"), Json(0.0));
  EXPECT_EQ(parsed("1.7976931348623157e308"), Json(std::numeric_limits<double>::max()));
}

TEST(JsonParser, KeepsTheSignOfZero) {
  EXPECT_TRUE(std::signbit(parsed("-0").as_double().value()));
  EXPECT_TRUE(std::signbit(parsed("-0.0").as_double().value()));
  EXPECT_EQ(parsed("-0", JsonDialect::kPython), Json(0));
}

TEST(JsonParser, UnescapesTexts) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")"), Json("\"\\/\b\f\n\r\t"));
  EXPECT_EQ(parsed(R"("\u00e9\u20AC\ud83d\udc4d")"), Json("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x91\x8D"));
  EXPECT_EQ(parsed(R"("\u0000")"), Json(std::string(1, '\0')));
  EXPECT_EQ(parsed("\"\xC3\xA9\""), Json("\xC3\xA9"));
}

TEST(JsonParser, PythonReadsItsOwnNumbers) {
  EXPECT_TRUE(std::isnan(parsed("NaN", JsonDialect::kPython).as_double().value()));
  EXPECT_EQ(
      parsed("[Infinity,-Infinity]", JsonDialect::kPython),
      Json(JsonArray{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(parsed("-1e400", JsonDialect::kPython), Json(-std::numeric_limits<double>::infinity()));
}

TEST(JsonParser, StrictRefusesPythonsNumbers) {
  EXPECT_EQ(error_of("[NaN]"), "line 1, column 2: expected a value, found 'N'");
  EXPECT_EQ(error_of("-Infinity"), "line 1, column 2: expected a digit, found 'I'");
  EXPECT_EQ(error_of("[1, 1e400]"), "line 1, column 5: a number beyond the range of doubles");
}

TEST(JsonParser, StrictRefusesANameThatIsThereTwice) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"a\": 2}"), "line 2, column 2: the name \"a\" is there twice");
}

TEST(Json, RefusesNamesTwiceInPythonsDialectWhenAskedTo) {
  const auto json =
      parse_json("{\"a\": NaN, \"a\": 2}", {.dialect = JsonDialect::kPython, .unique_names = true});

  ASSERT_FALSE(json);
  EXPECT_NE(json.error().message().find("\"a\" is there twice"), std::string::npos);
}

TEST(JsonParser, PythonKeepsTheLastOfEqualNamesInTheFirstPlace) {
  EXPECT_EQ(to_text(parsed(R"({"a":1,"b":2,"a":3})", JsonDialect::kPython), JsonStyle::kCompact),
            R"({"a":3,"b":2})");
}

TEST(JsonParser, FindsEqualNamesAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"name" + std::to_string(i) + "\": 0, ";

  EXPECT_EQ(parsed(text + "\"x\": 1}").as_object().value()->size(), 1001U);
  EXPECT_NE(error_of(text + "\"name5\": 1}").find("\"name5\" is there twice"), std::string::npos);
  EXPECT_NE(error_of(text + "\"name999\": 1}").find("\"name999\" is there twice"), std::string::npos);
}

TEST(JsonParser, NamesLineAndColumnOfWhatIsWrong) {
  EXPECT_EQ(error_of(""), "line 1, column 1: the text ends where a value should be");
  EXPECT_EQ(error_of("{\n  \"\xC3\xA9\": tru }"), "line 2, column 8: expected a value, found 't'");
  EXPECT_EQ(error_of("[1 2]"), "line 1, column 4: expected ',' or ']', found '2'");
  EXPECT_EQ(error_of("[1,]"), "line 1, column 4: expected a value, found ']'");
  EXPECT_EQ(error_of("{\"a\" 1}"), "line 1, column 6: expected ':', found '1'");
  EXPECT_EQ(error_of("{a: 1}"), "line 1, column 2: expected a member's name in double quotes, found 'a'");
  EXPECT_EQ(error_of("1 x"), "line 1, column 3: text after the end of the value");
  EXPECT_EQ(error_of("[\"abc"), "line 1, column 2: this text has no closing quote");
  EXPECT_EQ(error_of("\"a\nb\""),
            "line 1, column 3: the control character 0x0a inside a text; write it as an escape");
  EXPECT_EQ(error_of("\"\\x\""), "line 1, column 2: an escape that JSON does not have");
  EXPECT_EQ(error_of("\"\\u12g4\""), "line 1, column 6: expected four hexadecimal digits, found 'g'");
}

TEST(JsonParser, RefusesBrokenUnicode) {
  for (const JsonDialect dialect : {JsonDialect::kStrict, JsonDialect::kPython}) {
    const JsonOptions options{.dialect = dialect};
    EXPECT_EQ(error_of("\"ab\xFF\"", options), "line 1, column 4: invalid UTF-8");
    EXPECT_EQ(error_of("\"\xED\xA0\x80\"", options), "line 1, column 2: invalid UTF-8");
    EXPECT_EQ(error_of(R"("\ud83d")", options), "line 1, column 2: a \\u surrogate without its other half");
    EXPECT_EQ(error_of(R"("\udc4d")", options), "line 1, column 2: a \\u surrogate without its other half");
    EXPECT_EQ(error_of(R"("\ud83d\u0041")", options),
              "line 1, column 2: a \\u surrogate without its other half");
  }
}

TEST(JsonParser, RefusesMalformedNumbers) {
  for (const char* text : {"01", "-", "1.", ".5", "1e", "1e+", "+1", "0x10", "- 1", "1_000"})
    EXPECT_NE(error_of(text), "no error") << text;
}

TEST(JsonParser, LimitsTheDepth) {
  EXPECT_EQ(error_of("[[[1]]]", {.depth_max = 3}), "no error");
  EXPECT_EQ(error_of("[[[[1]]]]", {.depth_max = 3}), "line 1, column 4: more than 3 levels of nesting");
  EXPECT_NE(error_of(std::string(100000, '[')), "no error");
}

TEST(Json, FindsMembers) {
  const Json value = parsed(R"({"a": 1, "b": null})");

  ASSERT_NE(value.find("a"), nullptr);
  EXPECT_EQ(*value.find("a"), Json(1));
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Json(1).find("a"), nullptr);
}

TEST(Json, OfEqualNamesFindsTheLast) {
  EXPECT_EQ(*Json(JsonObject{{"a", 1}, {"a", 2}}).find("a"), Json(2));
}

TEST(Json, TypedAccessSaysWhatItFound) {
  EXPECT_EQ(Json("x").as_double().error().message(), "expected a number, found the text \"x\"");
  EXPECT_EQ(Json(1.5).as_int().error().message(), "expected an integer, found the number 1.5");
  EXPECT_EQ(Json(nullptr).as_string().error().message(), "expected a text, found null");
  EXPECT_EQ(Json(true).as_array().error().message(), "expected a list, found true");
  EXPECT_EQ(Json(JsonArray{}).as_object().error().message(), "expected an object, found a list");
  EXPECT_EQ(Json(JsonBigInteger{"99999999999999999999"}).as_int().error().message(),
            "expected an integer of at most 64 bits, found the integer 99999999999999999999");
}

TEST(Json, DoublesAreAlsoReadFromIntegers) {
  EXPECT_EQ(Json(3).as_double().value(), 3.0);
  EXPECT_EQ(Json(JsonBigInteger{"12345678901234567890"}).as_double().value(), 12345678901234567890.0);
  EXPECT_FALSE(Json(JsonBigInteger{std::string(400, '9')}).as_double());
}

TEST(Json, RequiredMembersAreNamedInErrors) {
  const Json value = parsed(R"({"a": 1, "s": "x", "l": [1]})");

  EXPECT_EQ(value.int_at("a").value(), 1);
  EXPECT_EQ(value.double_at("a").value(), 1.0);
  EXPECT_EQ(value.string_at("s").value(), "x");
  EXPECT_EQ(value.array_at("l").value()->size(), 1U);
  EXPECT_EQ(value.at("b").error().message(), "'b' is missing");
  EXPECT_EQ(value.string_at("a").error().message(), "a: expected a text, found the integer 1");
  EXPECT_EQ(Json(1).at("a").error().message(), "looking for 'a': expected an object, found the integer 1");
}

TEST(Json, SetReplacesAndPushAppends) {
  Json object;
  object.set("a", 1);
  object.set("b", 2);
  object.set("a", 3);
  Json array;
  array.push(1);
  array.push("x");

  EXPECT_EQ(object, Json(JsonObject{{"a", 3}, {"b", 2}}));
  EXPECT_EQ(array, Json(JsonArray{1, "x"}));
}

TEST(Json, SizesBeyondInt64BecomeBigIntegers) {
  EXPECT_EQ(Json(std::size_t{7}), Json(7));
  EXPECT_EQ(Json(std::numeric_limits<std::size_t>::max()), Json(JsonBigInteger{"18446744073709551615"}));
}

TEST(JsonWriter, CompactHasNoSpaces) {
  EXPECT_EQ(to_text(parsed(R"({"a": [1, 2.5, null], "b": {"c": true}, "d": []})"), JsonStyle::kCompact),
            R"({"a":[1,2.5,null],"b":{"c":true},"d":[]})");
}

TEST(JsonWriter, PrettyHasOneMemberALine) {
  EXPECT_EQ(to_text(parsed(R"({"a": [1, {"b": 2}], "c": {}, "d": []})"), JsonStyle::kPretty),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

TEST(JsonWriter, UnicodeStaysAndControlsAreEscaped) {
  EXPECT_EQ(to_text(Json("\xC3\xA9\xF0\x9F\x91\x8D\"\\\n\x01\x7F/"), JsonStyle::kCompact),
            "\"\xC3\xA9\xF0\x9F\x91\x8D\\\"\\\\\\n\\u0001\x7F/\"");
}

TEST(JsonWriter, BrokenUtf8IsMended) {
  EXPECT_EQ(to_text(Json("a\xFF"), JsonStyle::kCompact), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(to_text(Json("a\xFF"), JsonStyle::kPythonSorted), "\"a\\udcff\"");
}

TEST(JsonWriter, NotFiniteIsNullExceptInPython) {
  const Json value(JsonArray{std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()});

  EXPECT_EQ(to_text(value, JsonStyle::kCompact), "[null,null,null]");
  EXPECT_EQ(to_text(value, JsonStyle::kPythonSorted), "[NaN, Infinity, -Infinity]");
}

TEST(JsonWriter, AWholeDoubleStaysADouble) {
  EXPECT_EQ(to_text(Json(5.0), JsonStyle::kCompact), "5.0");
  EXPECT_EQ(to_text(Json(-0.0), JsonStyle::kCompact), "-0.0");
  EXPECT_EQ(to_text(Json(1e22), JsonStyle::kCompact), "1e+22");
  EXPECT_EQ(to_text(Json(5), JsonStyle::kCompact), "5");
}

TEST(JsonWriter, DoublesReadBackToTheSameBits) {
  core::Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::bit_cast<double>(random.next());
    if (!std::isfinite(value)) continue;
    for (const JsonStyle style : {JsonStyle::kCompact, JsonStyle::kPythonSorted}) {
      const double back = parsed(to_text(Json(value), style)).as_double().value();

      ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value));
    }
  }
}

// The expected texts are what Python 3.11's json.dumps(value, sort_keys=True) wrote for these values.
TEST(JsonWriter, PythonSortedIsWhatPythonWrites) {
  const auto python = [](std::string_view text) {
    return to_text(parsed(text, JsonDialect::kPython), JsonStyle::kPythonSorted);
  };
  EXPECT_EQ(python(R"([{"relpath":"sub/a.txt","md5":"c157"},{"relpath":"é.txt","md5":"1082"}])"),
            R"([{"md5": "c157", "relpath": "sub/a.txt"}, {"md5": "1082", "relpath": "\u00e9.txt"}])");
  EXPECT_EQ(
      python(
          R"({"b":1,"a":[1,2.0,1e-5,1e16,1e15,0.0001,-0.0,1e100,123456789012345678901234567890],"Z":null,"_":true})"),
      R"({"Z": null, "_": true, "a": [1, 2.0, 1e-05, 1e+16, 1000000000000000.0, 0.0001, -0.0, 1e+100, 123456789012345678901234567890], "b": 1})");
  EXPECT_EQ(python("{\"\xF0\x9F\x91\x8D\":1,\"\xEF\xBC\xA1\":2,\"\xC3\xA9\":3,\"z\":4,\"\":5}"),
            R"({"": 5, "z": 4, "\u00e9": 3, "\uff21": 2, "\ud83d\udc4d": 1})");
  EXPECT_EQ(python(R"("\"\\/\b\f\n\r\t\u0001\u001f\u007f\u0080\uffff ~")"),
            R"("\"\\/\b\f\n\r\t\u0001\u001f\u007f\u0080\uffff ~")");
  EXPECT_EQ(
      python(R"({"nested":{"b":{"d":[],"c":{}},"a":[[1],[]]},"deep":[{"y":1,"x":[true,false,null]}]})"),
      R"({"deep": [{"x": [true, false, null], "y": 1}], "nested": {"a": [[1], []], "b": {"c": {}, "d": []}}})");
  EXPECT_EQ(python(R"({"a.b":1,"a-b":2,"a":3,"ab":4,"A":5,"a/b":6})"),
            R"({"A": 5, "a": 3, "a-b": 2, "a.b": 1, "a/b": 6, "ab": 4})");
}

}  // namespace
}  // namespace starcast::codec
