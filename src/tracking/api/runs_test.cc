#include "tracking/api/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "codec/json.h"
#include "tracking/api/experiments.h"
#include "tracking/api/metrics.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::StartsWith;

codec::Json json_of(const std::string& text) {
  return codec::parse_json(text).value();
}

// The texts are those that mlflow server 3.17.2 gave to the same requests.
class RunRoutes : public testing::Test {
 protected:
  explicit RunRoutes(RunOptions options = {}) {
    add_experiment_routes(api_.mount(), api_.store());
    add_run_routes(api_.mount(), api_.store(), options);
    add_metric_routes(api_.mount(), api_.store());
    run_id_ = new_run(R"({"experiment_id":"0","run_name":"n","start_time":5})");
  }
  std::string new_run(const std::string& body) {
    const codec::Json made = json_of(api_.post("runs/create", body));
    return made.find("run")->find("info")->string_at("run_id").value();
  }
  // `fields` with the run's id before them.
  std::string post(std::string_view path, std::string_view fields) {
    return api_.post(path,
                     fmt::format(R"({{"run_id":"{}"{}{}}})", run_id_, fields.empty() ? "" : ",", fields));
  }
  codec::Json run() { return *json_of(api_.get("runs/get?run_id=" + run_id_)).find("run"); }
  std::string data() { return codec::to_text(*run().find("data"), codec::JsonStyle::kCompact); }
  std::string tag(std::string_view key) {
    const codec::Json found = run();
    for (const codec::Json& one : **found.find("data")->array_at("tags")) {
      if (one.string_at("key").value() == key) return one.string_at("value").value();
    }
    return "(none)";
  }

  ApiCaller api_;
  std::string run_id_;
};

TEST_F(RunRoutes, CreateAnswersTheWholeRun) {
  const std::string body = api_.post(
      "runs/create",
      R"({"experiment_id":"0","user_id":"me","run_name":"n","start_time":"7","tags":[{"key":"t","value":"v"}]})");
  const std::string id = codec::parse_json(body)->find("run")->find("info")->string_at("run_id").value();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(
      body,
      fmt::format(R"({{"run":{{"info":{{"run_uuid":"{0}","experiment_id":"0","run_name":"n","user_id":"me",)"
                  R"("status":"RUNNING","start_time":7,"artifact_uri":"mlflow-artifacts:/0/{0}/artifacts",)"
                  R"("lifecycle_stage":"active","run_id":"{0}"}},"data":{{"tags":[{{"key":"mlflow.runName",)"
                  R"("value":"n"}},{{"key":"t","value":"v"}}]}},"inputs":{{}},"outputs":{{}}}}}})",
                  id));
  EXPECT_EQ(api_.get("runs/get?run_id=" + id), body);
  EXPECT_EQ(api_.get("runs/get?run_uuid=" + id), body);
}

TEST_F(RunRoutes, ARunWithoutNameGetsOne) {
  const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"0"})"));
  const std::string name = made.find("run")->find("info")->string_at("run_name").value();
  EXPECT_FALSE(name.empty());
  EXPECT_LE(name.size(), 20u);
  EXPECT_EQ(made.find("run")->find("info")->int_at("start_time").value(), 0);
}

TEST_F(RunRoutes, NameAndTagMustAgree) {
  const auto create = [&](std::string_view name) {
    return api_.post("runs/create", fmt::format(R"({{"experiment_id":"0","run_name":"{}","tags":[{{"key":)"
                                                R"("mlflow.runName","value":"b"}}]}})",
                                                name));
  };
  EXPECT_NE(create("").find(R"("run_name":"b")"), std::string::npos);
  EXPECT_NE(create("b").find(R"("run_name":"b")"), std::string::npos);
  EXPECT_EQ(create("a"),
            "400 INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag are specified, "
            "but with different values "
            "(run_name='a', mlflow.runName='b').");
}

