#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/strings.h"
#include "serve/service.h"
#include "serve/testing/scoring_fixture.h"

namespace starcast::serve {
namespace {

using http::Response;
using testing::HasSubstr;

class Invocations : public testing::Test {
 protected:
  Invocations() {
    if (fixture_.routes().find(http::Method::kPost, "/invocations").route == nullptr)
      add_invocation_routes(fixture_.routes(), fixture_.service());
  }

  ScoringFixture fixture_;
};

TEST_F(Invocations, AnswersTheFirstModel) {
  const Response response = fixture_.post("/invocations", R"({"dataframe_records": [{"App": "Alpha"}]})");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  EXPECT_FALSE(response.headers.find("Deprecation"));
  EXPECT_THAT(response.body, HasSubstr(R"("rating": 3.95)"));
}

TEST_F(Invocations, AnswersAModelByName) {
  const Response response = fixture_.post(
      "/invocations/forest", R"({"dataframe_split": {"columns": ["x", "y"], "data": [[2, 1]]}})");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"predictions": [20.0]})");
}

TEST_F(Invocations, SaysWhenTheFormIsOld) {
  const Response response = fixture_.post("/invocations", R"({"columns": ["App"], "data": [["Alpha"]]})");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Deprecation"), "true");
}

TEST_F(Invocations, AnswersErrorsAsMlflowDoes) {
  const Response response = fixture_.post("/invocations", "[1]");

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json_of(response).string_at("error_code").value(), "BAD_REQUEST");
}

TEST_F(Invocations, AnswersOtherContentTypesInPlainText) {
  const Response response = fixture_.call(http::Method::kPost, "/invocations", "{}", "text/plain");

  EXPECT_EQ(response.status, 415);
  EXPECT_THAT(std::string(*response.headers.find("Content-Type")), HasSubstr("text/plain"));
}

TEST_F(Invocations, KnowsNoOtherModel) {
  EXPECT_EQ(fixture_.post("/invocations/nobody", "{}").status, 404);
}

TEST_F(Invocations, AsksToComeBackWhereNoVersionAnswers) {
  const Response response = fixture_.post("/invocations/absent", "{}");

  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.find("Retry-After"));
}

TEST_F(Invocations, RefusesEmptyFramesOfAForest) {
  EXPECT_EQ(
      fixture_.post("/invocations/forest", R"({"dataframe_split": {"columns": ["x", "y"], "data": []}})")
          .status,
      400);
}

TEST_F(Invocations, IsAlive) {
  for (const char* const path : {"/ping", "/health"}) {
    const Response response = fixture_.get(path);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "\n");
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  }
}

TEST_F(Invocations, SaysItsVersion) {
  EXPECT_EQ(fixture_.get("/version").body, "1.2.3");
}

TEST_F(Invocations, SayWhyNoVersionAnswers) {
  const Response response = fixture_.post("/invocations/absent", "{}");

  EXPECT_THAT(response.body, HasSubstr("'absent'"));
  EXPECT_THAT(response.body, HasSubstr("no such model"));
}

TEST(InvocationsWithAShadow, AreAnsweredByTheVersionAndCompared) {
  FakeSource source;
  source.put("m", 1);
  source.put("next", 1.5);
  core::ManualClock clock;
  core::NullLog log;
  Slots slots(source, clock, log);
  SlotRequest request;
  request.name = "m";
  request.uri = "m";
  request.shadow = "next";
  ASSERT_TRUE(slots.add(request));
  ASSERT_TRUE(slots.load("m"));
  ScoringMetrics metrics(slots);
  http::RouteTable routes;
  add_invocation_routes(routes, Service{slots, metrics, clock, ServiceOptions()});
  http::Request body;
  body.method = http::Method::kPost;
  body.path = "/invocations";
  body.headers.add("Content-Type", "application/json");
  body.body = R"({"dataframe_records": [{"a": 1, "b": 2}, {"a": 0, "b": 0}]})";
  const core::Result<Response> response = routes.find(body.method, body.path).route->handler(body);

  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, R"({"predictions": [4.0, 1.0]})");
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("starcast_shadow_rows_total{slot=\"m\",version=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("starcast_shadow_difference_sum{slot=\"m\",version=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("starcast_shadow_difference_max{slot=\"m\",version=\"1\"} 0.5\n"));
}

TEST_F(Invocations, AreCounted) {
  fixture_.post("/invocations", R"({"dataframe_records": [{"App": "Alpha"}, {"App": "Beta"}]})");

  EXPECT_THAT(fixture_.metrics().text(), HasSubstr("mlflow"));
}

}  // namespace
}  // namespace starcast::serve
