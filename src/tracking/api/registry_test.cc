#include "tracking/api/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tracking/api/registry_json.h"
#include "tracking/model_versions.h"
#include "tracking/registered_models.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kDocs = " See the API docs for more information about request parameters.";

class Registry : public testing::Test {
 protected:
  Registry() {
    add_registry_routes(caller_.mount(), caller_.store());
    caller_.execute(
        "INSERT INTO runs (run_uuid, experiment_id, artifact_uri, lifecycle_stage) VALUES "
        "('aaaabbbbccccddddaaaabbbbccccdddd', 0, "
        "'mlflow-artifacts:/0/aaaabbbbccccddddaaaabbbbccccdddd/artifacts', "
        "'active')");
    caller_.execute(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage, source_run_id) VALUES ('m-1', 0, 'x', "
        "'mlflow-artifacts:/0/models/m-1/artifacts', 1, 1, 2, 'active', 'aaaabbbbccccddddaaaabbbbccccdddd')");
  }

  void make_model(const std::string& name = "m") {
    ASSERT_THAT(caller_.post("registered-models/create", R"({"name":")" + name + "\"}"), StartsWith("{"));
  }

  // A version of model m, in a bucket.
  void make_version(const std::string& name = "m") {
    ASSERT_THAT(caller_.post("model-versions/create", R"({"name":")" + name + R"(","source":"s3://b/x"})"),
                StartsWith("{"));
  }

  std::string create_from(const std::string& source, const std::string& more = "") {
    return caller_.post("model-versions/create", R"({"name":"m","source":")" + source + "\"" + more + "}");
  }

  std::string stage(const std::string& version, const std::string& stage,
                    const std::string& archive = "false") {
    return caller_.post("model-versions/transition-stage",
                        R"({"name":"m","version":")" + version + R"(","stage":")" + stage +
                            R"(","archive_existing_versions":)" + archive + "}");
  }

  std::string set_alias(const std::string& alias, const std::string& version) {
    return caller_.post("registered-models/alias",
                        R"({"name":"m","alias":")" + alias + R"(","version":")" + version + "\"}");
  }

  ApiCaller caller_;
};

// ---- Registered models

TEST_F(Registry, CreatesAModelWithoutTheFieldsItHasNot) {
  const std::int64_t now = caller_.store().now_ms();

  const std::string answer = caller_.post("registered-models/create", R"({"name":"m"})");

  EXPECT_EQ(answer, R"({"registered_model":{"name":"m","creation_timestamp":)" + std::to_string(now) +
                        R"(,"last_updated_timestamp":)" + std::to_string(now) + "}}");
}

TEST_F(Registry, KeepsTheLastOfEqualTags) {
  const std::string answer = caller_.post(
      "registered-models/create",
      R"({"name":"m","description":"d","tags":[{"key":"a","value":"1"},{"key":"b"},{"key":"a","value":"2"}]})");

  EXPECT_THAT(answer,
              HasSubstr(R"("description":"d","tags":[{"key":"a","value":"2"},{"key":"b","value":""}])"));
}

TEST_F(Registry, RefusesAModelThatIsThere) {
  make_model();

  EXPECT_EQ(caller_.post("registered-models/create", R"({"name":"m"})"),
            "400 RESOURCE_ALREADY_EXISTS: Registered Model (name=m) already exists.");
}

TEST_F(Registry, TellsModelsFromPromptsOfTheSameName) {
  make_model();
  const std::string prompt = R"(,"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]})";
  ASSERT_THAT(caller_.post("registered-models/create", R"({"name":"p")" + prompt), StartsWith("{"));

  EXPECT_EQ(caller_.post("registered-models/create", R"({"name":"m")" + prompt),
            "400 RESOURCE_ALREADY_EXISTS: Tried to create a prompt with name 'm', but the name is already "
            "taken by a "
            "registered model. MLflow does not allow creating a model and a prompt with the same name.");
  EXPECT_EQ(caller_.post("registered-models/create", R"({"name":"p"})"),
            "400 RESOURCE_ALREADY_EXISTS: Tried to create a registered model with name 'p', but the name is "
            "already "
            "taken by a prompt. MLflow does not allow creating a model and a prompt with the same name.");
  EXPECT_EQ(caller_.post("registered-models/create", R"({"name":"p")" + prompt),
            "400 RESOURCE_ALREADY_EXISTS: Prompt (name=p) already exists.");
}

