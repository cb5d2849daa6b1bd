#include "codec/yaml.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/yaml_schema.h"

namespace starcast::codec {
namespace {

YamlNode parsed(std::string_view text) {
  const core::Result<YamlNode> result = parse_yaml(text);
  EXPECT_TRUE(result) << text << ": " << (result ? "" : result.error().message());
  return result ? *result : YamlNode();
}

std::string json_of(std::string_view text) {
  return to_text(parsed(text).to_json(), JsonStyle::kCompact);
}

std::string error_of(std::string_view text, core::ErrorCode code = core::ErrorCode::kInvalidInput) {
  const core::Result<YamlNode> result = parse_yaml(text);
  if (result) return "no error";
  EXPECT_EQ(result.error().code(), code);
  return result.error().message();
}

// The value of a plain scalar, as compact JSON.
std::string value_of(std::string_view text) {
  const YamlNode root = parsed("a: " + std::string(text));
  const YamlNode* node = root.find("a");
  return node == nullptr ? "absent" : to_text(node->to_json(), JsonStyle::kPythonSorted);
}

TEST(YamlParser, ReadsMappingsSequencesAndScalars) {
  EXPECT_EQ(json_of("a: 1\nb:\n- x\n- y: [1, {z: null}]\nc:\n"),
            R"({"a":1,"b":["x",{"y":[1,{"z":null}]}],"c":null})");
}

TEST(YamlParser, AnEmptyDocumentIsAnEmptyMapping) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "null\n", "\xEF\xBB\xBF"})
    EXPECT_EQ(json_of(text), "{}") << text;
}

TEST(YamlParser, YesAndNoAreStrings) {
  for (const char* text :
       {"yes", "no", "on", "off", "Yes", "y", "12:30:45", "1.2.3", "0b12", "1e", "nan", "inf", "_1", ".e5"})
    EXPECT_EQ(value_of(text), fmt::format("\"{}\"", text));
}

TEST(YamlParser, ReadsIntegersOfAllBases) {
  EXPECT_EQ(value_of("0777"), "777");
  EXPECT_EQ(value_of("0o17"), "15");
  EXPECT_EQ(value_of("0x1F"), "31");
  EXPECT_EQ(value_of("-0x1f"), "-31");
  EXPECT_EQ(value_of("0b101"), "5");
  EXPECT_EQ(value_of("1_000"), "1000");
  EXPECT_EQ(value_of("+12"), "12");
  EXPECT_EQ(value_of("-0"), "0");
}

TEST(YamlParser, BigIntegersStayExact) {
  EXPECT_EQ(value_of("12345678901234567890"), "12345678901234567890");
  EXPECT_EQ(value_of("-0012345678901234567890"), "-12345678901234567890");
  EXPECT_EQ(value_of("0xFFFFFFFFFFFFFFFFFFFFFFFF"), "79228162514264337593543950335");
  EXPECT_EQ(value_of("0x3B9ACA00_0000000000000000"), "18446744073709551616000000000");
  EXPECT_EQ(value_of("9223372036854775808"), "9223372036854775808");
}

TEST(YamlParser, ReadsFloats) {
  EXPECT_EQ(value_of("1e3"), "1000.0");
  EXPECT_EQ(value_of("5."), "5.0");
  EXPECT_EQ(value_of(".5"), "0.5");
  EXPECT_EQ(value_of("-.5"), "-0.5");
  EXPECT_EQ(value_of("+1.5e-3"), "0.0015");
  EXPECT_EQ(value_of("1_0.2_5"), "10.25");
  EXPECT_EQ(value_of(".nan"), "NaN");
  EXPECT_EQ(value_of(".inf"), "Infinity");
  EXPECT_EQ(value_of("-.INF"), "-Infinity");
  EXPECT_EQ(value_of("1e400"), "Infinity");
}

