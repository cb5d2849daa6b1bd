#include "tracking/api/logged_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/api/logged_model_json.h"
#include "tracking/logged_models.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kDocs = " See the API docs for more information about request parameters.";

class LoggedModelRoutes : public testing::Test {
 protected:
  LoggedModelRoutes() { add_logged_model_routes(caller_.mount(), caller_.store()); }

  // The new model's id.
  std::string create(const std::string& more = "") {
    const std::string answer =
        caller_.post("logged-models", R"({"experiment_id":"0","name":"n")" + more + "}");
    const core::Result<codec::Json> body = codec::parse_json(answer);
    EXPECT_TRUE(body) << answer;
    return body->find("model")->find("info")->string_at("model_id").value();
  }

  std::string model(const std::string& id) { return caller_.get("logged-models/" + id); }

  ApiCaller caller_;
};

TEST_F(LoggedModelRoutes, CreatesAPendingModelBelowItsExperiment) {
  const std::string now = std::to_string(caller_.store().now_ms());

  const std::string id = create();

  EXPECT_EQ(id.size(), 34U);
  EXPECT_EQ(model(id),
            R"({"model":{"info":{"model_id":")" + id +
                R"(","experiment_id":"0","name":"n","creation_timestamp_ms":)" + now +
                R"(,"last_updated_timestamp_ms":)" + now + R"(,"artifact_uri":"mlflow-artifacts:/0/models/)" +
                id + R"(/artifacts","status":"LOGGED_MODEL_PENDING","model_type":"","source_run_id":""},)" +
                R"("data":{}}})");
}

TEST_F(LoggedModelRoutes, KeepsTypeRunParamsAndTags) {
  const std::string id =
      create(R"(,"model_type":"Agent","source_run_id":"r","params":[{"key":"p","value":"1"}],)"
             R"("tags":[{"key":"t","value":"2"},{"key":"t","value":"3"}])");

  EXPECT_THAT(model(id),
              HasSubstr(R"("model_type":"Agent","source_run_id":"r","tags":[{"key":"t","value":"3"}]},)"
                        R"("data":{"params":[{"key":"p","value":"1"}]}})"));
}

TEST_F(LoggedModelRoutes, MakesUpANameWhenThereIsNone) {
  EXPECT_THAT(caller_.post("logged-models", R"({"experiment_id":"0"})"), Not(HasSubstr(R"("name":"")")));
  EXPECT_THAT(caller_.post("logged-models", R"({"experiment_id":"0","name":""})"),
              Not(HasSubstr(R"("name":"")")));
}

TEST_F(LoggedModelRoutes, RefusesBadNames) {
  const std::string text =
      ") provided. Model name must be a non-empty string and cannot contain the following characters: ('/', "
      "':', '.', "
      "'%', '\"', \"'\")";

  EXPECT_EQ(caller_.post("logged-models", R"({"experiment_id":"0","name":"a/b"})"),
            "400 INVALID_PARAMETER_VALUE: Invalid model name ('a/b'" + text);
  EXPECT_EQ(caller_.post("logged-models", R"({"experiment_id":"0","name":"a'b"})"),
            "400 INVALID_PARAMETER_VALUE: Invalid model name (\"a'b\"" + text);
  for (const char* name : {"a:b", "a.b", "a%b", "a\\\"b"}) {
    EXPECT_THAT(caller_.post("logged-models", std::string(R"({"experiment_id":"0","name":")") + name + "\"}"),
                StartsWith("400 INVALID_PARAMETER_VALUE: Invalid model name"));
  }
  EXPECT_EQ(caller_.post("logged-models", R"({"experiment_id":"0","name":")" + std::string(501, 'x') + "\"}"),
            "400 INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters");
}