TEST_F(Registry, RefusesBadModelNames) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"name":"/var/anything/test"})",
       "Invalid model name '/var/anything/test'. Names cannot contain '/' or ':'."},  // U03
      {R"({"name":"a:b"})", "Invalid model name 'a:b'. Names cannot contain '/' or ':'."},
      {R"({"name":" "})", "Missing value for required parameter 'name'."},
      {R"({"name":""})", "Missing value for required parameter 'name'." + std::string(kDocs)},
      {R"({})", "Missing value for required parameter 'name'." + std::string(kDocs)},
      {R"({"name":".."})",
       "Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files in certain cases, "
       "and must "
       "not resolve to other names when treated as such. This name would resolve to '..'"},
      {R"({"name":"x","tags":[{"value":"1"}]})",
       "Invalid value \"\" for parameter 'key' supplied: Names may be treated as files in certain cases, and "
       "must not "
       "resolve to other names when treated as such. This name would resolve to '.'"},
  };
  for (const auto& [body, message] : rows) {
    EXPECT_EQ(caller_.post("registered-models/create", body), "400 INVALID_PARAMETER_VALUE: " + message);
  }
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM registered_models"), "0");
}

TEST_F(Registry, KeepsNamesThatAreEqualOnlyWhenDecoded) {  // U18
  make_model("foo%31");
  make_model("foo1");
  caller_.post("registered-models/set-tag", R"({"name":"foo%31","key":"k","value":"v"})");

  EXPECT_THAT(caller_.get("registered-models/get?name=foo%2531"), HasSubstr(R"("value":"v")"));
  EXPECT_THAT(caller_.get("registered-models/get?name=foo1"), Not(HasSubstr(R"("value":"v")")));
}

TEST_F(Registry, DoesNotFindAModelThatIsNotThere) {
  const std::string missing = "404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=n not found";

  EXPECT_EQ(caller_.get("registered-models/get?name=n"), missing);
  EXPECT_EQ(caller_.patch("registered-models/update", R"({"name":"n"})"), missing);
  EXPECT_EQ(caller_.post("registered-models/rename", R"({"name":"n","new_name":"o"})"), missing);
  EXPECT_EQ(caller_.remove("registered-models/delete", R"({"name":"n"})"), missing);
  EXPECT_EQ(caller_.post("registered-models/set-tag", R"({"name":"n","key":"k","value":"v"})"), missing);
  EXPECT_EQ(caller_.remove("registered-models/delete-tag", R"({"name":"n","key":"k"})"), missing);
  EXPECT_EQ(caller_.post("registered-models/get-latest-versions", R"({"name":"n"})"), missing);
  EXPECT_EQ(caller_.get("registered-models/alias?name=n&alias=a"), missing);
  EXPECT_EQ(caller_.remove("registered-models/alias", R"({"name":"n","alias":"a"})"), missing);
}

TEST_F(Registry, TakesTheDescriptionAwayWhenAnUpdateHasNone) {
  make_model();

  EXPECT_THAT(caller_.patch("registered-models/update", R"({"name":"m","description":"d"})"),
              HasSubstr(R"("description":"d")"));
  EXPECT_THAT(caller_.patch("registered-models/update", R"({"name":"m"})"), Not(HasSubstr("description")));
}

TEST_F(Registry, SetsAndDeletesTagsOfModels) {
  make_model();

  EXPECT_EQ(caller_.post("registered-models/set-tag", R"({"name":"m","key":"k","value":"v"})"), "{}");
  EXPECT_EQ(caller_.post("registered-models/set-tag", R"({"name":"m","key":"k"})"), "{}");
  EXPECT_THAT(caller_.get("registered-models/get?name=m"), HasSubstr(R"("tags":[{"key":"k","value":""}])"));
  EXPECT_EQ(caller_.remove("registered-models/delete-tag", R"({"name":"m","key":"k"})"), "{}");
  EXPECT_EQ(caller_.remove("registered-models/delete-tag", R"({"name":"m","key":"k"})"), "{}");
  EXPECT_THAT(caller_.get("registered-models/get?name=m"), Not(HasSubstr("tags")));
}

TEST_F(Registry, LimitsTags) {
  make_model();
  const std::string key = R"({"name":"m","key":")" + std::string(251, 'k') + R"(","value":"v"})";
  const std::string value = R"({"name":"m","key":"k","value":")" + std::string(100'001, 'v') + R"("})";

  EXPECT_EQ(caller_.post("registered-models/set-tag", key),
            "400 INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(caller_.post("registered-models/set-tag", value),
            "400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 100000 characters");
}