TEST(YamlParser, ReadsNullsAndBools) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(value_of(text), "null");
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(value_of(text), "true");
  EXPECT_EQ(value_of("False"), "false");
}

TEST(YamlParser, DatesStayStrings) {
  EXPECT_EQ(value_of("2021-01-02"), "\"2021-01-02\"");
  EXPECT_EQ(value_of("2021-01-02 03:04:05"), "\"2021-01-02 03:04:05\"");
}

TEST(YamlParser, NumbersWithoutADigitAreStrings) {
  EXPECT_EQ(value_of("+_"), "\"+_\"");
  EXPECT_EQ(value_of("0x_"), "\"0x_\"");
  EXPECT_EQ(value_of("._"), "\"._\"");
  EXPECT_EQ(value_of("._e+5"), "\"._e+5\"");
}

TEST(YamlParser, QuotedScalarsAreStrings) {
  EXPECT_EQ(value_of("'1'"), "\"1\"");
  EXPECT_EQ(value_of("\"true\""), "\"true\"");
  EXPECT_EQ(value_of("'it''s'"), "\"it's\"");
  EXPECT_EQ(value_of("\"a\\tb\\u00e9\""), "\"a\\tb\\u00e9\"");
  EXPECT_EQ(value_of("! 1"), "\"1\"");
}

TEST(YamlParser, ReadsBlockScalars) {
  EXPECT_EQ(value_of("|\n  x\n  y\n"), R"("x\ny\n")");
  EXPECT_EQ(value_of(">-\n  x\n  y\n"), R"("x y")");
}

TEST(YamlParser, CoreTagsDecide) {
  EXPECT_EQ(value_of("!!str 1"), "\"1\"");
  EXPECT_EQ(value_of("!!float 1"), "1.0");
  EXPECT_EQ(value_of("!!int '7'"), "7");
  EXPECT_EQ(error_of("a: !!int x"), "line 1, column 4: 'x' is no !!int");
  EXPECT_EQ(error_of("a: !foo x"), "line 1, column 4: the tag !foo is not known here");
  EXPECT_EQ(error_of("a: !!set {x}"), "line 1, column 4: the tag !!set is not known here");
}

TEST(YamlParser, ExpandsAliases) {
  EXPECT_EQ(json_of("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n"),
            R"({"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]})");
}

TEST(YamlParser, AnAliasHasItsOwnPlace) {
  const YamlNode root = parsed("a: &x {b: 1}\nc: *x\n");

  EXPECT_EQ(root.find("c")->start.line, 2U);
  EXPECT_EQ(root.find("c")->find("b")->start.line, 1U);
}

TEST(YamlParser, AppliesMergeKeys) {
  EXPECT_EQ(json_of("a: &x {b: 1, c: 2}\nd:\n  e: 5\n  <<: *x\n  c: 3\n"),
            R"({"a":{"b":1,"c":2},"d":{"b":1,"c":3,"e":5}})");
  EXPECT_EQ(json_of("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y]}\n"),
            R"({"x":{"a":1,"b":1},"y":{"b":2,"c":2},"z":{"b":1,"c":2,"a":1}})");
  EXPECT_EQ(json_of("a: {'<<': 1}\n"), R"({"a":{"<<":1}})");
}

TEST(YamlParser, RefusesAMergeThatIsNoMapping) {
  EXPECT_EQ(error_of("a:\n  <<: 5\n"), "line 2, column 7: '<<' needs a mapping or a list of mappings");
}

TEST(YamlParser, MarksCountBytesAndCharacters) {
  const std::string text = "\xEF\xBB\xBF\xC3\xA9: \xF0\x9F\x91\x8D\nb:\n  c: 'x'\n";
  const YamlNode root = parsed(text);

  const YamlNode& thumb = root.members[0].second;
  EXPECT_EQ(thumb.start.line, 1U);
  EXPECT_EQ(thumb.start.column, 4U);
  EXPECT_EQ(thumb.start.offset, 7U);
  EXPECT_EQ(thumb.end.offset, 11U);
  const YamlNode* c = root.find("b")->find("c");
  EXPECT_EQ(c->start.line, 3U);
  EXPECT_EQ(c->start.column, 6U);
  EXPECT_EQ(text.substr(c->start.offset, c->end.offset - c->start.offset), "'x'");
}

