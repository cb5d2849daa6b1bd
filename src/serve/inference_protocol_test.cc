#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "codec/number.h"
#include "serve/testing/scoring_fixture.h"

namespace starcast::serve {
namespace {

using codec::Json;
using http::Response;
using testing::HasSubstr;
using testing::StartsWith;

class InferenceProtocol : public testing::Test {
 protected:
  Response infer(std::string body, const std::string& model = "forest") {
    return fixture_.post("/v2/models/" + model + "/infer", std::move(body));
  }
  static std::string bytes_of(const std::vector<double>& numbers) {
    std::string bytes(numbers.size() * sizeof(double), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return bytes;
  }

  ScoringFixture fixture_{};
};

constexpr const char* kTwoRows =
    R"({"id":"7","inputs":[{"name":"input","shape":[2,2],"datatype":"FP64","data":[1,0,2,0]}]})";

TEST_F(InferenceProtocol, IsNotReadyWhileAModelDoesNotAnswer) {
  EXPECT_EQ(fixture_.get("/v2/health/live").status, 200);
  EXPECT_EQ(fixture_.get("/v2/health/ready").status, 503);
  EXPECT_EQ(fixture_.get("/v2/models/forest/ready").status, 200);
  EXPECT_EQ(fixture_.get("/v2/models/absent/ready").status, 503);
}

TEST_F(InferenceProtocol, NamesAForestsInputAsOneTensor) {
  const Response response = fixture_.get("/v2/models/forest");

  EXPECT_THAT(response.body, HasSubstr(R"("platform":"lightgbm","inputs":[{"name":"input","datatype":"FP64",)"
                                       R"("shape":[-1,2],"parameters":{"columns":["x","y"]}}])"));
  EXPECT_THAT(response.body,
              HasSubstr(R"("outputs":[{"name":"predictions","datatype":"FP64","shape":[-1]}])"));
}

TEST_F(InferenceProtocol, NamesARatingModelsInputsByColumn) {
  const Response response = fixture_.get("/v2/models/rating/versions/1");

  EXPECT_THAT(response.body, HasSubstr(R"({"name":"Size","datatype":"BYTES","shape":[-1]})"));
  EXPECT_THAT(response.body, HasSubstr(R"("name":"upper")"));
}

TEST_F(InferenceProtocol, AnswersWholeRows) {
  EXPECT_EQ(
      infer(kTwoRows).body,
      R"({"model_name":"forest","model_version":"1","id":"7","outputs":[{"name":"predictions","shape":[2],)"
      R"("datatype":"FP64","data":[10.0,20.0]}]})");
}

TEST_F(InferenceProtocol, AnswersColumnsByName) {
  const Response response =
      infer(R"({"inputs":[{"name":"x","shape":[2,1],"datatype":"INT32","data":[[1],[2]]}]})");

  EXPECT_THAT(response.body, HasSubstr("[10.0,20.0]"));
}

TEST_F(InferenceProtocol, TakesNullAsMissing) {
  EXPECT_THAT(infer(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[null]}]})").body,
              HasSubstr("[10.0]"));
}

TEST_F(InferenceProtocol, AnswersIntervalsAtTheLevelAskedFor) {
  const Response response = infer(
      R"({"parameters":{"level":0.5},"inputs":[{"name":"App","shape":[1],"datatype":"BYTES","data":["Alpha"]},
          {"name":"Reviews","shape":[1],"datatype":"INT64","data":[5000]},
          {"name":"Installs","shape":[1],"datatype":"BYTES","data":["10,000+"]}]})",
      "rating");

  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr(R"("parameters":{"level":0.5})"));
  EXPECT_THAT(response.body, HasSubstr(R"({"name":"predictions","shape":[1],"datatype":"FP64","data":[4.3)"));
  EXPECT_THAT(response.body, HasSubstr(R"("name":"lower")"));
}

TEST_F(InferenceProtocol, AnswersSharesThatAddUp) {
  const Response response =
      infer(R"({"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","data":[1,0]}],
               "outputs":[{"name":"treeshap_output"},{"name":"predictions"}]})");

  ASSERT_EQ(response.status, 200) << response.body;
  const Json json = json_of(response);
  const Json& shares = (*json.array_at("outputs").value())[0];
  EXPECT_EQ(codec::to_text(*shares.at("shape").value(), codec::JsonStyle::kCompact), "[1,3]");
  double sum = 0;
  for (const Json& share : *shares.array_at("data").value()) sum += share.as_double().value();
  EXPECT_NEAR(sum, 10, 1e-9);
}

TEST_F(InferenceProtocol, AnswersLeaves) {
  EXPECT_THAT(infer(R"({"inputs":[{"name":"input","shape":[2,2],"datatype":"FP64","data":[1,0,2,0]}],
                       "outputs":[{"name":"leaf"}]})")
                  .body,
              HasSubstr(R"({"name":"leaf","shape":[2,1],"datatype":"INT64","data":[0,1]})"));
}

