#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "serve/testing/scoring_fixture.h"

namespace starcast::serve {
namespace {

using codec::Json;
using http::Method;
using http::Response;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class PredictionsTest : public testing::Test {
 protected:
  Response upload(const std::string& query, std::string body, std::string_view content_type = "text/csv",
                  const http::Pairs& headers = {}) {
    return fixture_.call(Method::kPost, "/v1/predict/csv" + query, std::move(body), content_type, headers);
  }

  ScoringFixture fixture_{};
};

TEST_F(PredictionsTest, AnswersOneListing) {
  const Json json = json_of(fixture_.post(
      "/v1/predict?level=0.5", R"({"App":"Alpha","Reviews":5000,"Size":"19M","Installs":"10,000+"})"));

  EXPECT_EQ(json.string_at("app").value(), "Alpha");
  EXPECT_NEAR(json.double_at("rating").value(), 4.3, 1e-9);
  EXPECT_EQ(json.find("interval")->double_at("level").value(), 0.5);
  EXPECT_EQ(json.string_at("answered_as").value(), "launched");
  EXPECT_EQ(json.find("model")->string_at("name").value(), "rating");
  EXPECT_NE(json.find("trained_on")->find("apps"), nullptr);
  EXPECT_EQ(json.find("reasons"), nullptr);
}

TEST_F(PredictionsTest, AnswersAnEmptyListing) {
  EXPECT_EQ(fixture_.post("/v1/predict", "{}").status, 200);
}

TEST_F(PredictionsTest, AnswersListsInTheirOrder) {
  const Json wrapped = json_of(fixture_.post("/v1/predict", R"({"listings":[{"App":"A"},{"App":"B"}]})"));
  const Json bare = json_of(fixture_.post("/v1/predict", R"([{"App":"A"},{"App":"B"}])"));

  EXPECT_EQ(wrapped, bare);
  ASSERT_EQ(bare.array_at("predictions").value()->size(), 2U);
  EXPECT_EQ((*bare.array_at("predictions").value())[1].string_at("app").value(), "B");
}

TEST_F(PredictionsTest, NamesUnknownFieldsInAWarning) {
  const Response response = fixture_.post("/v1/predict", R"({"App":"A","content_rating":"Teen"})");

  EXPECT_THAT(response.body,
              HasSubstr("unknown field 'content_rating' was left out; is 'Content Rating' meant?"));
}

TEST_F(PredictionsTest, SaysWhatItMadeOfACell) {
  EXPECT_THAT(fixture_.post("/v1/predict", R"({"Reviews":"3.0M"})").body, HasSubstr("read as 3000000"));
}

TEST_F(PredictionsTest, GivesReasonsThatAddUp) {
  const Json json = json_of(fixture_.post("/v1/explain?model=forest", R"({"x":2,"y":0})"));

  double sum = json.double_at("base").value() + json.find("comparable")->double_at("share").value();
  for (const Json& reason : *json.array_at("reasons").value()) sum += reason.double_at("share").value();
  EXPECT_NEAR(sum, json.double_at("unclipped").value(), 1e-9);
  EXPECT_EQ(json.double_at("value").value(), 20);
  EXPECT_THAT((*json.array_at("reasons").value())[0].string_at("text").value(),
              StartsWith("x (2) raises it by"));
}

TEST_F(PredictionsTest, GivesReasonsWithPredictionsWhenAsked) {
  EXPECT_THAT(fixture_.post("/v1/predict?reasons=true", "{}").body, HasSubstr("\"comparable\""));
}

TEST_F(PredictionsTest, TriesChanges) {
  const Response response = fixture_.post(
      "/v1/whatif", R"({"listing":{"App":"Alpha","Reviews":10},"target":4.9,"names":["Beta"]})");

  EXPECT_EQ(response.status, 200) << response.body;
  const Json json = json_of(response);
  EXPECT_EQ(json.array_at("names").value()->size(), 1U);
  EXPECT_EQ(json.find("target")->double_at("rating").value(), 4.9);
}

TEST_F(PredictionsTest, AForestHasNoChangesToTry) {
  EXPECT_EQ(fixture_.post("/v1/whatif?model=forest", R"({"x":1})").status, 400);
}

struct Wrong {
  const char* target;
  const char* body;
  int status;
  const char* says;
};

class WrongPrediction : public PredictionsTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongPrediction, IsRefusedByName) {
  const Response response = fixture_.post(GetParam().target, GetParam().body);

  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_THAT(response.body, StartsWith(R"({"error":{"code":")"));
  EXPECT_THAT(response.body, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Requests, WrongPrediction,
    testing::Values(Wrong{"/v1/predict", "{", 400, "line 1"}, Wrong{"/v1/predict", "7", 400, "object"},
                    Wrong{"/v1/predict", R"({"Size":NaN})", 400, "line 1"},
                    Wrong{"/v1/predict", R"({"Size":1,"Size":2})", 400, "Size"},
                    Wrong{"/v1/predict", R"([{"App":"A"},7])", 400, R"("row":1)"},
                    Wrong{"/v1/predict", R"({"Size":["19M"]})", 400, R"("field":"Size")"},
                    Wrong{"/v1/predict", R"({"Size":true})", 400, R"("field":"Size")"},
                    Wrong{"/v1/predict", R"({"listings":[],"level":1})", 400, "beside 'listings'"},
                    Wrong{"/v1/predict", R"({"listings":{}})", 400, "listings: "},
                    Wrong{"/v1/whatif", R"({"listing":null})", 400, "listing: "},
                    Wrong{"/v1/predict?model=forest", R"({"x":"many"})", 400, R"("field":"x")"},
                    Wrong{"/v1/predict?level=0.7", "{}", 400, R"("field":"level")"},
                    Wrong{"/v1/predict?level=high", "{}", 400, "not a number"},
                    Wrong{"/v1/predict?levle=0.8", "{}", 400, "levle"},
                    Wrong{"/v1/predict?reasons=1", "{}", 400, "true or false"},
                    Wrong{"/v1/predict?model=other", "{}", 404, "rating, forest, absent"},
                    Wrong{"/v1/predict?model=absent", "{}", 503, "not ready"},
                    Wrong{"/v1/predict?model=forest&level=0.8", "{}", 400, "no intervals"},
                    Wrong{"/v1/explain?model=forest&output=3", "{}", 400, R"("field":"output")"},
                    Wrong{"/v1/whatif", R"({"listing":{},"target":"high"})", 400, R"("field":"target")"},
                    Wrong{"/v1/whatif", R"({"listing":{},"goal":4})", 400, "goal"}));

TEST_F(PredictionsTest, RefusesMoreListingsThanARequestMayHave) {
  std::string body = "[";
  for (int i = 0; i < 1001; ++i) body += i == 0 ? "{}" : ",{}";
  EXPECT_EQ(fixture_.post("/v1/predict", body + "]").status, 413);
}

TEST_F(PredictionsTest, RefusesOtherTypesThanJson) {
  EXPECT_EQ(fixture_.call(Method::kPost, "/v1/predict", "a,b", "text/csv").status, 415);
}

constexpr const char* kFile =
    "App,Rating,Reviews,Installs\nAlpha,4.1,5000,\"10,000+\"\n\"Be,ta\",NaN,3.0M,\"5,000,000+\"\n";

TEST_F(PredictionsTest, AnswersAFileLineByLine) {
  const Response response = upload("", kFile);

  EXPECT_THAT(std::string(*response.headers.find("Content-Type")), StartsWith("text/csv"));
  EXPECT_THAT(response.body, StartsWith("App,rating,low,high,answered_as,warnings\nAlpha,4.3"));
  EXPECT_THAT(response.body, HasSubstr("\n\"Be,ta\",4.3"));
  EXPECT_THAT(response.body, HasSubstr("read as 3000000"));
}

TEST_F(PredictionsTest, AnswersAFileInJsonLines) {
  const Response response = upload("?reasons=true", kFile, "text/csv", {{"Accept", "application/x-ndjson"}});

  EXPECT_THAT(response.body, StartsWith(R"({"app":"Alpha","rating":4.3)"));
  EXPECT_THAT(response.body, HasSubstr(R"("comparable":)"));
  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '\n'), 2);
}

TEST_F(PredictionsTest, TakesJsonLines) {
  const Response response =
      upload("?format=csv", "{\"App\":\"Alpha\"}\n\n{\"App\":\"Beta\"}", "application/x-ndjson");

  EXPECT_THAT(response.body, HasSubstr("\nAlpha,"));
  EXPECT_THAT(response.body, HasSubstr("\nBeta,"));
}

TEST_F(PredictionsTest, TakesTheFileOfAForm) {
  const std::string form = fmt::format(
      "--sep\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--sep\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"apps.csv\"\r\nContent-Type: "
      "text/csv\r\n\r\n{}"
      "\r\n--sep--\r\n",
      kFile);

  for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{10'000}}) {
    const Response response = fixture_.call(Method::kPost, "/v1/predict/csv", form,
                                            "multipart/form-data; boundary=\"sep\"", {}, chunk);
    EXPECT_EQ(response.body, upload("", kFile).body) << chunk;
  }
}

TEST_F(PredictionsTest, RepairsTheRowWithoutItsCategory) {
  const Response response = upload("", "App,Category,Rating,Reviews,Installs\nAlpha,4.1,5000,5000\n");

  EXPECT_THAT(response.body, HasSubstr("\nAlpha,4.3"));
  EXPECT_THAT(response.body, HasSubstr("Category cell is not there"));
}

TEST_F(PredictionsTest, NamesTheLineOfARowThatCannotBeRead) {
  const Response response = upload("", "App,Category,Reviews\nAlpha,TOOLS,1\nBeta,1\n");

  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"("line":3)"));
}