TEST(YamlParser, MarksAreRightFarIntoAText) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += fmt::format("k{}: \xE2\x82\xAC\xE2\x82\xAC\r\n", i);
  const YamlNode root = parsed(text);

  for (const auto& [key, value] : root.members) {
    ASSERT_EQ(text.substr(key.start.offset, key.end.offset - key.start.offset), key.text);
    ASSERT_EQ(text.substr(value.start.offset, value.end.offset - value.start.offset), value.text);
  }
}

TEST(YamlParser, ABlockCollectionEndsWithItsLastItem) {
  const std::string text = "a:\n  b: 1\n  c: [2]\n\n# comment\nd: 3\n";
  const YamlNode root = parsed(text);
  const YamlNode* a = root.find("a");

  EXPECT_EQ(text.substr(a->start.offset, a->end.offset - a->start.offset), "b: 1\n  c: [2]");
}

TEST(YamlParser, NamesLineAndColumnOfSyntaxErrors) {
  EXPECT_EQ(error_of("a: 1\n b: 2\n"), "line 2, column 3: mapping values are not allowed in this context");
  EXPECT_EQ(error_of("a: [1, 2\nb: 3\n"),
            "line 2, column 2: did not find expected ',' or ']' (while parsing a flow sequence that begins "
            "at line 1, column 4)");
  EXPECT_EQ(error_of("a: 'x\n"),
            "line 2, column 1: found unexpected end of stream (while scanning a quoted scalar that begins at "
            "line 1, column 4)");
  EXPECT_EQ(error_of("\xC3\xA9: \x01"), "line 1, column 4: control characters are not allowed");
  EXPECT_EQ(error_of("a: 1\nb: \xFF"), "line 2, column 4: invalid UTF-8; save the file as UTF-8");
}

TEST(YamlParser, RefusesDuplicateKeys) {
  EXPECT_EQ(error_of("a: 1\nb: 2\n'a': 3\n"), "line 3, column 1: the key 'a' is there twice");
  EXPECT_EQ(error_of("{1: a, 0x1: b}"), "line 1, column 8: the key '0x1' is there twice");
  EXPECT_EQ(json_of("1: a\n'1': b\n2: c\n"), R"({"1":"b","2":"c"})");
}

TEST(YamlParser, RefusesUnknownAnchors) {
  EXPECT_EQ(error_of("a: *x\n"), "line 1, column 4: the alias *x has no anchor &x before it");
  EXPECT_EQ(error_of("a: &x [*x]\n"), "line 1, column 8: the alias *x stands inside the node that it names");
}

TEST(YamlParser, RefusesASecondDocument) {
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"),
            "line 2, column 1: a second document begins here; only one is allowed in this file");
}

TEST(YamlParser, RefusesKeysThatAreNoScalars) {
  EXPECT_EQ(error_of("? [a, b]\n: 1\n"), "line 1, column 3: a key must be a scalar, not a list or a mapping");
}

TEST(YamlParser, RefusesYaml11) {
  EXPECT_NE(error_of("%YAML 1.1\n---\na: yes\n", core::ErrorCode::kUnsupported).find("line 1"),
            std::string::npos);
  EXPECT_EQ(json_of("%YAML 1.2\n---\na: yes\n"), R"({"a":"yes"})");
}

TEST(YamlParser, LimitsTheDepth) {
  EXPECT_EQ(error_of(std::string(128, '[') + "1" + std::string(128, ']')), "no error");
  EXPECT_EQ(error_of(std::string(129, '[') + "1" + std::string(129, ']')),
            "line 1, column 130: more than 128 levels of nesting");
}

