#include "features/level_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace starcast::features {
namespace {

using codec::Json;

std::string error_of(const char* text, LevelTable::Kind kind) {
  const auto json = codec::parse_json(text, {.dialect = codec::JsonDialect::kPython});
  const auto table = LevelTable::from_json(*json, "counts.size", kind);
  if (table) return "no error";
  EXPECT_EQ(table.error().code(), core::ErrorCode::kCorrupt);
  return table.error().message();
}

TEST(LevelTable, GivesTheOtherValueForALevelNeverPut) {
  LevelTable table(LevelTable::Kind::kNumbers);
  table.put("a", 1.5);

  EXPECT_EQ(table.value_or("a", 4), 1.5);
  EXPECT_EQ(table.value_or("b", 4), 4);
}

TEST(LevelTable, WritesLevelsInTheirBytesOrder) {
  LevelTable table(LevelTable::Kind::kCounts);
  table.put("b", 2);
  table.put("", 3);
  table.put("a", 1);

  EXPECT_EQ(codec::to_text(table.to_json(), codec::JsonStyle::kCompact), R"({"":3,"a":1,"b":2})");
}

TEST(LevelTable, RefusesWhatIsNoObject) {
  EXPECT_EQ(error_of("[1]", LevelTable::Kind::kNumbers).rfind("counts.size: ", 0), 0U);
}

TEST(LevelTable, RefusesNumbersThatAreNotFinite) {
  EXPECT_EQ(error_of(R"({"19M":NaN})", LevelTable::Kind::kNumbers), "counts.size.19M: is no finite number");
}

TEST(LevelTable, RefusesTextsForNumbers) {
  EXPECT_EQ(error_of(R"({"19M":"4"})", LevelTable::Kind::kNumbers), "counts.size.19M: is no finite number");
}

TEST(LevelTable, RefusesCountsThatAreNone) {
  for (const char* text : {R"({"a":0})", R"({"a":-3})", R"({"a":1.5})", R"({"a":1e300})"}) {
    EXPECT_EQ(error_of(text, LevelTable::Kind::kCounts), "counts.size.a: is no count") << text;
  }
}

TEST(LevelTable, RefusesALevelThatIsThereTwice) {
  const Json twice(codec::JsonObject{{"a", 1}, {"a", 2}});

  const auto table = LevelTable::from_json(twice, "counts.size", LevelTable::Kind::kCounts);

  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message(), "counts.size.a: is there twice");
}

TEST(LevelTable, CutsLongNamesInErrors) {
  const std::string text = "{\"" + std::string(5000, 'x') + "\":null}";

  EXPECT_LT(error_of(text.c_str(), LevelTable::Kind::kNumbers).size(), 200U);
}

}  // namespace
}  // namespace starcast::features
