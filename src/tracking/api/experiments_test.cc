#include "tracking/api/experiments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "codec/json.h"
#include "tracking/api/runs.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::StartsWith;

codec::Json json_of(const std::string& text) {
  return codec::parse_json(text).value();
}

// The texts are those that mlflow server 3.17.2 gave to the same requests.
class ExperimentRoutes : public testing::Test {
 protected:
  ExperimentRoutes() {
    add_experiment_routes(api_.mount(), api_.store());
    add_run_routes(api_.mount(), api_.store());
  }
  std::string refusal_of_location(const std::string& location) {
    return api_.post("experiments/create",
                     fmt::format(R"({{"name":"x","artifact_location":"{}"}})", location));
  }
  std::string location_of(const std::string& given) {
    const std::string id =
        json_of(api_.post("experiments/create",
                          fmt::format(R"({{"name":"l{}","artifact_location":"{}"}})", ++count_, given)))
            .string_at("experiment_id")
            .value();
    const codec::Json found = json_of(api_.get("experiments/get?experiment_id=" + id));
    return found.find("experiment")->string_at("artifact_location").value();
  }
  ApiCaller api_;
  int count_ = 0;
};

TEST_F(ExperimentRoutes, CreateAndGet) {
  EXPECT_EQ(api_.post("experiments/create",
                      R"({"name":"e","tags":[{"key":"b","value":""},{"key":"a","value":"1"}]})"),
            R"({"experiment_id":"1"})");
  const std::string whole =
      R"({"experiment":{"experiment_id":"1","name":"e","artifact_location":"mlflow-artifacts:/1",)"
      R"("lifecycle_stage":"active","last_update_time":1000000000,"creation_time":1000000000,)"
      R"("tags":[{"key":"a","value":"1"},{"key":"b","value":""}],"workspace":"default"}})";
  EXPECT_EQ(api_.get("experiments/get?experiment_id=1"), whole);
  EXPECT_EQ(api_.get("experiments/get-by-name?experiment_name=e"), whole);
}