TEST(YamlParser, AliasesCountTowardsTheDepth) {
  std::string text = "a0: &a0 [1]\n";
  for (int i = 1; i < 140; ++i) text += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);

  EXPECT_NE(error_of(text).find("more than 128 levels of nesting"), std::string::npos);
}

TEST(YamlParser, RefusesABombOfAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += fmt::format("a{}: &a{} [*a{}", i, i, i - 1);
    for (int k = 0; k < 8; ++k) text += fmt::format(", *a{}", i - 1);
    text += "]\n";
  }

  EXPECT_NE(error_of(text, core::ErrorCode::kTooLarge).find("more than 100000 nodes"), std::string::npos);
}

TEST(YamlParser, RefusesHexadecimalWithTooManyDigits) {
  EXPECT_EQ(error_of("a: 0x" + std::string(5000, 'f')), "line 1, column 4: this integer has too many digits");
}

TEST(YamlNode, FindsMembersByTheirText) {
  const YamlNode root = parsed("a: 1\n2: x\n");

  EXPECT_EQ(root.find("2")->text, "x");
  EXPECT_EQ(root.find("b"), nullptr);
}

TEST(YamlNode, KeysThatAreNoStringsAreWrittenAsPythonDoes) {
  EXPECT_EQ(json_of("true: 1\n~: 2\n1.50: 3\n"), R"({"true":1,"null":2,"1.5":3})");
}

TEST(YamlSchema, KnowsTimestamps) {
  for (const char* text : {"2021-01-02", "2021-1-2 3:04:05", "2021-01-02T03:04:05.123Z",
                           "2021-01-02\t 03:04:05 +01:00", "2021-1-2t3:04:05-5"})
    EXPECT_EQ(resolved_tag(text), YamlTag::kTimestamp) << text;
  for (const char* text : {"2021-1-2", "21-01-02", "2021-01-02 03:04", "2021-01-02T", "2021-01-021",
                           "2021-01-02 03:04:05 x", "2021-01-02 03:04:05+1:2"})
    EXPECT_EQ(resolved_tag(text), YamlTag::kString) << text;
}

std::string scalar_line(std::string_view text) {
  return to_yaml(Json(JsonObject{{"k", text}}));
}

TEST(YamlWriter, QuotesWhatAReaderWouldTakeForSomethingElse) {
  for (const char* text :
       {"1",    "1.5",  ".5",    "+1",   "1e3",   "0x1f",      "0o17",       "1_000", "0777",
        "true", "null", "~",     "",     " lead", "trailing ", "2021-01-02", "=",     "<<",
        "-",    "---",  "...",   "@at",  "%pct",  "{a}",       "[x",         "&a",    "*a",
        "!t",   "|",    ">",     "a: b", "key: ", "a #b",      "# hash",     "\"q",   "`tick",
        "? x",  "+_",   "-.inf", ".NaN", "x:"})
    EXPECT_EQ(scalar_line(text), fmt::format("k: '{}'\n", text));
}

TEST(YamlWriter, LeavesPlainWhatReadsBackAsTheSameString) {
  for (const char* text : {"yes",
                           "on",
                           "12:30:45",
                           "?x",
                           "x]",
                           "a,b",
                           "a\\b",
                           "it's \"q\"",
                           "-x",
                           ":x",
                           "_",
                           "_1",
                           "a:b",
                           "a#b",
                           "${x}",
                           "nan",
                           "1.2.3",
                           "\xC3\xA9",
                           "\xF0\x9F\x91\x8D",
                           "\xC2\xA0"})
    EXPECT_EQ(scalar_line(text), fmt::format("k: {}\n", text));
}