TEST_F(Registry, RenamesVersionsTagsAndAliasesAlong) {
  make_model();
  make_version();
  caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"k","value":"v"})");
  caller_.post("registered-models/set-tag", R"({"name":"m","key":"k2","value":"v2"})");
  set_alias("champion", "1");

  EXPECT_THAT(caller_.post("registered-models/rename", R"({"name":"m","new_name":"n"})"),
              StartsWith(R"({"registered_model":{"name":"n")"));
  const std::string version = caller_.get("registered-models/alias?name=n&alias=champion");
  EXPECT_THAT(version, HasSubstr(R"("name":"n","version":"1")"));
  EXPECT_THAT(version, HasSubstr(R"("tags":[{"key":"k","value":"v"}])"));
  EXPECT_THAT(caller_.get("registered-models/get?name=n"), HasSubstr(R"({"key":"k2","value":"v2"})"));
  EXPECT_THAT(caller_.get("registered-models/get?name=m"), StartsWith("404"));
}

TEST_F(Registry, RefusesBadNewNames) {
  make_model();
  make_model("n");

  EXPECT_EQ(caller_.post("registered-models/rename", R"({"name":"m","new_name":"n"})"),
            "400 RESOURCE_ALREADY_EXISTS: Registered Model (name=n) already exists.");
  EXPECT_EQ(caller_.post("registered-models/rename", R"({"name":"m","new_name":"a/b"})"),
            "400 INVALID_PARAMETER_VALUE: Invalid model name 'a/b'. Names cannot contain '/' or ':'.");
  EXPECT_EQ(caller_.post("registered-models/rename", R"({"name":"m","new_name":" "})"),
            "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'new_name'.");
  EXPECT_EQ(
      caller_.post("registered-models/rename", R"({"name":"m"})"),
      "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'new_name'." + std::string(kDocs));
  EXPECT_THAT(caller_.post("registered-models/rename", R"({"name":"m","new_name":"m"})"), StartsWith("{"));
}

TEST_F(Registry, DeletesAModelWithAllThatBelongsToIt) {
  make_model();
  make_version();
  caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"k","value":"v"})");
  caller_.post("registered-models/set-tag", R"({"name":"m","key":"k","value":"v"})");
  set_alias("champion", "1");

  EXPECT_EQ(caller_.remove("registered-models/delete", R"({"name":"m"})"), "{}");

  for (const char* table : {"registered_models", "registered_model_tags", "registered_model_aliases",
                            "model_versions", "model_version_tags"}) {
    EXPECT_EQ(caller_.value(std::string("SELECT COUNT(*) FROM ") + table), "0") << table;
  }
}

TEST_F(Registry, GivesTheLatestVersionOfEachStage) {
  make_model();
  for (int i = 0; i < 4; ++i) make_version();
  stage("1", "Production");
  stage("2", "production");
  stage("3", "Staging");
  set_alias("champion", "2");

  const std::string all = caller_.get("registered-models/get-latest-versions?name=m");
  EXPECT_THAT(all, HasSubstr(R"("version":"2")"));
  EXPECT_THAT(all, HasSubstr(R"("aliases":["champion"])"));
  EXPECT_THAT(all, HasSubstr(R"("version":"3")"));
  EXPECT_THAT(all, HasSubstr(R"("version":"4")"));
  EXPECT_THAT(all, Not(HasSubstr(R"("version":"1")")));
  const std::string some =
      caller_.get("registered-models/get-latest-versions?name=m&stages=none&stages=Staging");
  EXPECT_THAT(some, Not(HasSubstr(R"("version":"2")")));
  EXPECT_THAT(some, HasSubstr(R"("version":"3")"));
  EXPECT_EQ(caller_.post("registered-models/get-latest-versions", R"({"name":"m","stages":["Archived"]})"),
            "{}");
  EXPECT_EQ(
      caller_.post("registered-models/get-latest-versions", R"({"name":"m","stages":["x"]})"),
      "400 INVALID_PARAMETER_VALUE: Invalid Model Version stage: x. Value must be one of None, Staging, "
      "Production, Archived.");
}

TEST_F(Registry, ShowsAModelWithLatestVersionsTagsAndAliases) {
  make_model();
  make_version();
  make_version();
  set_alias("b", "2");
  set_alias("a", "1");

  const std::string answer = caller_.get("registered-models/get?name=m");

  EXPECT_THAT(answer, HasSubstr(R"("latest_versions":[{"name":"m","version":"2")"));
  EXPECT_THAT(answer, HasSubstr(R"("aliases":[{"alias":"a","version":"1"},{"alias":"b","version":"2"}])"));
}

