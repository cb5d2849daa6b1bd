#include "tracking/api/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "codec/json.h"
#include "tracking/api/runs.h"
#include "tracking/api/server_info.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::StartsWith;

codec::Json json_of(const std::string& text) {
  return codec::parse_json(text).value();
}

class InputRoutes : public testing::Test {
 protected:
  InputRoutes() {
    add_run_routes(api_.mount(), api_.store());
    add_input_routes(api_.mount(), api_.store());
    const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"0"})"));
    run_id_ = made.find("run")->find("info")->string_at("run_id").value();
  }
  std::string post(std::string_view path, std::string_view fields) {
    return api_.post(path,
                     fmt::format(R"({{"run_id":"{}"{}{}}})", run_id_, fields.empty() ? "" : ",", fields));
  }
  std::string part(std::string_view name) {
    const codec::Json run = json_of(api_.get("runs/get?run_id=" + run_id_));
    return codec::to_text(*run.find("run")->find(name), codec::JsonStyle::kCompact);
  }
  static std::string dataset(std::string_view name, std::string_view tags, std::string_view more = "") {
    return fmt::format(
        R"({{"tags":[{}],"dataset":{{"name":"{}","digest":"1","source_type":"local","source":"{{}}"{}}}}})",
        tags, name, more);
  }

  ApiCaller api_;
  std::string run_id_;
};

TEST_F(InputRoutes, DatasetsAndModelsShowInTheRun) {
  const std::string tag = R"({"key":"mlflow.data.context","value":"training"})";
  EXPECT_EQ(post("runs/log-inputs",
                 fmt::format(R"("datasets":[{},{}],"models":[{{"model_id":"m-1"}}])", dataset("d", tag),
                             dataset("e", "", R"(,"schema":"s","profile":"p")"))),
            "{}");
  EXPECT_EQ(part("inputs"),
            R"({"dataset_inputs":[{"tags":[{"key":"mlflow.data.context","value":"training"}],"dataset":)"
            R"({"name":"d","digest":"1","source_type":"local","source":"{}"}},{"dataset":{"name":"e",)"
            R"("digest":"1","source_type":"local","source":"{}","schema":"s","profile":"p"}}],)"
            R"("model_inputs":[{"model_id":"m-1"}]})");
}

TEST_F(InputRoutes, ALinkThatIsThereStays) {
  post("runs/log-inputs", fmt::format(R"("datasets":[{}])", dataset("d", R"({"key":"a","value":"1"})")));
  const std::string before = part("inputs");
  EXPECT_EQ(
      post("runs/log-inputs", fmt::format(R"("datasets":[{}])", dataset("d", R"({"key":"b","value":"2"})"))),
      "{}");
  EXPECT_EQ(part("inputs"), before);
}

TEST_F(InputRoutes, RunsOfAnExperimentShareADataset) {
  post("runs/log-inputs", fmt::format(R"("datasets":[{}])", dataset("d", "")));
  const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"0"})"));
  run_id_ = made.find("run")->find("info")->string_at("run_id").value();
  post("runs/log-inputs", fmt::format(R"("datasets":[{},{}])", dataset("d", ""), dataset("d", "")));
  std::int64_t datasets = 0;
  ASSERT_TRUE(api_.store().database().read([&](sql::Session& session) {
    return session.query("SELECT count(*) FROM datasets", {}, [&](const sql::Row& row) {
      datasets = row.integer(0);
      return core::Result<void>();
    });
  }));
  EXPECT_EQ(datasets, 1);
  EXPECT_EQ(
      part("inputs"),
      R"({"dataset_inputs":[{"dataset":{"name":"d","digest":"1","source_type":"local","source":"{}"}}]})");
}

TEST_F(InputRoutes, AnIncompleteDatasetStoresNothing) {
  EXPECT_THAT(
      post("runs/log-inputs",
           fmt::format(R"("datasets":[{},{{"dataset":{{"name":"d"}}}}])", dataset("e", ""))),
      StartsWith(
          "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'datasets[1].dataset.digest'."));
  EXPECT_THAT(post("runs/log-inputs", R"("datasets":[{}])"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(part("inputs"), "{}");
}

TEST_F(InputRoutes, LongDatasetsAreRefused) {
  EXPECT_EQ(post("runs/log-inputs", fmt::format(R"("datasets":[{}])", dataset(std::string(501, 'n'), ""))),
            "400 INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters");
  const std::string tag = fmt::format(R"({{"key":"k","value":"{}"}})", std::string(501, 'v'));
  EXPECT_EQ(post("runs/log-inputs", fmt::format(R"("datasets":[{}])", dataset("d", tag))),
            "400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 500 characters");
}

TEST_F(InputRoutes, OutputsKeepTheirSteps) {
  EXPECT_EQ(post("runs/outputs", R"("models":[{"model_id":"m-2","step":"4"},{"model_id":"m-3"}])"), "{}");
  EXPECT_EQ(part("outputs"),
            R"({"model_outputs":[{"model_id":"m-2","step":4},{"model_id":"m-3","step":0}]})");
  EXPECT_EQ(post("runs/outputs", R"("models":[{"model_id":"m-2","step":4}])"), "{}");
  EXPECT_EQ(
      post("runs/outputs", R"("models":[{"model_id":"m-4"},{"model_id":"m-2","step":5}])"),
      fmt::format("400 INVALID_PARAMETER_VALUE: model 'm-2' is already an output of run '{}', at step 4",
                  run_id_));
  EXPECT_EQ(part("outputs"),
            R"({"model_outputs":[{"model_id":"m-2","step":4},{"model_id":"m-3","step":0}]})");
}

TEST_F(InputRoutes, OutputsNeedModels) {
  EXPECT_THAT(post("runs/outputs", ""),
              StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'models'. See "));
  EXPECT_EQ(post("runs/outputs", R"("models":[])"), "{}");
  EXPECT_EQ(api_.post("runs/outputs", R"({"run_id":"nope","models":[]})"),
            "404 RESOURCE_DOES_NOT_EXIST: Run with id=nope not found");
}

TEST_F(InputRoutes, DeletedRunsRefuseThem) {
  post("runs/delete", "");
  const std::string refusal = fmt::format(
      "400 INVALID_PARAMETER_VALUE: The run {} must be in the 'active' state. Current state is deleted.",
      run_id_);
  EXPECT_EQ(post("runs/log-inputs", ""), refusal);
  EXPECT_EQ(post("runs/outputs", R"("models":[])"), refusal);
}

TEST(ServerInfo, SaysWhatIsNotOffered) {
  ApiCaller api;
  add_server_info_routes(api.mount());
  const codec::Json info = json_of(api.get("/api/3.0/mlflow/server-info"));
  EXPECT_EQ(info.string_at("store_type").value(), "SqlStore");
  EXPECT_EQ(*info.find("workspaces_enabled"), codec::Json(false));
  EXPECT_EQ(*info.find("multipart_uploads_enabled"), codec::Json(false));
  EXPECT_EQ(json_of(api.get("/ajax-api/3.0/mlflow/server-info")), info);
}

}  // namespace
}  // namespace starcast::tracking::api