TEST(YamlWriter, DoubleQuotesControlCharactersAndApostrophes) {
  EXPECT_EQ(scalar_line("echo 1\necho 2 > o\n"), "k: \"echo 1\\necho 2 > o\\n\"\n");
  EXPECT_EQ(scalar_line("tab\there"), "k: \"tab\\there\"\n");
  EXPECT_EQ(scalar_line("\abell"), "k: \"\\abell\"\n");
  EXPECT_EQ(scalar_line("'q"), "k: \"'q\"\n");
  EXPECT_EQ(scalar_line("\x7F"), "k: \"\\x7F\"\n");
  EXPECT_EQ(scalar_line("\xEF\xBB\xBF"), "k: \"\\uFEFF\"\n");
}

TEST(YamlWriter, EscapesTheBreaksOfYaml11) {
  EXPECT_EQ(scalar_line("a\xC2\x85\xE2\x80\xA8\xE2\x80\xA9"), "k: \"a\\N\\L\\P\"\n");
}

TEST(YamlWriter, WritesNumbersAsPythonDoes) {
  const Json value(
      JsonArray{0.1, 1e-5, 1e16, 1e100, 1e10, 1000.0, -0.0, std::numeric_limits<double>::infinity(),
                -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), -7,
                JsonBigInteger{"12345678901234567890"}, true, false});

  EXPECT_EQ(
      to_yaml(value),
      "- 0.1\n- 1e-05\n- 1e+16\n- 1e+100\n- 10000000000.0\n- 1000.0\n- -0.0\n- .inf\n- -.inf\n- .nan\n- -7\n"
      "- 12345678901234567890\n- true\n- false\n");
}

TEST(YamlWriter, WritesNullsAndEmptyCollections) {
  EXPECT_EQ(to_yaml(Json(JsonObject{{"a", nullptr}, {"b", JsonArray{}}, {"c", JsonObject{}}})),
            "a:\nb: []\nc: {}\n");
  EXPECT_EQ(to_yaml(Json(JsonObject{})), "{}\n");
  EXPECT_EQ(to_yaml(Json(JsonArray{})), "[]\n");
}

TEST(YamlWriter, DoesNotIndentSequencesUnderTheirKey) {
  const core::Result<Json> value = parse_json(R"({"deps": [{"path": "x", "size": 1}, [[2]]]})");

  ASSERT_TRUE(value);
  EXPECT_EQ(to_yaml(*value), "deps:\n- path: x\n  size: 1\n- - - 2\n");
}

TEST(YamlWriter, AWordThatWouldPassEightyColumnsBeginsALine) {
  const std::string words = "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn oooo ";
  const std::string fits = words + "12";

  EXPECT_EQ(("k: " + fits).size(), 80U);
  EXPECT_EQ(scalar_line(fits), fmt::format("k: {}\n", fits));
  EXPECT_EQ(scalar_line(fits + " tail"), fmt::format("k: {}\n  tail\n", fits));
  EXPECT_EQ(scalar_line(fits + "3 tail"), fmt::format("k: {}\n  123 tail\n", words));
  EXPECT_EQ(scalar_line(fits + "3  tail"), fmt::format("k: {}\n  123  tail\n", words));
}

TEST(YamlWriter, ALongFirstWordBeginsALine) {
  const std::string path(90, 'p');

  EXPECT_EQ(scalar_line(path), fmt::format("k: \n  {}\n", path));
}

TEST(YamlWriter, NeverBreaksAKeyThatStandsOnOneLine) {
  const std::string key = std::string(90, 'k') + " more words";

  EXPECT_EQ(to_yaml(Json(JsonObject{{key, "v"}})), fmt::format("{}: \n  v\n", key));
}

TEST(YamlWriter, NeverBreaksAfterSeveralSpaces) {
  const std::string text = std::string(60, 'a') + "  " + std::string(40, 'b');

  EXPECT_EQ(parsed(scalar_line(text)).find("k")->text, text);
}