TEST_F(Registry, MovesAnAlias) {
  make_model();
  make_version();
  make_version();

  EXPECT_EQ(set_alias("champion", "1"), "{}");
  EXPECT_EQ(set_alias("champion", "2"), "{}");
  EXPECT_EQ(set_alias("again", "2"), "{}");

  const std::string answer = caller_.get("registered-models/alias?name=m&alias=champion");
  EXPECT_THAT(answer, HasSubstr(R"("version":"2")"));
  EXPECT_THAT(answer, HasSubstr(R"("aliases":["again","champion"])"));
}

TEST_F(Registry, AnswersTheNewestVersionForTheAliasLatest) {
  make_model();
  EXPECT_EQ(caller_.get("registered-models/alias?name=m&alias=latest"),
            "404 RESOURCE_DOES_NOT_EXIST: Latest version not found for model m.");
  make_version();
  make_version();
  make_version();
  caller_.remove("model-versions/delete", R"({"name":"m","version":"3"})");
  stage("2", "Archived");

  EXPECT_THAT(caller_.get("registered-models/alias?name=m&alias=LATEST"), HasSubstr(R"("version":"2")"));
}

TEST_F(Registry, RefusesBadAliases) {
  make_model();
  make_version();

  EXPECT_EQ(set_alias("Latest", "1"),
            "400 INVALID_PARAMETER_VALUE: 'latest' alias name (case insensitive) is reserved.");
  EXPECT_EQ(set_alias("V3", "1"), "400 INVALID_PARAMETER_VALUE: Version alias name 'V3' is reserved.");
  EXPECT_EQ(set_alias("a b", "1"),
            "400 INVALID_PARAMETER_VALUE: Invalid alias name: 'a b'. Names may only contain alphanumerics, "
            "underscores (_), and dashes (-).");
  EXPECT_EQ(set_alias(std::string(256, 'a'), "1"),
            "400 INVALID_PARAMETER_VALUE: 'Registered model alias name' exceeds the maximum length of 255 "
            "characters");
  EXPECT_EQ(set_alias("ok", "9"), "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=m, version=9) not found");
  EXPECT_EQ(set_alias("ok", "abc"),
            "400 INVALID_PARAMETER_VALUE: Parameter 'version' must be an integer, got 'abc'.");
}

TEST_F(Registry, AnswersAMissingAliasAsABadParameter) {
  make_model();

  EXPECT_EQ(caller_.get("registered-models/alias?name=m&alias=none"),
            "400 INVALID_PARAMETER_VALUE: Registered model alias none not found.");
  EXPECT_EQ(caller_.get("registered-models/alias?name=m&alias=v1"),
            "400 INVALID_PARAMETER_VALUE: Registered model alias v1 not found.");
}

TEST_F(Registry, DeletesAliases) {
  make_model();
  make_version();
  set_alias("champion", "1");

  EXPECT_EQ(caller_.remove("registered-models/alias", R"({"name":"m","alias":"champion"})"), "{}");
  EXPECT_EQ(caller_.remove("registered-models/alias", R"({"name":"m","alias":"champion"})"), "{}");
  EXPECT_EQ(caller_.remove("registered-models/alias", R"({"name":"m","alias":"v1"})"), "{}");
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM registered_model_aliases"), "0");
}

// ---- Versions

TEST_F(Registry, CreatesAVersionWithEmptyTextsForWhatItHasNot) {
  make_model();
  const std::string now = std::to_string(caller_.store().now_ms());

  EXPECT_EQ(
      create_from("s3://b/x"),
      R"({"model_version":{"name":"m","version":"1","creation_timestamp":)" + now +
          R"(,"last_updated_timestamp":)" + now +
          R"(,"current_stage":"None","description":"","source":"s3://b/x","run_id":"","status":"READY",)" +
          R"("run_link":""}})");
}

