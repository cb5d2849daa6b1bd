#include "http/message.h"

#include <gtest/gtest.h>

namespace starcast::http {
namespace {

TEST(Method, ReadsBackWhatItWrites) {
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kPatch,
                              Method::kDelete, Method::kOptions}) {
    EXPECT_EQ(method_of(name_of(method)), method);
  }
}

TEST(Method, DoesNotKnowOthers) {
  EXPECT_FALSE(method_of("TRACE"));
  EXPECT_FALSE(method_of("get"));
  EXPECT_FALSE(method_of(""));
}

TEST(Headers, FindsWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "text/plain");

  EXPECT_EQ(headers.find("content-TYPE"), "text/plain");
  EXPECT_FALSE(headers.find("content-typ"));
}

TEST(Headers, SetReplacesEveryFieldOfTheName) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("a", "3");

  headers.set("A", "4");

  ASSERT_EQ(headers.all().size(), 2U);
  EXPECT_EQ(headers.find("a"), "4");
}

TEST(Headers, RemoveTakesEveryFieldOfTheName) {
  Headers headers;
  headers.add("A", "1");
  headers.add("a", "2");

  headers.remove("A");

  EXPECT_TRUE(headers.all().empty());
}

TEST(Request, FindsTheQueryFieldBeforeTheParameter) {
  Request request;
  request.query = {{"id", "from query"}};
  request.parameters = {{"id", "from path"}, {"name", "n"}};

  EXPECT_EQ(request.query_field("id"), "from query");
  EXPECT_EQ(request.query_field("name"), "n");
  EXPECT_FALSE(request.query_field("other"));
  EXPECT_EQ(request.parameter("id"), "from path");
}

TEST(Request, DiesOnAParameterThatNoPatternHas) {
  const Request request;
  EXPECT_DEATH((void)request.parameter("id"), "parameters");
}

TEST(ParseQuery, DecodesPairsInOrder) {
  EXPECT_EQ(parse_query("a=1&b=x%20y+z&a=2"), (Pairs{{"a", "1"}, {"b", "x y z"}, {"a", "2"}}));
}

TEST(ParseQuery, TakesOddForms) {
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_query("&&a&=1&b="), (Pairs{{"a", ""}, {"", "1"}, {"b", ""}}));
  EXPECT_EQ(parse_query("a=b=c"), (Pairs{{"a", "b=c"}}));
}

TEST(ParseQuery, LeavesBrokenEscapesAsTheyAre) {
  EXPECT_EQ(parse_query("a=100%&b=%zz%41"), (Pairs{{"a", "100%"}, {"b", "%zzA"}}));
}

TEST(WriteQuery, ReadsBack) {
  const Pairs pairs{{"a b", "1&2=3"}, {"c", "%+\n"}};
  EXPECT_EQ(parse_query(write_query(pairs)), pairs);
}

TEST(ReasonOf, KnowsRegisteredOnes) {
  EXPECT_EQ(reason_of(404), "Not Found");
  EXPECT_EQ(reason_of(206), "Partial Content");
  EXPECT_EQ(reason_of(299), "");
}

TEST(TextResponse, CarriesItsType) {
  const Response response = text_response(403, "no");

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "no");
  EXPECT_EQ(response.headers.find("content-type"), "text/plain; charset=utf-8");
}

}  // namespace
}  // namespace starcast::http