TEST(YamlWriter, ABreakInDoubleQuotesThatIsNoSpaceKeepsItsBackslash) {
  const std::string text = std::string(90, 'z') + "\t" + "yyyy b";

  EXPECT_EQ(parsed(scalar_line(text)).find("k")->text, text);
}

TEST(YamlWriter, RootScalarsAreMarked) {
  EXPECT_EQ(to_yaml(Json("x")), "x\n...\n");
  EXPECT_EQ(to_yaml(Json("1")), "'1'\n");
  EXPECT_EQ(to_yaml(Json()), "null\n...\n");
}

TEST(YamlWriter, BrokenUtf8IsMended) {
  EXPECT_EQ(scalar_line("a\xFF"), "k: a\xEF\xBF\xBD\n");
}

// The expected texts are what dvc 3.67 with ruamel.yaml 0.19.1 wrote; 3,000 random structures agreed byte for
// byte.
TEST(YamlWriter, WritesWhatDvcWrites) {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors = {
      {R"j({"long": "word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word"})j",
       "long: word word word word word word word word word word word word word word word\n  word word word "
       "word word word word word word word word word word word word\n"},
      {R"j({"cmd": "python -m train --data data/raw/file.csv --out models/model.txt --rounds 100 && echo a  b"})j",
       "cmd: python -m train --data data/raw/file.csv --out models/model.txt --rounds \n  100 && echo a  "
       "b\n"},
      {R"j({"a": {"b": [{"c": "deeper words deeper words deeper words deeper words deeper words deeper words deeper words deeper words deeper words deeper words deeper words deeper words"}]}})j",
       "a:\n  b:\n  - c: deeper words deeper words deeper words deeper words deeper words deeper \n      "
       "words deeper words deeper words deeper words deeper words deeper words \n      deeper words\n"},
      {R"j({"q": "x: quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted "})j",
       "q: 'x: quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted\n  quoted quoted "
       "quoted quoted quoted quoted quoted quoted quoted '\n"},
      {R"j({"q": " lead quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted"})j",
       "q: ' lead quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted quoted\n  quoted "
       "quoted quoted quoted quoted quoted quoted quoted quoted'\n"},
      {R"j({"d": "tab\there double double double double double double double double double double double double double double double double double double double double double double double double double\n  two"})j",
       "d: \"tab\\there double double double double double double double double double double\n  double "
       "double double double double double double double double double double double\n  double double "
       "double\\n  two\"\n"},
      {R"j({"d": "it's: double double double double double double double double double double double double double double double double double double double double"})j",
       "d: \"it's: double double double double double double double double double double double\n  double "
       "double double double double double double double double\"\n"},
      {R"j({"e": "a\n\ud83d\udc4d"})j", "e: \"a\\n👍\"\n"},
      {R"j({"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk": 1, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk": 1})j",
       "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
       "kkkkkkkkkkkkkkkkkkkkk: \n  1\n? "
       "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
       "kkkkkkkkkkkkkkkkkkkkkk\n: 1\n"},
      {R"j({"a\nb": {"c": [1, {"d": 2}]}})j", "? \"a\\nb\"\n: c:\n  - 1\n  - d: 2\n"},
      {R"j({"": null, "l": [null, [], {}, [[]], [{}], [1, [2, [3]]]]})j",
       "'':\nl:\n- \n- []\n- {}\n- - []\n- - {}\n- - 1\n  - - 2\n    - - 3\n"},
      {R"j({"s": ["- x", "a", "\u00e9 \ud83d\udc4d", "\u00a0"]})j", "s:\n- '- x'\n- a\n- é 👍\n- \u00A0\n"},
  };
  for (const auto& [json, yaml] : vectors) {
    const core::Result<Json> value = parse_json(json);
    ASSERT_TRUE(value);

    EXPECT_EQ(to_yaml(*value), yaml);
    EXPECT_EQ(parsed(yaml).to_json(), *value);
  }
}

}  // namespace
}  // namespace starcast::codec