TEST_F(PredictionsTest, AnswersARowThatCannotBeReadByAWarningWhenAsked) {
  const Response response =
      upload("?bad_rows=note&format=jsonl", "App,Category,Reviews\nAlpha,TOOLS,1\nBeta,1\nGamma,TOOLS,1\n");

  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("rating":null)"));
  EXPECT_THAT(response.body, HasSubstr("Gamma"));
}

TEST_F(PredictionsTest, FileOfAForestHasItsValues) {
  EXPECT_EQ(upload("?model=forest", "y,x\n1,1\n,2\n").body, "value,answered_as,warnings\n10,,\n20,,\n");
}

struct WrongFile {
  const char* body;
  const char* type;
  int status;
  const char* says;
};

class WrongUpload : public PredictionsTest, public testing::WithParamInterface<WrongFile> {};

TEST_P(WrongUpload, IsRefusedByLine) {
  const Response response = upload("", GetParam().body, GetParam().type);

  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_THAT(response.body, StartsWith(R"({"error":{"code":")"));
  EXPECT_THAT(response.body, HasSubstr(GetParam().says));
  EXPECT_TRUE(fixture_.files().files().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Files, WrongUpload,
    testing::Values(WrongFile{"", "text/csv", 400, "empty"},
                    WrongFile{"a,b\n1,2\n", "text/csv", 400, "App, Category"},
                    WrongFile{"App,App\n", "text/csv", 400, "twice"},
                    WrongFile{"App\n\"Alpha\nBeta\n", "text/csv", 400, "line 2"},
                    WrongFile{"{\"App\":\"A\"}\n{\"App\":[]}\n", "application/x-ndjson", 400, R"("line":2)"},
                    WrongFile{"{\"App\":\"A\"}\n{\n", "application/x-ndjson", 400, "line 2"},
                    WrongFile{"GIF89a", "image/gif", 415, "image/gif"},
                    WrongFile{"x", "multipart/form-data", 400, "boundary"},
                    WrongFile{"--b\r\n\r\nx", "multipart/form-data; boundary=b", 400, "last boundary"},
                    WrongFile{"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n",
                              "multipart/form-data; boundary=b", 400, "no file"}));

TEST_F(PredictionsTest, AnUploadThatStopsLeavesNothing) {
  http::Request request;
  request.method = Method::kPost;
  request.path = "/v1/predict/csv";
  request.headers.set("Content-Type", "text/csv");
  {
    const auto receiver =
        fixture_.routes().find(Method::kPost, request.path).route->receiver(request).value();
    ASSERT_TRUE(receiver->write("App,Reviews\nAl"));
  }

  EXPECT_TRUE(fixture_.files().files().empty());
}

TEST_F(PredictionsTest, AnswersMoreRowsThanABlockHolds) {
  std::string file = "App,Reviews\n";
  for (int i = 0; i < 2000; ++i) file += fmt::format("App {},{}\n", i, i);

  const Response response = upload("", file);

  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '\n'), 2001);
  EXPECT_THAT(response.body, HasSubstr("\nApp 1999,"));
}

TEST_F(PredictionsTest, AreCounted) {
  ASSERT_EQ(fixture_.post("/v1/predict", "{}").status, 200);
  ASSERT_EQ(upload("", kFile).status, 200);

  EXPECT_THAT(fixture_.metrics().text(), HasSubstr(R"(protocol="v1-file"} 2)"));
}

}  // namespace
}  // namespace starcast::serve
