#include "pipeline/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::ErrorCode;
using testing::HasSubstr;

core::Result<Json> read(const std::string& name, std::string_view text) {
  os::MemoryFiles files;
  files.put(name, text);
  return read_params_file(files, name, name);
}

TEST(ReadParamsFile, ReadsYamlAndJsonBySuffix) {
  EXPECT_EQ(read("p.yaml", "a: yes\n").value().string_at("a").value(), "yes");
  EXPECT_EQ(read("p.JSON", "{\"a\": 1}").value().int_at("a").value(), 1);
  EXPECT_EQ(read("p", "a: 0x1F\n").value().int_at("a").value(), 31);
}

TEST(ReadParamsFile, AnEmptyFileHasNoParams) {
  EXPECT_TRUE(read("p.yaml", "").value().is_object());
  EXPECT_TRUE(read("p.json", "").value().is_object());
}

TEST(ReadParamsFile, OtherKindsAreNamed) {
  EXPECT_EQ(read("p.toml", "").error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(read("p.py", "").error().message(), HasSubstr("p.py"));
}

TEST(ReadParamsFile, BrokenFilesAreNamed) {
  EXPECT_THAT(read("p.yaml", "a: [").error().message(), HasSubstr("p.yaml: line "));
  EXPECT_THAT(read("p.json", "{").error().message(), HasSubstr("p.json"));
  EXPECT_THAT(read("p.yaml", "- 1\n").error().message(), HasSubstr("must be a mapping"));
}

TEST(FindParam, FollowsKeysAndIndexes) {
  const Json params = read("p.yaml", "a:\n  b: [x, {c: 2}]\n").value();

  ASSERT_NE(find_param(params, "a.b.1.c"), nullptr);
  EXPECT_EQ(*find_param(params, "a.b.1.c"), Json(2));
  EXPECT_EQ(find_param(params, "a.b.2"), nullptr);
  EXPECT_EQ(find_param(params, "a.b.x"), nullptr);
  EXPECT_EQ(find_param(params, "a.b.0.c"), nullptr);
  EXPECT_EQ(find_param(params, "z"), nullptr);
}

TEST(PythonEqual, NumbersCompareByValue) {
  EXPECT_TRUE(python_equal(1, 1.0));
  EXPECT_TRUE(python_equal(true, 1));
  EXPECT_TRUE(python_equal(0.0, false));
  EXPECT_FALSE(python_equal(1, 1.5));
  EXPECT_FALSE(python_equal(Json("1"), 1));
  EXPECT_FALSE(python_equal(1, 1e300));
}

TEST(PythonEqual, NanIsNotItself) {
  const double nan = std::numeric_limits<double>::quiet_NaN();

  EXPECT_FALSE(python_equal(nan, nan));
  EXPECT_FALSE(python_equal(nan, 1));
}

TEST(PythonEqual, MappingsCompareWithoutOrder) {
  const Json a(JsonObject{{"x", 1}, {"y", JsonArray{1, true}}});
  const Json b(JsonObject{{"y", JsonArray{1.0, 1}}, {"x", 1.0}});

  EXPECT_TRUE(python_equal(a, b));
  EXPECT_FALSE(python_equal(a, Json(JsonObject{{"x", 1}})));
  EXPECT_FALSE(python_equal(Json(JsonArray{1, 2}), Json(JsonArray{2, 1})));
}

}  // namespace
}  // namespace starcast::pipeline