TEST_F(ExperimentRoutes, TakeCamelCase) {
  EXPECT_EQ(api_.post("experiments/create", R"({"name":"e","artifactLocation":"s3://b/x"})"),
            R"({"experiment_id":"1"})");
  EXPECT_EQ(api_.post("experiments/update", R"({"experimentId":"1","newName":"f"})"), "{}");
  EXPECT_EQ(json_of(api_.get("experiments/get-by-name?experiment_name=f"))
                .find("experiment")
                ->string_at("artifact_location")
                .value(),
            "s3://b/x");
}

TEST_F(ExperimentRoutes, AreServedUnderAjaxToo) {
  EXPECT_EQ(api_.get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=0"),
            api_.get("/api/2.0/mlflow/experiments/get?experiment_id=0"));
}

TEST_F(ExperimentRoutes, DefaultIsThere) {
  const codec::Json found = json_of(api_.get("experiments/get?experiment_id=0"));
  EXPECT_EQ(found.find("experiment")->string_at("name").value(), "Default");
}

TEST_F(ExperimentRoutes, SayWhatIsMissingOrUnknown) {
  EXPECT_EQ(api_.post("experiments/create", "{}"),
            "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for "
            "more information about "
            "request parameters.");
  EXPECT_THAT(api_.post("experiments/create", R"({"name":123})"),
              StartsWith("400 INVALID_PARAMETER_VALUE: Invalid value 123 for parameter 'name' supplied: "));
  EXPECT_EQ(api_.get("experiments/get?experiment_id=77777"),
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=77777 exists");
  EXPECT_EQ(
      api_.get("experiments/get?experiment_id=abc"),
      "400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
  EXPECT_THAT(api_.get("experiments/get?experiment_id=99999999999999999999"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(api_.get("experiments/get-by-name?experiment_name=no"),
            "404 RESOURCE_DOES_NOT_EXIST: Could not find experiment with name 'no'");
  EXPECT_THAT(
      api_.post("experiments/update", R"({"experiment_id":"0"})"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'new_name'. See"));
}

TEST_F(ExperimentRoutes, NamesAreUniqueAmongDeletedOnesToo) {
  const std::string body = R"({"name":"e"})";
  EXPECT_EQ(api_.post("experiments/create", body), R"({"experiment_id":"1"})");
  const std::string start = "400 RESOURCE_ALREADY_EXISTS: Experiment(name=e) already exists. Error: ";
  EXPECT_THAT(api_.post("experiments/create", body), StartsWith(start));
  EXPECT_EQ(api_.post("experiments/delete", R"({"experiment_id":"1"})"), "{}");
  EXPECT_THAT(api_.post("experiments/create", body), StartsWith(start));
  EXPECT_EQ(api_.post("experiments/create", R"({"name":"f"})"), R"({"experiment_id":"2"})");
  EXPECT_THAT(api_.post("experiments/update", R"({"experiment_id":"2","new_name":"e"})"), StartsWith(start));
}

TEST_F(ExperimentRoutes, DeleteAndRestoreTakeTheRunsAlong) {
  api_.post("experiments/create", R"({"name":"e"})");
  const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"1"})"));
  const std::string run_id = made.find("run")->find("info")->string_at("run_id").value();
  const auto stage = [&] {
    const codec::Json run = json_of(api_.get("runs/get?run_id=" + run_id));
    return run.find("run")->find("info")->string_at("lifecycle_stage").value();
  };
  EXPECT_EQ(api_.post("experiments/delete", R"({"experiment_id":"1"})"), "{}");
  EXPECT_EQ(stage(), "deleted");
  EXPECT_EQ(api_.post("experiments/delete", R"({"experiment_id":"1"})"),
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=1 exists");
  EXPECT_EQ(api_.post("runs/create", R"({"experiment_id":"1"})"),
            "400 INVALID_PARAMETER_VALUE: The experiment 1 must be in the 'active' state. Current state is "
            "deleted.");
  EXPECT_EQ(api_.post("experiments/update", R"({"experiment_id":"1","new_name":"z"})"),
            "400 INVALID_PARAMETER_VALUE: Cannot rename a non-active experiment.");
  EXPECT_EQ(api_.post("experiments/set-experiment-tag", R"({"experiment_id":"1","key":"k"})"),
            "400 INVALID_PARAMETER_VALUE: The experiment 1 must be in the 'active' state. Current state is "
            "deleted.");
  EXPECT_EQ(api_.post("experiments/restore", R"({"experiment_id":"1"})"), "{}");
  EXPECT_EQ(stage(), "active");
  EXPECT_EQ(api_.post("experiments/restore", R"({"experiment_id":"1"})"),
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=1 exists");
}

TEST_F(ExperimentRoutes, ChangesShowInTheUpdateTime) {
  api_.post("experiments/create", R"({"name":"e"})");
  api_.clock().advance(5);
  api_.post("experiments/update", R"({"experiment_id":"1","new_name":"f"})");
  const codec::Json found = json_of(api_.get("experiments/get?experiment_id=1"));
  EXPECT_EQ(found.find("experiment")->int_at("last_update_time").value(), 1'000'005'000);
  EXPECT_EQ(found.find("experiment")->int_at("creation_time").value(), 1'000'000'000);
}

TEST_F(ExperimentRoutes, TagsAreSetAndDeleted) {
  EXPECT_EQ(api_.post("experiments/set-experiment-tag", R"({"experiment_id":"0","key":"k","value":"1"})"),
            "{}");
  EXPECT_EQ(api_.post("experiments/set-experiment-tag", R"({"experiment_id":"0","key":"k","value":"2"})"),
            "{}");
  EXPECT_NE(api_.get("experiments/get?experiment_id=0").find(R"("tags":[{"key":"k","value":"2"}])"),
            std::string::npos);
  EXPECT_EQ(api_.post("experiments/delete-experiment-tag", R"({"experiment_id":"0","key":"k"})"), "{}");
  EXPECT_EQ(api_.post("experiments/delete-experiment-tag", R"({"experiment_id":"0","key":"k"})"),
            "404 RESOURCE_DOES_NOT_EXIST: No tag with name: k in experiment with id 0");
}

TEST_F(ExperimentRoutes, RefuseTagsThatAreTooLongOrBadlyNamed) {
  const auto set = [&](const std::string& key, const std::string& value) {
    return api_.post("experiments/set-experiment-tag",
                     fmt::format(R"({{"experiment_id":"0","key":"{}","value":"{}"}})", key, value));
  };
  EXPECT_EQ(set("k", std::string(20'000, 'v')), "{}");
  EXPECT_EQ(set("k", std::string(20'001, 'v')),
            "400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 20000 characters");
  EXPECT_EQ(set(std::string(251, 'k'), "v"),
            "400 INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(
      set("a b/../c", "v"),
      "400 INVALID_PARAMETER_VALUE: Invalid value \"a b/../c\" for parameter 'key' supplied: Names may be "
      "treated as files in "
      "certain cases, and must not resolve to other names when treated as such. This name would resolve "
      "to 'c'");
  EXPECT_THAT(set("k", "\\u0000"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(set("k\\u0000", "v"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(set(std::string(10'000'000, 'k'), "v"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
}

TEST_F(ExperimentRoutes, ABadTagStoresNothing) {
  EXPECT_THAT(api_.post("experiments/create", R"({"name":"e","tags":[{"key":"ok"},{"key":"no*"}]})"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(api_.get("experiments/get-by-name?experiment_name=e"),
            "404 RESOURCE_DOES_NOT_EXIST: Could not find experiment with name 'e'");
}

TEST_F(ExperimentRoutes, ArtifactLocationsThatLeadElsewhereAreRefused) {
  EXPECT_EQ(
      refusal_of_location("http://h/x"),
      "400 INVALID_PARAMETER_VALUE: 'artifact_location' cannot use the 'http' scheme: the 'http' scheme "
      "addresses a host other "
      "than the tracking server's configured artifact storage, so the server would connect to the host "
      "named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on "
      "the server to allow it.");
  EXPECT_EQ(refusal_of_location("s3://b/x#f"),
            "400 INVALID_PARAMETER_VALUE: 'artifact_location' URL can't include fragments or params.");
  EXPECT_EQ(refusal_of_location("/x;p"),
            "400 INVALID_PARAMETER_VALUE: 'artifact_location' URL can't include fragments or params.");
  EXPECT_EQ(refusal_of_location("s3://b/x?q=../a"), "400 INVALID_PARAMETER_VALUE: Invalid query string");
  EXPECT_EQ(refusal_of_location("s3://b/x?q=%252e%252e/a"),
            "400 INVALID_PARAMETER_VALUE: Invalid query string");
  EXPECT_EQ(refusal_of_location("runs:/x"),
            "400 INVALID_PARAMETER_VALUE: Artifact location cannot be a runs:/ URI. Given: 'runs:/x'");
  EXPECT_THAT(refusal_of_location("file://host/x"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(refusal_of_location("/" + std::string(2048, 'x')),
            "400 INVALID_PARAMETER_VALUE: Invalid artifact path length. The length of the artifact path "
            "cannot be greater than 2048 "
            "characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH "
            "environment variable.");
}

TEST_F(ExperimentRoutes, RelativeArtifactLocationsBecomeAbsolute) {
  EXPECT_EQ(location_of("s3://b/x?q=a/"), "s3://b/x?q=a/");
  EXPECT_EQ(location_of("s3://b/x;p"), "s3://b/x;p");
  EXPECT_EQ(location_of("/abs/dir"), "/abs/dir");
  EXPECT_EQ(location_of("file:///abs"), "file:///abs");
  const std::string relative = location_of("./rel/dir");
  EXPECT_TRUE(relative.starts_with("/") && relative.ends_with("/rel/dir") &&
              relative.find("/./") == std::string::npos)
      << relative;
  const std::string file = location_of("file:rel");
  EXPECT_TRUE(file.starts_with("file:///") && file.ends_with("/rel")) << file;
}

TEST_F(ExperimentRoutes, CustomViewsAreLimited) {
  for (int i = 0; i < 50; ++i) {
    const std::string body =
        fmt::format(R"({{"experiment_id":"0","key":"mlflow.customView.view{}","value":"v"}})", i);
    ASSERT_EQ(api_.post("experiments/set-experiment-tag", body), "{}");
  }
  EXPECT_EQ(api_.post("experiments/set-experiment-tag",
                      R"({"experiment_id":"0","key":"mlflow.customView.view1","value":"w"})"),
            "{}");
  EXPECT_EQ(api_.post("experiments/set-experiment-tag",
                      R"({"experiment_id":"0","key":"mlflow.customView.view50","value":"v"})"),
            "400 INVALID_PARAMETER_VALUE: Unable to create another custom view for experiment 0; the maximum "
            "number of custom views per "
            "experiment is 50. Delete an existing custom view before creating a new one.");
}

}  // namespace
}  // namespace starcast::tracking::api
