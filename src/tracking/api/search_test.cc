#include "tracking/api/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Search : public testing::Test {
 protected:
  Search() { add_search_routes(caller_.mount(), caller_.store()); }

  void add_run(const std::string& id, const std::string& start) {
    caller_.execute(
        "INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, artifact_uri, experiment_id) "
        "VALUES ('" +
        id + "', 'n', 'FINISHED', " + start + ", 'active', 'a', 0)");
  }

  void add_model(const std::string& name) {
    caller_.execute("INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES ('" +
                    name + "', 1, 1)");
    caller_.execute(
        "INSERT INTO model_versions (name, version, creation_time, last_updated_time, current_stage, source, "
        "run_id, status) VALUES ('" +
        name + "', 1, 1, 1, 'None', 's3://b/" + name + "', 'r', 'READY')");
  }

  void add_prompt(const std::string& name) {
    add_model(name);
    caller_.execute(
        "INSERT INTO registered_model_tags (\"key\", value, name) VALUES ('mlflow.prompt.is_prompt', 'true', "
        "'" +
        name + "')");
    caller_.execute(
        "INSERT INTO model_version_tags (\"key\", value, name, version) VALUES ('mlflow.prompt.is_prompt', "
        "'true', '" +
        name + "', 1)");
  }

  void add_logged_model(const std::string& id, const std::string& created) {
    caller_.execute(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage) VALUES ('" +
        id + "', 0, 'n-" + id + "', 'a', " + created + ", 1, 2, 'active')");
  }

  std::string next_token(const std::string& answer) {
    return std::string(codec::parse_json(answer).value().string_at("next_page_token").value());
  }

  ApiCaller caller_;
};

TEST_F(Search, AnswersRunsPageByPage) {
  add_run("a", "2");
  add_run("b", "1");
  const std::string first = caller_.post("runs/search", R"({"experiment_ids":["0"],"max_results":1})");
  const std::string second = caller_.post(
      "runs/search", R"({"experiment_ids":["0"],"max_results":1,"page_token":")" + next_token(first) + "\"}");

  EXPECT_THAT(first, HasSubstr(R"("run_id":"a")"));
  EXPECT_THAT(second, AllOf(HasSubstr(R"("run_id":"b")"), Not(HasSubstr("next_page_token"))));
}

TEST_F(Search, AnswersNoRunsAsAnEmptyObject) {
  EXPECT_EQ(caller_.post("runs/search", R"({"experiment_ids":["0"]})"), "{}");
  EXPECT_EQ(caller_.post("runs/search", "{}"), "{}");
}

TEST_F(Search, RefusesBadRequestsWithMlflowsCode) {
  for (const char* body :
       {R"({"experiment_ids":["0"],"max_results":2147483648})",
        R"({"experiment_ids":["0"],"max_results":-1})", R"({"experiment_ids":["0"],"max_results":"1e3"})",
        R"({"experiment_ids":["x"]})", R"({"experiment_ids":["0"],"page_token":"xx"})",
        R"({"experiment_ids":["0"],"page_token":"eyJvZmZzZXQiOiAwfQ=="})",
        R"({"experiment_ids":["0"],"filter":"metrics.a"})", R"({"experiment_ids":["0"],"filter":5})",
        R"({"experiment_ids":["0"],"run_view_type":"SOME"})",
        R"({"experiment_ids":["0"],"order_by":["a b c"]})"}) {
    EXPECT_THAT(caller_.post("runs/search", body), StartsWith("400 INVALID_PARAMETER_VALUE: ")) << body;
  }
}

TEST_F(Search, AnswersExperimentsToPostAndGet) {
  caller_.execute(
      "INSERT INTO experiments (experiment_id, name, lifecycle_stage, creation_time) VALUES (7, 'seven', "
      "'active', 9999999999999)");
  caller_.execute("INSERT INTO experiment_tags (\"key\", value, experiment_id) VALUES ('team', 'blue', 7)");

  EXPECT_THAT(caller_.post("experiments/search",
                           R"({"max_results":1,"filter":"tags.team = 'blue' AND name ILIKE 'SEV%'"})"),
              HasSubstr(R"("experiment_id":"7")"));
  EXPECT_THAT(caller_.get("experiments/search?max_results=1"),
              AllOf(HasSubstr("\"seven\""), HasSubstr("next_page_token")));
  EXPECT_THAT(caller_.get("experiments/search?max_results=9&filter=experiment_id%20IN%20('0')"),
              Not(HasSubstr("\"seven\"")));
}

TEST_F(Search, HidesDeletedExperiments) {
  caller_.execute(
      "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (7, 'gone', 'deleted')");

  EXPECT_THAT(caller_.post("experiments/search", R"({"max_results":5})"), Not(HasSubstr("gone")));
  EXPECT_THAT(caller_.post("experiments/search", R"({"max_results":5,"view_type":"DELETED_ONLY"})"),
              HasSubstr("gone"));
  EXPECT_THAT(
      caller_.post("experiments/search", R"({"max_results":5,"view_type":"ALL","order_by":["name DESC"]})"),
      HasSubstr("gone"));
}