TEST_F(RunRoutes, CreateNeedsAnExperimentThatIsThere) {
  EXPECT_THAT(
      api_.post("runs/create", "{}"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. S"));
  EXPECT_EQ(api_.post("runs/create", R"({"experiment_id":"999"})"),
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=999 exists");
  EXPECT_EQ(
      api_.post("runs/create", R"({"experiment_id":"abc"})"),
      "400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
}

TEST_F(RunRoutes, ArtifactsLieBelowTheExperiments) {
  api_.post("experiments/create", R"({"name":"q","artifact_location":"s3://b/x?q=a/"})");
  const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"1"})"));
  const codec::Json& info = *made.find("run")->find("info");
  EXPECT_EQ(info.string_at("artifact_uri").value(),
            fmt::format("s3://b/x/{}/artifacts?q=a/", info.string_at("run_id").value()));
}

TEST_F(RunRoutes, UpdateChangesWhatIsGiven) {
  EXPECT_EQ(
      post("runs/update", ""),
      fmt::format(R"({{"run_info":{{"run_uuid":"{0}","experiment_id":"0","run_name":"n","user_id":"",)"
                  R"("status":"RUNNING","start_time":5,"artifact_uri":"mlflow-artifacts:/0/{0}/artifacts",)"
                  R"("lifecycle_stage":"active","run_id":"{0}"}}}})",
                  run_id_));
  const std::string changed = post("runs/update", R"("status":"FINISHED","end_time":9,"run_name":"new")");
  EXPECT_NE(changed.find(R"("run_name":"new","user_id":"","status":"FINISHED","start_time":5,"end_time":9,)"),
            std::string::npos)
      << changed;
  EXPECT_EQ(tag("mlflow.runName"), "new");
  EXPECT_NE(post("runs/update", R"("status":4,"run_name":"")")
                .find(R"("run_name":"new","user_id":"","status":"FAILED")"),
            std::string::npos);
}

TEST_F(RunRoutes, UpdateWithAnUnknownStatusIsRefused) {
  EXPECT_THAT(post("runs/update", R"("status":"DONE")"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(post("runs/update", R"("status":6)"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(run().find("info")->string_at("status").value(), "RUNNING");
}

TEST_F(RunRoutes, UnknownRunsAreNotFound) {
  for (const char* path : {"runs/update", "runs/delete", "runs/restore"}) {
    EXPECT_EQ(api_.post(path, R"({"run_id":"zz"})"), "404 RESOURCE_DOES_NOT_EXIST: Run with id=zz not found")
        << path;
  }
  EXPECT_EQ(api_.get("runs/get?run_id=zz"), "404 RESOURCE_DOES_NOT_EXIST: Run with id=zz not found");
  EXPECT_THAT(
      api_.get("runs/get?run_id="),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the"));
  EXPECT_EQ(api_.post("runs/log-batch", R"({"run_id":"bad id!"})"),
            "400 INVALID_PARAMETER_VALUE: Invalid value \"bad id!\" for parameter 'run_id' supplied.");
  EXPECT_THAT(api_.post("runs/log-batch", fmt::format(R"({{"run_id":"{}"}})", std::string(257, 'a'))),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
}

TEST_F(RunRoutes, DeletedRunsRefuseWrites) {
  EXPECT_EQ(post("runs/delete", ""), "{}");
  EXPECT_EQ(post("runs/delete", ""), "{}");
  const std::string refusal = fmt::format(
      "400 INVALID_PARAMETER_VALUE: The run {} must be in the 'active' state. Current state is deleted.",
      run_id_);
  EXPECT_EQ(post("runs/update", ""), refusal);
  EXPECT_EQ(post("runs/set-tag", R"("key":"k","value":"v")"), refusal);
  EXPECT_EQ(post("runs/delete-tag", R"("key":"k")"), refusal);
  EXPECT_EQ(post("runs/log-parameter", R"("key":"k","value":"v")"), refusal);
  EXPECT_EQ(post("runs/log-metric", R"("key":"k","value":1,"timestamp":1)"), refusal);
  EXPECT_EQ(post("runs/log-batch", ""), refusal);
  EXPECT_EQ(post("runs/restore", ""), "{}");
  EXPECT_EQ(post("runs/set-tag", R"("key":"k","value":"v")"), "{}");
}

TEST_F(RunRoutes, ParamsAreWrittenOnce) {
  EXPECT_EQ(post("runs/log-parameter", R"("key":"p","value":"")"), "{}");
  EXPECT_EQ(post("runs/log-parameter", R"("key":"p")"), "{}");
  EXPECT_EQ(post("runs/log-parameter", R"("key":"p","value":"x'y")"),
            fmt::format("400 INVALID_PARAMETER_VALUE: Changing param values is not allowed. Param with "
                        "key='p' was already logged with "
                        "value='' for run ID='{}'. Attempted logging new value 'x'y'.",
                        run_id_));
  EXPECT_NE(data().find(R"("params":[{"key":"p","value":""}])"), std::string::npos);
}

TEST_F(RunRoutes, TagsAreSetAgainAndDeletedOnce) {
  EXPECT_EQ(post("runs/set-tag", R"("key":"t","value":"1")"), "{}");
  EXPECT_EQ(post("runs/set-tag", R"("key":"t","value":"2")"), "{}");
  EXPECT_EQ(tag("t"), "2");
  EXPECT_EQ(post("runs/delete-tag", R"("key":"t")"), "{}");
  EXPECT_EQ(post("runs/delete-tag", R"("key":"t")"),
            fmt::format("404 RESOURCE_DOES_NOT_EXIST: No tag with name: t in run with id {}", run_id_));
}

TEST_F(RunRoutes, TheNameTagIsTheName) {
  EXPECT_EQ(post("runs/set-tag", R"("key":"mlflow.runName","value":"tagged")"), "{}");
  EXPECT_EQ(run().find("info")->string_at("run_name").value(), "tagged");
  EXPECT_EQ(post("runs/set-tag", R"("key":"mlflow.runName","value":"")"), "{}");
  EXPECT_EQ(run().find("info")->string_at("run_name").value(), "tagged");
  EXPECT_EQ(post("runs/log-batch", R"("tags":[{"key":"mlflow.runName","value":"batch"}])"), "{}");
  EXPECT_EQ(run().find("info")->string_at("run_name").value(), "batch");
  EXPECT_EQ(tag("mlflow.runName"), "batch");
}

TEST_F(RunRoutes, BatchStoresAll) {
  EXPECT_EQ(
      post(
          "runs/log-batch",
          R"("metrics":[{"key":"m","value":1,"timestamp":1,"step":0},{"key":"l","value":"2","timestamp":"1"}],)"
          R"("params":[{"key":"q","value":"1"},{"key":"p"}],"tags":[{"key":"t","value":"a"},{"key":"t","value":"b"}])"),
      "{}");
  EXPECT_EQ(
      data(),
      R"({"metrics":[{"key":"l","value":2.0,"timestamp":1,"step":0},{"key":"m","value":1.0,"timestamp":1,)"
      R"("step":0}],"params":[{"key":"p","value":""},{"key":"q","value":"1"}],)"
      R"("tags":[{"key":"mlflow.runName","value":"n"},{"key":"t","value":"b"}]})");
}

TEST_F(RunRoutes, BatchIsAllOrNothing) {
  EXPECT_EQ(post("runs/log-batch", R"("params":[{"key":"p","value":"1"}])"), "{}");
  const std::string before = data();
  EXPECT_THAT(post("runs/log-batch", R"("metrics":[{"key":"m","value":1,"timestamp":1}],)"
                                     R"("params":[{"key":"o","value":"1"},{"key":"p","value":"2"}],)"
                                     R"("tags":[{"key":"t","value":"a"}])"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(post("runs/log-batch", R"("metrics":[{"key":"m","value":1,"timestamp":1},)"
                                     R"({"key":"m","value":"foo","timestamp":1}])"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(
      post("runs/log-batch", R"("metrics":[{"key":"m","value":1,"timestamp":1}],"tags":[{"key":"a*"}])"),
      StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(data(), before);
}

TEST_F(RunRoutes, BatchNamesParamsThatWouldChange) {
  post("runs/log-batch", R"("params":[{"key":"p","value":""},{"key":"p3","value":"x"}])");
  EXPECT_EQ(
      post("runs/log-batch", R"("params":[{"key":"p","value":"a'b"},{"key":"p3","value":"ü\n"}])"),
      fmt::format("400 INVALID_PARAMETER_VALUE: Changing param values is not allowed. Params were already "
                  "logged='[{{'key': 'p', "
                  "'old_value': '', 'new_value': \"a'b\"}}, {{'key': 'p3', 'old_value': 'x', 'new_value': "
                  "'ü\\n'}}]' for run ID='{}'.",
                  run_id_));
  EXPECT_EQ(post("runs/log-batch", R"("params":[{"key":"p","value":""}])"), "{}");
  EXPECT_EQ(post("runs/log-batch", R"("params":[{"key":"q","value":"a"},{"key":"q","value":"b"}])"),
            "400 INVALID_PARAMETER_VALUE: Duplicate parameter keys have been submitted: ['q']. Please ensure "
            "the request contains only "
            "one param value per param key.");
}

TEST_F(RunRoutes, BatchNamesTheFieldThatIsWrong) {
  EXPECT_EQ(post("runs/log-batch", R"("metrics":[{"key":"m","timestamp":1}])"),
            "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'metrics[0].value'. See the "
            "API docs for more information "
            "about request parameters.");
  EXPECT_EQ(post("runs/log-batch", R"("metrics":[{"key":"m/","timestamp":1,"value":2}])"),
            "400 INVALID_PARAMETER_VALUE: Invalid value \"m/\" for parameter 'metrics[0].name' supplied: "
            "Names may be treated as files "
            "in certain cases, and must not resolve to other names when treated as such. This name would "
            "resolve to 'm'");
  EXPECT_EQ(post("runs/log-batch", R"("metrics":[{"key":"m","timestamp":-1,"value":2}])"),
            "400 INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'metrics[0].timestamp' supplied: "
            "metric 'm' (value=2.0). "
            "Timestamp must be a nonnegative long (64-bit integer) ");
  EXPECT_THAT(post("runs/log-batch", R"("tags":[{"value":"1"}])"),
              StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'tags[0].key'"));
  EXPECT_THAT(
      post("runs/log-batch", R"("params":[{"key":"a*"}])"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Invalid value \"a*\" for parameter 'params[0].key' supplie"));
  EXPECT_THAT(api_.post("runs/log-batch", "{}"),
              StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See"));
}

std::string list_of(std::string_view name, int count, std::string_view rest) {
  std::string list = fmt::format(R"("{}":[)", name);
  for (int i = 0; i < count; ++i) {
    list += fmt::format(R"({}{{"key":"{}{}"{}}})", i > 0 ? "," : "", name, i, rest);
  }
  return list + "]";
}

TEST_F(RunRoutes, BatchesHaveLimits) {
  const std::string_view metric = R"(,"value":1,"timestamp":1)";
  EXPECT_EQ(post("runs/log-batch", list_of("metrics", 1000, metric)), "{}");
  EXPECT_EQ(post("runs/log-batch", list_of("metrics", 1001, metric)),
            "400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics. Got 1001 "
            "metrics. Please split up "
            "metrics across multiple requests and try again.");
  EXPECT_EQ(post("runs/log-batch", list_of("params", 101, "")),
            "400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 100 params. Got 101 "
            "params. Please split up params "
            "across multiple requests and try again.");
  EXPECT_EQ(post("runs/log-batch", list_of("tags", 101, "")),
            "400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 100 tags. Got 101 "
            "tags. Please split up tags across "
            "multiple requests and try again.");
  EXPECT_EQ(post("runs/log-batch", list_of("metrics", 901, metric) + "," + list_of("tags", 100, "")),
            "400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics, params, "
            "and tags. Got 1001 metrics, "
            "params, and tags. Please split up metrics, params, and tags across multiple requests and try "
            "again.");
}

TEST_F(RunRoutes, LongValuesAreCut) {
  EXPECT_EQ(post("runs/log-parameter", fmt::format(R"("key":"p","value":"{}")", std::string(6001, 'x'))),
            "{}");
  EXPECT_EQ(post("runs/set-tag", fmt::format(R"("key":"t","value":"{}")", std::string(8001, 'x'))), "{}");
  EXPECT_EQ(tag("t"), std::string(8000, 'x'));
  const codec::Json found = run();
  EXPECT_EQ((**found.find("data")->array_at("params"))[0].string_at("value").value(), std::string(6000, 'x'));
}

class StrictRunRoutes : public RunRoutes {
 protected:
  StrictRunRoutes() : RunRoutes(RunOptions{false}) {}
};

TEST_F(StrictRunRoutes, LongValuesAreRefused) {
  EXPECT_EQ(post("runs/log-parameter", fmt::format(R"("key":"p","value":"{}")", std::string(6001, 'x'))),
            "400 INVALID_PARAMETER_VALUE: 'Param value' exceeds the maximum length of 6000 characters");
  EXPECT_EQ(post("runs/set-tag", fmt::format(R"("key":"t","value":"{}")", std::string(8001, 'x'))),
            "400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 8000 characters");
  EXPECT_EQ(
      post("runs/log-batch", fmt::format(R"("tags":[{{"key":"t","value":"{}"}}])", std::string(8001, 'x'))),
      "400 INVALID_PARAMETER_VALUE: 'tags[0].value' exceeds the maximum length of 8000 characters");
}

TEST_F(RunRoutes, NulHasNoPlace) {
  EXPECT_THAT(post("runs/log-parameter", R"("key":"p","value":"a\u0000b")"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(post("runs/log-parameter", R"("key":"p\u0000","value":"a")"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(post("runs/set-tag", R"("key":"p","value":"\u0000")"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(api_.post("runs/create", R"({"experiment_id":"0","run_name":"\u0000"})"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(data(), R"({"tags":[{"key":"mlflow.runName","value":"n"}]})");
}

TEST_F(RunRoutes, AKeyOfTenMegabytesIsRefused) {
  const std::string answer =
      post("runs/set-tag", fmt::format(R"("key":"{}","value":"v")", std::string(10'000'000, 'k')));
  EXPECT_EQ(answer, "400 INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters");
}

TEST_F(RunRoutes, CamelCaseIsTaken) {
  EXPECT_EQ(api_.post("runs/log-model", fmt::format(R"({{"runId":"{}","modelJson":"x"}})", run_id_)),
            "400 INVALID_PARAMETER_VALUE: Malformed model info. \n x \n is not a valid JSON.");
  EXPECT_THAT(api_.post("runs/update", fmt::format(R"({{"runId":"{}","runName":"c"}})", run_id_)),
              StartsWith(R"({"run_info":)"));
}

TEST_F(RunRoutes, LoggedModelsAreKeptInATag) {
  EXPECT_EQ(post("runs/log-model", R"("model_json":"{}")"),
            "400 INVALID_PARAMETER_VALUE: Model json is missing mandatory fields: {'artifact_path', "
            "'flavors', 'run_id', "
            "'utc_time_created'}");
  EXPECT_THAT(post("runs/log-model", R"("model_json":"[]")"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  const auto log = [&](std::string_view path) {
    return post(
        "runs/log-model",
        fmt::format(
            R"("model_json":"{{\"artifact_path\":\"{}\",\"flavors\":{{\"a\":{{\"config\":1,\"b\":2}}}},)"
            R"(\"utc_time_created\":\"2020\",\"run_id\":\"r\",\"x\":1}}")",
            path));
  };
  EXPECT_EQ(log("m"), "{}");
  EXPECT_EQ(log("m2"), "{}");
  EXPECT_EQ(
      tag("mlflow.log-model.history"),
      R"([{"run_id":"r","artifact_path":"m","utc_time_created":"2020","model_uuid":null,"flavors":{"a":{"b":2}}},)"
      R"({"run_id":"r","artifact_path":"m2","utc_time_created":"2020","model_uuid":null,"flavors":{"a":{"b":2}}}])");
}

TEST_F(RunRoutes, ManyRunsAreLoadedInTheOrderAsked) {
  std::vector<std::string> ids;
  for (int i = 0; i < 120; ++i) {
    ids.push_back(new_run(fmt::format(R"({{"experiment_id":"0","run_name":"r{}"}})", i)));
    const std::string body = fmt::format(
        R"({{"run_id":"{}","metrics":[{{"key":"m","value":{},"timestamp":1}}],"params":[{{"key":"p","value":"{}"}}]}})",
        ids.back(), i, i);
    ASSERT_EQ(api_.post("runs/log-batch", body), "{}");
  }
  std::vector<std::string> asked(ids.rbegin(), ids.rend());
  asked.insert(asked.begin() + 60, "unknown");
  asked.push_back(ids[7]);
  std::vector<tracking::Run> runs;
  ASSERT_TRUE(api_.store().database().read([&](sql::Session& session) -> core::Result<void> {
    core::Result<std::vector<tracking::Run>> loaded = load_runs(session, asked);
    if (!loaded) return loaded.error();
    runs = std::move(loaded).value();
    return {};
  }));
  ASSERT_EQ(runs.size(), 120u);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t made = 119 - i;
    EXPECT_EQ(runs[i].id, ids[made]);
    EXPECT_EQ(runs[i].name, fmt::format("r{}", made));
    ASSERT_EQ(runs[i].metrics.size(), 1u);
    EXPECT_EQ(runs[i].metrics[0].value, static_cast<double>(made));
    ASSERT_EQ(runs[i].params.size(), 1u);
    EXPECT_EQ(runs[i].params[0].value, fmt::format("{}", made));
    EXPECT_EQ(runs[i].tags.size(), 1u);
  }
}

}  // namespace
}  // namespace starcast::tracking::api