TEST_F(Registry, CreatesAVersionWithAllItsFields) {
  make_model();

  const std::string answer = create_from(
      "mlflow-artifacts:/0/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/model",
      R"(,"runId":"aaaabbbbccccddddaaaabbbbccccdddd","run_link":"http://x","description":"d","tags":[{"key":"a","value":"1"}])");

  EXPECT_THAT(answer, HasSubstr(R"("description":"d","source":"mlflow-artifacts:/0/)"));
  EXPECT_THAT(
      answer,
      HasSubstr(R"("run_id":"aaaabbbbccccddddaaaabbbbccccdddd","status":"READY","tags":[{"key":"a",)"));
  EXPECT_THAT(answer, HasSubstr(R"("run_link":"http://x"})"));
}

TEST_F(Registry, NeverGivesANumberTwice) {
  make_model();
  make_version();
  make_version();
  caller_.remove("model-versions/delete", R"({"name":"m","version":"2"})");

  EXPECT_THAT(create_from("s3://b/x"), HasSubstr(R"("version":"3")"));
}

TEST_F(Registry, TouchesTheModelWithEachNewVersion) {
  make_model();
  caller_.clock().advance(1.0);

  make_version();

  EXPECT_EQ(caller_.value("SELECT last_updated_time - creation_time FROM registered_models"), "1000");
}

TEST_F(Registry, RefusesSourcesOutsideTheirOwner) {
  make_model();
  const std::string with_run = R"(,"run_id":"aaaabbbbccccddddaaaabbbbccccdddd")";
  const std::string owner =
      "The run_id request parameter must identify the resource that contains the source.";
  const std::string source = "mlflow-artifacts:/0/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/model";

  EXPECT_EQ(create_from(source),
            "400 INVALID_PARAMETER_VALUE: Invalid model version source: '" + source + "'. " + owner);
  EXPECT_THAT(create_from(source, R"(,"run_id":"zz")"), HasSubstr(owner));
  EXPECT_THAT(create_from("/var", with_run),
              HasSubstr("To use a local path as a model version source"));  // U02
  EXPECT_THAT(create_from("http://h/x", with_run), HasSubstr("'source' cannot use the 'http' scheme"));
  EXPECT_THAT(create_from("models:/m-1"), HasSubstr("The model_id request parameter must identify"));
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM model_versions"), "0");
}

TEST_F(Registry, TakesLocalSourcesInsideTheRunOnly) {
  make_model();
  caller_.execute(
      "INSERT INTO runs (run_uuid, experiment_id, artifact_uri, lifecycle_stage) VALUES ('local', 0, "
      "'/srv/mlruns/0/local/artifacts', 'active')");

  EXPECT_THAT(create_from("/srv/mlruns/0/local/artifacts/model", R"(,"run_id":"local")"), StartsWith("{"));
  EXPECT_THAT(create_from("/srv/mlruns/0/local/artifacts/model/../..", R"(,"run_id":"local")"),
              StartsWith("400"));
}

TEST_F(Registry, LetsTheOperatorAllowAScheme) {
  ApiCaller caller;
  add_registry_routes(caller.mount(), caller.store(), SourceOptions{{"hdfs"}, {}});
  caller.post("registered-models/create", R"({"name":"m"})");

  EXPECT_THAT(caller.post("model-versions/create", R"({"name":"m","source":"hdfs://n/x"})"), StartsWith("{"));
}

TEST_F(Registry, StoresWhereALoggedModelsFilesAre) {
  make_model();

  const std::string answer = create_from("models:/m-1", R"(,"model_id":"m-1")");

  EXPECT_THAT(answer, HasSubstr(R"("source":"models:/m-1","run_id":"aaaabbbbccccddddaaaabbbbccccdddd")"));
  EXPECT_THAT(answer, Not(HasSubstr("model_id")));
  EXPECT_EQ(caller_.get("model-versions/get-download-uri?name=m&version=1"),
            R"({"artifact_uri":"mlflow-artifacts:/0/models/m-1/artifacts"})");
}

TEST_F(Registry, TellsTheLoggedModelOfItsVersions) {
  make_model();
  create_from("models:/m-1", R"(,"model_id":"m-1")");
  create_from("mlflow-artifacts:/0/models/m-1/artifacts", R"(,"model_id":"m-1")");
  create_from("s3://b/x", R"(,"model_id":"m-1")");

  EXPECT_EQ(caller_.value("SELECT tag_value FROM logged_model_tags WHERE tag_key = 'mlflow.modelVersions'"),
            R"([{"name": "m", "version": 1}, {"name": "m", "version": 2}, {"name": "m", "version": 3}])");
}

TEST_F(Registry, RefusesALoggedModelThatIsNotThere) {
  make_model();

  EXPECT_EQ(create_from("models:/m-0", R"(,"model_id":"m-0")"),
            "400 INVALID_PARAMETER_VALUE: Unable to fetch model from model URI source artifact location "
            "'models:/m-0'. "
            "Error: Logged model with ID 'm-0' not found.");
  EXPECT_EQ(create_from("s3://b/x", R"(,"model_id":"m-0")"),
            "404 RESOURCE_DOES_NOT_EXIST: Logged model with ID 'm-0' not found.");
  EXPECT_THAT(create_from("mlflow-artifacts:/0/models/m-1/artifacts", R"(,"model_id":"m-0")"),
              HasSubstr("The model_id request parameter must identify the resource"));
}

TEST_F(Registry, FollowsASourceThatIsAVersion) {
  make_model();
  create_from("models:/m-1", R"(,"model_id":"m-1")");
  make_model("copy");
  const std::string body = R"({"name":"copy","source":"models:/m/)";

  EXPECT_THAT(caller_.post("model-versions/create", body + R"(latest"})"),
              HasSubstr(R"("source":"models:/m/1","run_id":"aaaabbbbccccddddaaaabbbbccccdddd")"));
  EXPECT_EQ(caller_.get("model-versions/get-download-uri?name=copy&version=1"),
            R"({"artifact_uri":"mlflow-artifacts:/0/models/m-1/artifacts"})");
  EXPECT_THAT(
      caller_.post("model-versions/create", body + R"(1","run_id":""})"),
      HasSubstr("The run_id and model_id request parameters must match the referenced model version."));
  EXPECT_THAT(caller_.post("model-versions/create", body + R"(1","model_id":"m-1"})"), StartsWith("400"));
  EXPECT_EQ(caller_.post("model-versions/create", body + R"(9"})"),
            "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=m, version=9) not found");
  EXPECT_EQ(caller_.post("model-versions/create", body + R"(Staging"})"),
            "400 INVALID_PARAMETER_VALUE: No versions of model with name 'm' and stage 'Staging' found");
}

TEST_F(Registry, FollowsASourceThatIsAnAliasOrAStage) {
  make_model();
  make_version();
  make_version();
  set_alias("champion", "1");
  stage("2", "Staging");

  EXPECT_THAT(create_from("models:/m@champion"), HasSubstr(R"("source":"models:/m/1")"));
  EXPECT_THAT(create_from("models:/m/staging"), HasSubstr(R"("source":"models:/m/2")"));
  EXPECT_EQ(create_from("models:/m@none"),
            "400 INVALID_PARAMETER_VALUE: Registered model alias none not found.");
  EXPECT_EQ(create_from("models:/nope/1"),
            "404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=nope not found");
  EXPECT_EQ(create_from("models://host/m/1"),
            "400 INVALID_PARAMETER_VALUE: Invalid model version source: 'models://host/m/1'. Registered "
            "model sources "
            "must use the active model registry.");
}

TEST_F(Registry, TakesPlaceholdersForPromptsOnly) {
  make_model();
  const std::string prompt = R"(,"tags":[{"key":"mlflow.prompt.is_prompt","value":"True"},)"
                             R"({"key":"mlflow.prompt.text","value":"hi {{x}}"}])";

  EXPECT_THAT(create_from("prompt-template", prompt), HasSubstr(R"("source":"prompt-template","run_id":"")"));
  EXPECT_EQ(create_from("/etc", prompt),
            "400 INVALID_PARAMETER_VALUE: Invalid prompt source: '/etc'. Prompt sources must use an MLflow "
            "placeholder.");
  EXPECT_THAT(create_from("prompt-template"), StartsWith("400 INVALID_PARAMETER_VALUE"));
}

TEST_F(Registry, RefusesPromptsAsSourcesOfModels) {
  make_model();
  caller_.post("registered-models/create",
               R"({"name":"p","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]})");

  EXPECT_EQ(create_from("models:/p/1"),
            "400 INVALID_PARAMETER_VALUE: Invalid model version source: 'models:/p/1'. Prompt versions "
            "cannot be used "
            "as model version sources.");
}

