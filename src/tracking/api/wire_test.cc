#include "tracking/api/wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace starcast::tracking::api {
namespace {

core::Result<Fields> fields_of(std::string body) {
  http::Request request;
  request.method = http::Method::kPost;
  request.body = std::move(body);
  return Fields::of(request);
}

Fields query_fields(http::Pairs query) {
  http::Request request;
  request.method = http::Method::kGet;
  request.query = std::move(query);
  return Fields::of(request).value();
}

TEST(Fields, TakeSnakeCaseAndCamelCase) {
  EXPECT_EQ(fields_of(R"({"experiment_id":"1"})")->required_text("experiment_id").value(), "1");
  EXPECT_EQ(fields_of(R"({"experimentId":"1"})")->required_text("experiment_id").value(), "1");
}

TEST(Fields, RefuseOneFieldInBothSpellings) {
  EXPECT_EQ(fields_of(R"({"experiment_id":"1","experimentId":"1"})")->text("experiment_id").error().message(),
            "Request specifies both 'experiment_id' and 'experimentId'; provide only one of them.");
}

TEST(Fields, TakeNumbersAsStringsAsJavaAndRSendThem) {
  const Fields fields =
      fields_of(R"({"step":"12","value":"1.5","nan":"NaN","inf":"-Infinity","whole":3.0})").value();
  EXPECT_EQ(fields.required_integer("step").value(), 12);
  EXPECT_EQ(fields.required_real("value").value(), 1.5);
  EXPECT_TRUE(std::isnan(fields.required_real("nan").value()));
  EXPECT_EQ(fields.required_real("inf").value(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(fields.required_integer("whole").value(), 3);
}

TEST(Fields, NameTypeAndValueOfAWrongField) {
  EXPECT_EQ(fields_of(R"({"name":123})")->required_text("name").error().message(),
            "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the API "
            "docs for more "
            "information about request parameters.");
  EXPECT_EQ(fields_of(R"({"tags":"x"})")->messages("tags").error().message(),
            "Invalid value \"x\" for parameter 'tags' supplied:  Hint: Value was of type 'str'. See the API "
            "docs for "
            "more information about request parameters.");
  for (const char* step : {"\"1e3\"", "1.5", "99999999999999999999", "true", "[]"}) {
    EXPECT_FALSE(fields_of(std::string(R"({"step":)") + step + "}")->integer("step")) << step;
  }
}

TEST(Fields, SayWhatIsMissing) {
  const std::string text =
      "Missing value for required parameter 'name'. See the API docs for more information about request "
      "parameters.";
  EXPECT_EQ(fields_of("")->required_text("name").error().message(), text);
  EXPECT_EQ(fields_of(R"({"name":""})")->required_text("name").error().message(), text);
  EXPECT_EQ(fields_of(R"({"name":null})")->required_text("name").error().message(), text);
}

TEST(Fields, NameNestedFieldsByTheirPath) {
  const Fields fields = fields_of(R"({"metrics":[{"value":1},{"value":"x"}]})").value();
  const std::vector<Fields> metrics = fields.messages("metrics").value();
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].required_real("value").value(), 1);
  EXPECT_NE(metrics[1].required_real("value").error().message().find("'metrics[1].value'"),
            std::string::npos);
}

TEST(Fields, RefuseABodyThatIsNoObject) {
  EXPECT_FALSE(fields_of("{"));
  EXPECT_FALSE(fields_of("[1]"));
  EXPECT_FALSE(fields_of("12"));
  EXPECT_FALSE(fields_of(std::string(100'000, '[')));
}

TEST(Fields, DecodeJsonInAJsonString) {
  EXPECT_EQ(fields_of(R"("{\"name\":\"x\"}")")->required_text("name").value(), "x");
}

TEST(Fields, ReadTheQueryOfAGet) {
  const Fields fields =
      query_fields({{"run_ids", "a"}, {"run_ids", "b"}, {"max_results", "5"}, {"all", "true"}});
  EXPECT_EQ(fields.texts("run_ids").value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fields.integer_or("max_results", 0).value(), 5);
  EXPECT_EQ(fields.flag("all").value(), std::optional<bool>(true));
}

TEST(Fields, TakeEnumsByNameOrNumber) {
  const std::vector<std::string_view> names{"RUNNING", "SCHEDULED", "FINISHED"};
  EXPECT_EQ(fields_of(R"({"status":"FINISHED"})")->one_of("status", names).value(), "FINISHED");
  EXPECT_EQ(fields_of(R"({"status":3})")->one_of("status", names).value(), "FINISHED");
  EXPECT_EQ(fields_of(R"({"status":"2"})")->one_of("status", names).value(), "SCHEDULED");
  EXPECT_FALSE(fields_of(R"({"status":"DONE"})")->one_of("status", names));
  EXPECT_FALSE(fields_of(R"({"status":4})")->one_of("status", names));
}

TEST(Fields, TakeTheOldNameOfARunId) {
  EXPECT_EQ(fields_of(R"({"run_uuid":"a"})")->run_id().value(), "a");
  EXPECT_EQ(fields_of(R"({"run_uuid":"a","run_id":"b"})")->run_id().value(), "b");
  EXPECT_FALSE(fields_of("{}")->run_id());
}

TEST(ErrorResponse, IsMlflowsJson) {
  const http::Response response =
      error_response(core::Error(core::ErrorCode::kNotFound, "No Experiment with id=7 exists"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(
      response.body,
      R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No Experiment with id=7 exists","sqlstate":"KAM00",)"
      R"("error_class":"RESOURCE_NOT_FOUND"})");
  EXPECT_EQ(error_response(core::Error(core::ErrorCode::kAlreadyExists, "x")).status, 400);
  EXPECT_EQ(error_response(core::Error(core::ErrorCode::kExhausted, "x")).status, 503);
}

TEST(Number, WritesWhatJsonHasNoWordFor) {
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), codec::Json("NaN"));
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), codec::Json("Infinity"));
  EXPECT_EQ(number(0.5), codec::Json(0.5));
}

TEST(Mount, AddsBothPrefixesWithOnePermission) {
  http::RouteTable table;
  const Mount mount{table, "/x"};
  mount.add("2.0", http::Method::kPost, "/mlflow/runs/create", http::Permission::kCreate, "runs", "createRun",
            [](const http::Request&) { return core::Result<http::Response>(empty_response()); });
  ASSERT_EQ(table.routes().size(), 2u);
  EXPECT_EQ(table.routes()[0]->pattern, "/x/api/2.0/mlflow/runs/create");
  EXPECT_EQ(table.routes()[1]->pattern, "/x/ajax-api/2.0/mlflow/runs/create");
  EXPECT_EQ(table.routes()[1]->permission, http::Permission::kCreate);
}

TEST(Mount, TakesArtifactsOfManyGigabytes) {
  http::RouteTable table;
  Mount{table, ""}.add_receiver(
      "2.0", http::Method::kPut, "/mlflow-artifacts/artifacts/{path...}", http::Permission::kEdit,
      "artifacts", "uploadArtifact",
      [](const http::Request&) -> core::Result<std::unique_ptr<http::BodyReceiver>> {
        return std::unique_ptr<http::BodyReceiver>();
      });
  ASSERT_EQ(table.routes().size(), 2U);
  for (const auto& route : table.routes()) EXPECT_GE(route->body_bytes_max, std::size_t{1} << 40);
}

}  // namespace
}  // namespace starcast::tracking::api