TEST_F(LoggedModelRoutes, NeedsAnActiveExperiment) {
  EXPECT_EQ(caller_.post("logged-models", "{}"),
            "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'." +
                std::string(kDocs));
  EXPECT_EQ(
      caller_.post("logged-models", R"({"experiment_id":"abc"})"),
      "400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
  EXPECT_EQ(caller_.post("logged-models", R"({"experiment_id":"99"})"),
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=99 exists");
  caller_.execute("UPDATE experiments SET lifecycle_stage = 'deleted'");
  EXPECT_EQ(caller_.post("logged-models", R"({"experiment_id":"0"})"),
            "400 INVALID_PARAMETER_VALUE: The experiment 0 must be in the 'active' state. Current state is "
            "deleted.");
}

TEST_F(LoggedModelRoutes, RefusesBadParamsAndStoresNothing) {
  const std::string body = R"({"experiment_id":"0","params":)";

  EXPECT_THAT(caller_.post("logged-models", body + R"([{"key":"p","value":"1"},{"key":"p","value":"2"}]})"),
              StartsWith("400 INVALID_PARAMETER_VALUE: Duplicate parameter keys have been submitted: ['p']"));
  EXPECT_EQ(caller_.post("logged-models", body + R"([{"value":"1"}]})"),
            "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'params[0].key'.");
  EXPECT_EQ(caller_.post("logged-models", body + R"([{"key":")" + std::string(256, 'k') + R"("}]})"),
            "400 INVALID_PARAMETER_VALUE: 'params[0].key' exceeds the maximum length of 255 characters");
  EXPECT_THAT(caller_.post("logged-models", body + R"([7]})"), StartsWith("400"));
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM logged_models"), "0");
}

TEST_F(LoggedModelRoutes, DoesNotFindAModelThatIsNotThere) {
  const std::string missing = "404 RESOURCE_DOES_NOT_EXIST: Logged model with ID 'm-0' not found.";

  EXPECT_EQ(model("m-0"), missing);
  EXPECT_EQ(caller_.patch("logged-models/m-0", R"({"model_id":"m-0","status":2})"), missing);
  EXPECT_EQ(caller_.remove("logged-models/m-0"), missing);
  EXPECT_EQ(caller_.patch("logged-models/m-0/tags", R"({"tags":[{"key":"k","value":"v"}]})"), missing);
  EXPECT_EQ(caller_.remove("logged-models/m-0/tags/k"), missing);
  EXPECT_EQ(caller_.post("logged-models/m-0/params", R"({"model_id":"m-0","params":[]})"), missing);
}

TEST_F(LoggedModelRoutes, FinalizesByNameAndByNumber) {
  const std::string id = create();
  caller_.clock().advance(1.0);

  EXPECT_THAT(
      caller_.patch("logged-models/" + id, R"({"model_id":")" + id + R"(","status":"LOGGED_MODEL_READY"})"),
      HasSubstr(R"("status":"LOGGED_MODEL_READY")"));
  EXPECT_EQ(caller_.value("SELECT status || '|' || (last_updated_timestamp_ms - creation_timestamp_ms) FROM "
                          "logged_models"),
            "2|1000");
  EXPECT_THAT(caller_.patch("logged-models/" + id, R"({"model_id":")" + id + R"(","status":3})"),
              HasSubstr(R"("status":"LOGGED_MODEL_UPLOAD_FAILED")"));
}

TEST_F(LoggedModelRoutes, RefusesToFinalizeWithoutAKnownStatus) {
  const std::string id = create();
  const std::string path = "logged-models/" + id;

  EXPECT_EQ(
      caller_.patch(path, R"({"model_id":")" + id + R"("})"),
      "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'status'." + std::string(kDocs));
  EXPECT_EQ(
      caller_.patch(path, R"({"status":2})"),
      "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'model_id'." + std::string(kDocs));
  EXPECT_THAT(caller_.patch(path, R"({"model_id":")" + id + R"(","status":"BOGUS"})"), StartsWith("400"));
  EXPECT_THAT(caller_.patch(path, R"({"model_id":")" + id + R"(","status":0})"), StartsWith("400"));
  EXPECT_THAT(caller_.patch(path, R"({"model_id":"m-other","status":2})"), StartsWith("400"));
  EXPECT_EQ(caller_.value("SELECT status FROM logged_models"), "1");
}

TEST_F(LoggedModelRoutes, SetsTagsWithoutModelIdInTheBody) {
  const std::string id = create();

  EXPECT_EQ(caller_.patch("logged-models/" + id + "/tags",
                          R"({"tags":[{"key":"mlflow.modelVersions","value":"[]"},{"key":"x","value":"1"},)"
                          R"({"key":"x","value":"2"}]})"),
            "{}");
  EXPECT_THAT(model(id),
              HasSubstr(R"("tags":[{"key":"mlflow.modelVersions","value":"[]"},{"key":"x","value":"2"}])"));
  EXPECT_EQ(caller_.patch("logged-models/" + id + "/tags", R"({"model_id":")" + id + R"(","tags":[]})"),
            "{}");
}

TEST_F(LoggedModelRoutes, DeletesTagsByTheDecodedKey) {
  const std::string id = create(R"(,"tags":[{"key":"a/b c","value":"1"}])");

  EXPECT_EQ(caller_.remove("logged-models/" + id + "/tags/a%2Fb%20c"), "{}");
  EXPECT_EQ(caller_.remove("logged-models/" + id + "/tags/x"),
            "404 RESOURCE_DOES_NOT_EXIST: No tag with key 'x' found for model with ID '" + id + "'.");
}

TEST_F(LoggedModelRoutes, AddsParamsButChangesNone) {
  const std::string id = create(R"(,"params":[{"key":"p","value":"1"}])");
  const std::string path = "logged-models/" + id + "/params";
  const auto body = [&](const std::string& value) {
    return R"({"model_id":")" + id + R"(","params":[{"key":"a","value":"9"},{"key":"p","value":")" + value +
           "\"}]}";
  };

  EXPECT_EQ(caller_.post(path, body("2")),
            "400 INVALID_PARAMETER_VALUE: Changing param values is not allowed. Param with key='p' was "
            "already logged "
            "with value='1' for model ID='" +
                id + "'. Attempted logging new value '2'.");
  EXPECT_THAT(model(id), Not(HasSubstr(R"("key":"a")")));
  EXPECT_EQ(caller_.post(path, body("1")), "{}");
  EXPECT_EQ(caller_.post(path, body("1")), "{}");  // a client that did not hear the answer asks again
  EXPECT_THAT(model(id), HasSubstr(R"("params":[{"key":"a","value":"9"},{"key":"p","value":"1"}])"));
  EXPECT_THAT(caller_.post(path, R"({"params":[]})"), StartsWith("400"));
}

TEST_F(LoggedModelRoutes, DeletesSoftlyAndTwice) {
  const std::string id = create();

  EXPECT_EQ(caller_.remove("logged-models/" + id), "{}");
  EXPECT_EQ(caller_.remove("logged-models/" + id), "{}");
  EXPECT_THAT(model(id), StartsWith("404"));
  EXPECT_THAT(caller_.get("logged-models/" + id + "?allow_deleted=true"), StartsWith("{"));
  EXPECT_THAT(caller_.get("logged-models/" + id + "?allow_deleted=false"), StartsWith("404"));
}

TEST_F(LoggedModelRoutes, ShowsMetricsWithTheirDatasets) {
  const std::string id = create();
  caller_.execute("INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('r', 0, 'active')");
  caller_.execute(
      "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, "
      "metric_value, experiment_id, run_id, dataset_name, dataset_digest) VALUES ('" +
      id + "', 'acc', 7, 1, 0.5, 0, 'r', 'd', 'x'), ('" + id + "', 'acc', 8, 2, NULL, 0, 'r', NULL, NULL)");

  EXPECT_THAT(model(id),
              HasSubstr(R"("metrics":[{"key":"acc","value":0.5,"timestamp":7,"step":1,"dataset_name":"d",)"
                        R"("dataset_digest":"x","model_id":")" +
                        id + R"(","run_id":"r"},{"key":"acc","value":"NaN","timestamp":8,"step":2,)" +
                        R"("model_id":")" + id + R"(","run_id":"r"}])"));
}