TEST_F(Registry, RefusesLongPromptsByName) {
  make_model();
  const std::string text(100'001, 'x');

  EXPECT_EQ(
      caller_.post("model-versions/set-tag",
                   R"({"name":"m","version":"1","key":"mlflow.prompt.text","value":")" + text + R"("})"),
      "400 INVALID_PARAMETER_VALUE: Prompt text exceeds max length of 100000 characters.");
}

TEST_F(Registry, StoresNothingOfARefusedVersion) {
  EXPECT_EQ(create_from("s3://b/x"), "404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=m not found");
  make_model();
  EXPECT_THAT(create_from("s3://b/x", R"(,"tags":[{"key":"..","value":"1"}])"), StartsWith("400"));
  EXPECT_THAT(create_from("s3://b/x", R"(,"tags":"x")"), StartsWith("400"));
  EXPECT_THAT(create_from("s3://b/x", R"(,"description":7)"), StartsWith("400"));
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM model_versions"), "0");
}

TEST_F(Registry, TellsAMissingDescriptionFromAnEmptyOne) {
  make_model();
  make_version();

  EXPECT_THAT(caller_.patch("model-versions/update", R"({"name":"m","version":"1","description":"d"})"),
              HasSubstr(R"("description":"d")"));
  EXPECT_THAT(caller_.patch("model-versions/update", R"({"name":"m","version":"1","description":""})"),
              HasSubstr(R"("description":"")"));
  EXPECT_THAT(caller_.patch("model-versions/update", R"({"name":"m","version":"1"})"),
              Not(HasSubstr("description")));
}

TEST_F(Registry, MovesAVersionToAStageGivenInAnyCase) {
  make_model();
  make_version();
  caller_.clock().advance(1.0);

  EXPECT_THAT(stage("1", "pRODUCTION"), HasSubstr(R"("current_stage":"Production")"));
  EXPECT_EQ(caller_.value("SELECT last_updated_time - creation_time FROM registered_models"), "1000");
}

TEST_F(Registry, ArchivesOtherVersionsOfAnActiveStageOnly) {
  make_model();
  for (int i = 0; i < 3; ++i) make_version();
  stage("1", "Production");
  stage("2", "Staging");

  EXPECT_THAT(stage("3", "Production", "true"), HasSubstr(R"("current_stage":"Production")"));

  EXPECT_THAT(caller_.get("model-versions/get?name=m&version=1"), HasSubstr(R"("current_stage":"Archived")"));
  EXPECT_THAT(caller_.get("model-versions/get?name=m&version=2"), HasSubstr(R"("current_stage":"Staging")"));
  EXPECT_EQ(
      stage("3", "Archived", "true"),
      "400 INVALID_PARAMETER_VALUE: Model version transition cannot archive existing model versions because "
      "'Archived' is not an Active stage. Valid stages are ['Staging', 'Production']");
}

TEST_F(Registry, RefusesBadTransitions) {
  make_model();
  make_version();

  EXPECT_EQ(
      stage("1", "bogus"),
      "400 INVALID_PARAMETER_VALUE: Invalid Model Version stage: bogus. Value must be one of None, Staging, "
      "Production, Archived.");
  EXPECT_EQ(stage("9", "Staging"),
            "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=m, version=9) not found");
  EXPECT_EQ(stage("x", "Staging"),
            "400 INVALID_PARAMETER_VALUE: Parameter 'version' must be an integer, got 'x'.");
  EXPECT_EQ(stage("1", "Deleted_Internal"),
            "400 INVALID_PARAMETER_VALUE: Invalid Model Version stage: Deleted_Internal. Value must be one "
            "of None, "
            "Staging, Production, Archived.");
  EXPECT_EQ(caller_.post("model-versions/transition-stage", R"({"name":"m","version":1,"stage":"Staging"})"),
            "400 INVALID_PARAMETER_VALUE: Invalid value 1 for parameter 'version' supplied:  Hint: Value was "
            "of type "
            "'int'." +
                std::string(kDocs));
}

TEST_F(Registry, RedactsADeletedVersion) {
  make_model();
  create_from("s3://secret/x", R"(,"description":"secret","run_link":"http://secret","run_id":"secret")");
  set_alias("champion", "1");

  EXPECT_EQ(caller_.remove("model-versions/delete", R"({"name":"m","version":"1"})"), "{}");

  EXPECT_EQ(
      caller_.value("SELECT current_stage || '|' || source || '|' || run_id || '|' || run_link || '|' || "
                    "(description IS NULL) FROM model_versions"),
      "Deleted_Internal|REDACTED-SOURCE-PATH|REDACTED-RUN-ID|REDACTED-RUN-LINK|1");
  EXPECT_EQ(caller_.value("SELECT COUNT(*) FROM registered_model_aliases"), "0");
}

TEST_F(Registry, NeverShowsADeletedVersion) {
  make_model();
  make_version();
  caller_.remove("model-versions/delete", R"({"name":"m","version":"1"})");
  const std::string missing = "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=m, version=1) not found";

  EXPECT_EQ(caller_.get("model-versions/get?name=m&version=1"), missing);
  EXPECT_EQ(caller_.get("model-versions/get-download-uri?name=m&version=1"), missing);
  EXPECT_EQ(caller_.patch("model-versions/update", R"({"name":"m","version":"1"})"), missing);
  EXPECT_EQ(caller_.remove("model-versions/delete", R"({"name":"m","version":"1"})"), missing);
  EXPECT_EQ(caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"k","value":"v"})"),
            missing);
  EXPECT_EQ(caller_.remove("model-versions/delete-tag", R"({"name":"m","version":"1","key":"k"})"), missing);
  EXPECT_EQ(set_alias("a", "1"), missing);
  EXPECT_THAT(caller_.get("registered-models/get?name=m"), Not(HasSubstr("latest_versions")));
}