TEST_F(Search, AnswersDataSets) {
  add_run("a", "1");
  caller_.execute("INSERT INTO datasets VALUES ('d', 0, 'wine', 'abc', 'local', 's', NULL, NULL)");
  caller_.execute("INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', 'a', 0)");
  caller_.execute("INSERT INTO input_tags VALUES ('i', 'mlflow.data.context', 'train')");

  EXPECT_EQ(
      caller_.post("/ajax-api/2.0/mlflow/experiments/search-datasets", R"({"experiment_ids":["0"]})"),
      R"({"dataset_summaries":[{"experiment_id":"0","name":"wine","digest":"abc","context":"train"}]})");
  EXPECT_THAT(caller_.post("experiments/search-datasets", "{}"),
              HasSubstr("must specify at least one experiment_id"));
}

TEST_F(Search, LeavesPromptsOutOfModels) {
  add_model("model");
  add_prompt("prompt");

  for (const char* filter : {"", "tag.%60mlflow.prompt.is_prompt%60%20!=%20'true'",
                             "tags.%60mlflow.prompt.is_prompt%60%20=%20'false'"}) {
    EXPECT_THAT(caller_.get(std::string("registered-models/search?filter=") + filter),
                AllOf(HasSubstr("\"model\""), Not(HasSubstr("\"prompt\""))))
        << filter;
    EXPECT_THAT(caller_.get(std::string("model-versions/search?filter=") + filter),
                AllOf(HasSubstr("\"model\""), Not(HasSubstr("\"prompt\""))))
        << filter;
  }
}

TEST_F(Search, GivesPromptsThatAreAskedFor) {
  add_model("model");
  add_prompt("prompt");

  EXPECT_THAT(caller_.get("registered-models/search?filter=tags.%60mlflow.prompt.is_prompt%60=%20'true'"),
              AllOf(HasSubstr("\"name\":\"prompt\""), Not(HasSubstr("\"name\":\"model\""))));
}

TEST_F(Search, OrdersAndPagesModels) {
  for (const char* name : {"b", "a", "c"}) add_model(name);
  const std::string first = caller_.get("registered-models/search?max_results=2&order_by=name%20DESC");

  EXPECT_THAT(first, AllOf(HasSubstr("\"name\":\"c\""), HasSubstr("\"name\":\"b\""),
                           Not(HasSubstr("\"name\":\"a\""))));
  EXPECT_THAT(caller_.get("registered-models/search?max_results=2&order_by=name%20DESC&page_token=" +
                          next_token(first)),
              HasSubstr("\"name\":\"a\""));
  EXPECT_THAT(caller_.get("registered-models/search?max_results=1001"), StartsWith("400 "));
}

TEST_F(Search, FiltersModelVersions) {
  add_model("a");
  add_model("b");
  caller_.execute("UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE name = 'b'");

  EXPECT_THAT(caller_.get("model-versions/search"), AllOf(HasSubstr("\"a\""), Not(HasSubstr("\"b\""))));
  EXPECT_THAT(caller_.get("model-versions/search?filter=version_number%20>=%201%20AND%20run_id%20IN%20('r')"),
              HasSubstr("\"a\""));
  EXPECT_EQ(caller_.get("model-versions/search?filter=source_path%20LIKE%20'x%25'"), "{}");
  EXPECT_EQ(caller_.get("model-versions/search?filter=name='b'"), "{}");
}

TEST_F(Search, FiltersAndOrdersLoggedModels) {
  add_logged_model("m-1", "1");
  add_logged_model("m-2", "2");
  add_run("a", "1");
  caller_.execute(
      "INSERT INTO logged_model_metrics VALUES ('m-1', 'acc', 1, 1, 0.9, 0, 'a', NULL, 'wine', 'abc')");
  const std::string by_metric =
      caller_.post("logged-models/search",
                   R"({"experiment_ids":["0"],"order_by":[{"field_name":"metrics.acc","ascending":false}]})");

  EXPECT_LT(by_metric.find("m-1"), by_metric.find("m-2"));
  EXPECT_THAT(caller_.post("logged-models/search",
                           R"({"experiment_ids":["0"],"filter":"metrics.acc > 0.5 AND status = 'READY'"})"),
              AllOf(HasSubstr("m-1"), Not(HasSubstr("m-2"))));
  EXPECT_THAT(caller_.post("logged-models/search",
                           R"({"experiment_ids":["0"],"datasets":[{"dataset_name":"wine"}]})"),
              AllOf(HasSubstr("m-1"), Not(HasSubstr("m-2"))));
  EXPECT_EQ(caller_.post(
                "logged-models/search",
                R"({"experiment_ids":["0"],"filter":"metrics.acc > 0","datasets":[{"dataset_name":"tea"}]})"),
            "{}");
}

TEST_F(Search, RefusesBadLoggedModelSearches) {
  for (const char* body :
       {"{}", R"({"experiment_ids":["0"],"datasets":[{}]})",
        R"({"experiment_ids":["0"],"order_by":[{"field_name":"zz"}]})",
        R"({"experiment_ids":["0"],"filter":"foo = 1"})", R"({"experiment_ids":["0"],"page_token":"x"})"}) {
    EXPECT_THAT(caller_.post("logged-models/search", body), StartsWith("400 INVALID_PARAMETER_VALUE: "))
        << body;
  }
}

}  // namespace
}  // namespace starcast::tracking::api