TEST_F(LoggedModelRoutes, LoadsInTheOrderAsked) {
  const std::string first = create(R"(,"tags":[{"key":"k","value":"1"}])");
  const std::string second = create(R"(,"params":[{"key":"k","value":"2"}])");
  const std::vector<std::string> ids = {second, "m-0", first};

  std::vector<LoggedModel> models;
  const core::Result<void> done =
      caller_.store().database().read([&](sql::Session& session) -> core::Result<void> {
        models = TRY(load_logged_models(session, ids));
        return {};
      });

  ASSERT_TRUE(done);
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].params.size(), 1U);
  EXPECT_EQ(models[1].tags.size(), 1U);
}

TEST_F(LoggedModelRoutes, NotesAVersionOnce) {
  const std::string id =
      create(R"(,"tags":[{"key":"mlflow.modelVersions","value":"[{\"name\": \"m\", \"version\": \"1\"}]"}])");
  const auto note = [&](std::int64_t version) {
    return caller_.store().database().write([&](sql::Session& session) -> core::Result<void> {
      const LoggedModel found = TRY(require_logged_model(session, id, Deleted::kHidden));
      return note_model_version(session, found, "m", version);
    });
  };

  ASSERT_TRUE(note(1));
  ASSERT_TRUE(note(2));
  ASSERT_TRUE(note(2));

  EXPECT_EQ(caller_.value("SELECT tag_value FROM logged_model_tags"),
            R"([{"name": "m", "version": "1"}, {"name": "m", "version": 2}])");
}

TEST_F(LoggedModelRoutes, ReplacesATagOfVersionsThatIsNoList) {
  const std::string id = create(R"(,"tags":[{"key":"mlflow.modelVersions","value":"{"}])");

  const core::Result<void> done =
      caller_.store().database().write([&](sql::Session& session) -> core::Result<void> {
        const LoggedModel found = TRY(require_logged_model(session, id, Deleted::kHidden));
        return note_model_version(session, found, "m", 1);
      });

  ASSERT_TRUE(done);
  EXPECT_EQ(caller_.value("SELECT tag_value FROM logged_model_tags"), R"([{"name": "m", "version": 1}])");
}

}  // namespace
}  // namespace starcast::tracking::api