TEST_F(Registry, SetsAndDeletesTagsOfVersions) {
  make_model();
  make_version();

  EXPECT_EQ(caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"k","value":"1"})"),
            "{}");
  EXPECT_EQ(caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"k","value":"2"})"),
            "{}");
  EXPECT_EQ(caller_.post("model-versions/set-tag", R"({"name":"m","version":"1","key":"a"})"), "{}");
  EXPECT_THAT(caller_.get("model-versions/get?name=m&version=1"),
              HasSubstr(R"("tags":[{"key":"a","value":""},{"key":"k","value":"2"}])"));
  EXPECT_EQ(caller_.remove("model-versions/delete-tag", R"({"name":"m","version":"1","key":"k"})"), "{}");
  EXPECT_EQ(caller_.remove("model-versions/delete-tag", R"({"name":"m","version":"1","key":"k"})"), "{}");
  EXPECT_THAT(caller_.get("model-versions/get?name=m&version=1"), Not(HasSubstr(R"("key":"k")")));
}

TEST_F(Registry, NamesTheMissingParameter) {
  const std::string missing = "400 INVALID_PARAMETER_VALUE: Missing value for required parameter '";

  EXPECT_EQ(caller_.get("model-versions/get?name=m"), missing + "version'." + std::string(kDocs));
  EXPECT_EQ(caller_.post("model-versions/create", R"({"name":"m"})"),
            missing + "source'." + std::string(kDocs));
  EXPECT_EQ(caller_.post("registered-models/alias", R"({"name":"m","alias":"a"})"),
            missing + "version'." + std::string(kDocs));
  EXPECT_EQ(caller_.remove("registered-models/delete", "{}"), missing + "name'." + std::string(kDocs));
}