TEST_F(InferenceProtocol, TakesAndGivesBinaryTensors) {
  const std::string json =
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"input","shape":[2,2],"datatype":"FP64",)"
      R"("parameters":{"binary_data_size":32}}]})";
  const std::string body = json + bytes_of({1, 0, 2, 0});

  const Response response =
      fixture_.call(http::Method::kPost, "/v2/models/forest/infer", body, "application/octet-stream",
                    {{"Inference-Header-Content-Length", std::to_string(json.size())}});

  ASSERT_EQ(response.status, 200) << response.body;
  const auto length = static_cast<std::size_t>(
      codec::parse_int(*response.headers.find("Inference-Header-Content-Length")).value());
  EXPECT_THAT(response.body.substr(0, length), HasSubstr(R"("parameters":{"binary_data_size":16}})"));
  EXPECT_EQ(response.body.substr(length), bytes_of({10, 20}));
}

TEST_F(InferenceProtocol, TakesBinaryTexts) {
  const std::string json =
      R"({"inputs":[{"name":"App","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":9}}]})";

  const Response response =
      fixture_.call(http::Method::kPost, "/v2/models/rating/infer", json + std::string("\5\0\0\0Alpha", 9),
                    "", {{"Inference-Header-Content-Length", std::to_string(json.size())}});

  EXPECT_EQ(response.status, 200) << response.body;
}

struct Wrong {
  const char* body;
  const char* says;
};

class WrongInference : public InferenceProtocol, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongInference, IsRefusedByName) {
  const Response response = infer(GetParam().body);

  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, StartsWith(R"({"error":")"));
  EXPECT_THAT(response.body, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, WrongInference,
    testing::Values(
        Wrong{"{", "line 1"}, Wrong{"[]", "object"}, Wrong{"{}", "inputs"},
        Wrong{R"({"inputs":[]})", "at least one"},
        Wrong{R"({"inputs":[{"name":"x","shape":[2],"datatype":"FP64","data":[1]}]})", "the shape needs 2"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1,2]}]})", "more elements"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP65","data":[1]}]})", "FP65"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[300]}]})", "no INT8"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":["1"]}]})", "element 0"},
        Wrong{R"({"inputs":[{"name":"x","shape":[-1],"datatype":"FP64","data":[]}]})", "negative"},
        Wrong{R"({"inputs":[{"name":"z","shape":[1],"datatype":"FP64","data":[1]}]})", "[rows, 2]"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]},
                            {"name":"x","shape":[1],"datatype":"FP64","data":[1]}]})",
              "given twice"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]},
                            {"name":"y","shape":[2],"datatype":"FP64","data":[1,2]}]})",
              "2 rows"},
        Wrong{R"({"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["many"]}]})",
              "input 'x': row 0"},
        Wrong{
            R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","parameters":{"binary_data_size":8}}]})",
            "0 bytes of binary data are left"},
        Wrong{
            R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}],"outputs":[{"name":"proba"}]})",
            "proba"},
        Wrong{
            R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}],"outputs":[{"name":"lower"}]})",
            "no intervals"},
        Wrong{
            R"({"parameters":{"level":0.7},"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}]})",
            "no intervals"}));

TEST_F(InferenceProtocol, RefusesMoreRowsThanARequestMayHave) {
  EXPECT_EQ(infer(R"({"inputs":[{"name":"x","shape":[1000000000],"datatype":"FP64","data":[]}]})").status,
            413);
}

TEST_F(InferenceProtocol, DoesNotKnowOtherModelsAndVersions) {
  EXPECT_EQ(fixture_.get("/v2/models/other").status, 404);
  EXPECT_EQ(fixture_.get("/v2/models/forest/versions/9").status, 404);
  EXPECT_EQ(infer(kTwoRows, "absent").status, 503);
}

TEST_F(InferenceProtocol, ListsTheModels) {
  EXPECT_THAT(fixture_.post("/v2/repository/index", "").body,
              HasSubstr(R"({"name":"absent","version":"","state":"UNAVAILABLE")"));
  EXPECT_EQ(json_of(fixture_.post("/v2/repository/index", R"({"ready":true})")).as_array().value()->size(),
            2U);
}

TEST_F(InferenceProtocol, UnloadsAndLoads) {
  EXPECT_EQ(fixture_.post("/v2/repository/models/forest/unload", "{}").status, 200);
  EXPECT_EQ(infer(kTwoRows).status, 503);
  EXPECT_EQ(fixture_.post("/v2/repository/models/forest/load", "").status, 200);
  EXPECT_EQ(infer(kTwoRows).status, 200);
}

TEST_F(InferenceProtocol, RefusesToReplaceAModelByABody) {
  EXPECT_EQ(fixture_.post("/v2/repository/models/forest/load", R"({"parameters":{"config":"{}"}})").status,
            400);
}

}  // namespace
}  // namespace starcast::serve
