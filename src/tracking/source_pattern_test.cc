#include "tracking/source_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace starcast::tracking {
namespace {

using testing::HasSubstr;

bool takes(std::string_view pattern, std::string_view source) {
  return SourcePattern::parse(pattern).value().takes(source);
}

std::string refusal_of(std::string_view pattern) {
  const core::Result<SourcePattern> parsed = SourcePattern::parse(pattern);
  return parsed ? "" : parsed.error().message();
}

TEST(SourcePattern, NoneTakesEverySource) {
  EXPECT_TRUE(SourcePattern().takes("s3://bucket/x"));
  EXPECT_TRUE(takes("", ""));
}

TEST(SourcePattern, TakesASourceThatHoldsAMatch) {
  EXPECT_TRUE(takes("bucket", "s3://bucket/x"));
  EXPECT_FALSE(takes("bucket", "s3://other/x"));
}

TEST(SourcePattern, AnchorsAreTheEndsOfTheSource) {
  EXPECT_TRUE(takes("^(s3|gs)://models/", "s3://models/x"));
  EXPECT_FALSE(takes("^s3://models/", "http://h/?s3://models/"));
  EXPECT_FALSE(takes("^s3://models/", "http://h/\ns3://models/"));
  EXPECT_FALSE(takes("/x$", "s3://models/x/y"));
}

TEST(SourcePattern, KnowsClassesGroupsCountsAndLookahead) {
  EXPECT_TRUE(takes("^mlflow-artifacts:/\\d+/(?:models/)?[\\w-]{3,40}/artifacts$",
                    "mlflow-artifacts:/1/models/m-12/artifacts"));
  EXPECT_FALSE(takes("^(?!file:)", "file:/x"));
  EXPECT_TRUE(takes("^(?!file:)", "s3://b"));
}

// A backtracking search of this would outlast the test by ages.
TEST(SourcePattern, SearchesInPolynomialTime) {
  EXPECT_FALSE(takes("^(a+)+$", std::string(2000, 'a') + "b"));
  EXPECT_FALSE(takes("^(a|a)*(a|aa)*$", std::string(2000, 'a') + "b"));
}

TEST(SourcePattern, RefusesWhatIsNoExpression) {
  for (const std::string_view pattern : {"(", "[a", "a{2", "*", "(?P<x>a)", "(?i)a", "(?<=a)b", "\\"}) {
    EXPECT_THAT(refusal_of(pattern), HasSubstr("is no regular expression")) << pattern;
  }
}

TEST(SourcePattern, RefusesBackReferences) {
  EXPECT_NE(refusal_of("(a)\\1"), "");
}

TEST(SourcePattern, RefusesLettersThatOnlyPythonEscapes) {
  EXPECT_THAT(refusal_of("\\As3://x\\Z"), HasSubstr("say ^ and $"));
  EXPECT_EQ(refusal_of("\\\\A"), "");
}

}  // namespace
}  // namespace starcast::tracking