// ---- What search builds on

TEST_F(Registry, LoadsModelsInTheOrderAsked) {
  for (const char* name : {"a", "b", "c"}) make_model(name);
  make_version("b");
  const std::vector<std::string> names = {"c", "none", "b", "a"};

  std::string loaded;
  const core::Result<void> done =
      caller_.store().database().read([&](sql::Session& session) -> core::Result<void> {
        for (const RegisteredModel& model : TRY(load_models(session, names))) {
          loaded += model.name + std::to_string(model.latest_versions.size());
        }
        return {};
      });

  ASSERT_TRUE(done);
  EXPECT_EQ(loaded, "c0b1a0");
}

TEST_F(Registry, LoadsManyVersionsWithTheirTagsInTheOrderAsked) {
  make_model();
  std::vector<VersionKey> keys;
  for (std::int64_t version = 1; version <= 450; ++version) {
    const std::string tag = R"(,"tags":[{"key":"n","value":")" + std::to_string(version) + "\"}]";
    ASSERT_THAT(create_from("s3://b/x", tag), StartsWith("{"));
    keys.insert(keys.begin(), VersionKey{"m", version});
  }
  keys.push_back({"m", 451});
  keys.push_back({"other", 1});

  std::vector<ModelVersion> versions;
  const core::Result<void> done =
      caller_.store().database().read([&](sql::Session& session) -> core::Result<void> {
        versions = TRY(load_versions(session, keys));
        return {};
      });

  ASSERT_TRUE(done);
  ASSERT_EQ(versions.size(), 450U);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    EXPECT_EQ(versions[i].version, keys[i].version);
    ASSERT_EQ(versions[i].tags.size(), 1U);
    EXPECT_EQ(versions[i].tags[0].value, std::to_string(versions[i].version));
  }
}

TEST_F(Registry, WritesWhatTheDatabaseHasNotAsNothing) {
  ModelVersion version;
  version.name = "m";
  version.version = 7;

  std::string out;
  append_json(out, version);

  EXPECT_EQ(out,
            R"({"name":"m","version":"7","creation_timestamp":0,"last_updated_timestamp":0,"source":""})");
}

TEST_F(Registry, HasEveryRouteUnderBothPrefixes) {
  std::set<std::string> rpcs;
  for (const auto& route : caller_.routes().routes()) {
    rpcs.insert(route->name);
    EXPECT_TRUE(route->pattern.starts_with("/api/2.0/mlflow/") ||
                route->pattern.starts_with("/ajax-api/2.0/mlflow/"));
  }
  EXPECT_EQ(rpcs.size(), 19U);
  EXPECT_EQ(caller_.routes().routes().size(), 40U);
}

}  // namespace
}  // namespace starcast::tracking::api
