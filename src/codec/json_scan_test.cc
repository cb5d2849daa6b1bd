#include "codec/json_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "codec/json.h"
#include "codec/number.h"

namespace starcast::codec {
namespace {

std::optional<double> number_in(std::string_view text) {
  JsonScanner scanner(text);
  ScannedNumber number;
  if (!scanner.number(number) || !scanner.end()) return std::nullopt;
  return number.value;
}

std::optional<std::string> text_in(std::string_view text) {
  JsonScanner scanner(text);
  std::string_view read;
  if (!scanner.text(read) || !scanner.end()) return std::nullopt;
  return std::string(read);
}

bool skips(std::string_view text) {
  JsonScanner scanner(text);
  return scanner.skip() && scanner.end();
}

TEST(JsonScanner, ReadsNumbersToTheNearestDouble) {
  for (const char* const text :
       {"0", "-0.0", "1", "-17", "0.1", "3.14", "1e22", "1e23", "123456789.123456789",
        "2.2250738585072014e-308", "4.9406564584124654e-324", "1.7976931348623157e308", "0.30000000000000004",
        "9007199254740992", "8.5e-5", "1E+2", "0.000000000000000000000000000001", "12345678901234567890.5"}) {
    const std::optional<double> read = number_in(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*read), std::bit_cast<std::uint64_t>(*parse_double(text))) << text;
  }
}

TEST(JsonScanner, ReadsPythonsNanAndInfinity) {
  EXPECT_TRUE(std::isnan(*number_in("NaN")));
  EXPECT_EQ(number_in("-Infinity"), -std::numeric_limits<double>::infinity());
}

TEST(JsonScanner, RefusesWhatIsNoNumber) {
  for (const char* const text :
       {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "0x10", "1.5.2", "Nan", "-NaN"})
    EXPECT_FALSE(number_in(text)) << text;
}

TEST(JsonScanner, LeavesIntegersThatNoDoubleHoldsToTheParser) {
  EXPECT_FALSE(number_in("9007199254740993"));
  EXPECT_FALSE(number_in("18446744073709551616"));
  EXPECT_FALSE(number_in("100000000000000000000000000000000000001"));
  EXPECT_TRUE(number_in("9007199254740994"));
}

TEST(JsonScanner, TellsIntegersFromFloats) {
  ScannedNumber number;
  JsonScanner whole("17");
  ASSERT_TRUE(whole.number(number));
  EXPECT_TRUE(number.is_integer);
  JsonScanner decimal("17.0");
  ASSERT_TRUE(decimal.number(number));
  EXPECT_FALSE(number.is_integer);
}

TEST(JsonScanner, ReadsTextsWithEscapes) {
  EXPECT_EQ(text_in(R"("a\n\u00e9\ud83d\ude00\"z")"), "a\n\u00e9\U0001F600\"z");
}

TEST(JsonScanner, RefusesBrokenTexts) {
  for (const char* const text : {"\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
                                 "\"\x01\"", "\"\xff\"", "\"\\ud800\\u0041\"", "\"\\u-123\""})
    EXPECT_FALSE(text_in(text)) << text;
}

TEST(JsonScanner, WalksObjectsAndArrays) {
  JsonScanner scanner(R"( {"a" : [1, 2] , "b": null} )");
  bool more = false;
  std::string_view name;
  ScannedNumber number;
  ASSERT_TRUE(scanner.open_object());
  ASSERT_TRUE(scanner.next_member(more, name) && more);
  EXPECT_EQ(name, "a");
  ASSERT_TRUE(scanner.open_array());
  ASSERT_TRUE(scanner.next_item(more) && more);
  ASSERT_TRUE(scanner.number(number));
  ASSERT_TRUE(scanner.next_item(more) && more);
  ASSERT_TRUE(scanner.number(number));
  EXPECT_EQ(number.value, 2);
  ASSERT_TRUE(scanner.next_item(more));
  EXPECT_FALSE(more);
  ASSERT_TRUE(scanner.next_member(more, name) && more);
  EXPECT_EQ(scanner.peek(), JsonScanner::Kind::kNull);
  ASSERT_TRUE(scanner.null());
  ASSERT_TRUE(scanner.next_member(more, name));
  EXPECT_FALSE(more);
  EXPECT_TRUE(scanner.end());
}

TEST(JsonScanner, SkipsValuesThatTheParserTakesToo) {
  for (const char* const text : {"1", "\"x\"", "[1, [true, null], \"a\"]", "false", "[]"}) {
    EXPECT_TRUE(skips(text)) << text;
    EXPECT_TRUE(parse_json(text)) << text;
  }
}

TEST(JsonScanner, RefusesCommasAtTheEnd) {
  for (const char* const text : {"[1,]", "[,1]", "[1 2]", "[", "[1", "]"}) EXPECT_FALSE(skips(text)) << text;
  JsonScanner scanner("{,}");
  bool more = false;
  std::string_view name;
  ASSERT_TRUE(scanner.open_object());
  EXPECT_FALSE(scanner.next_member(more, name));
}

TEST(JsonScanner, RefusesDeepNesting) {
  EXPECT_FALSE(skips(std::string(100, '[') + std::string(100, ']')));
}

}  // namespace
}  // namespace starcast::codec
