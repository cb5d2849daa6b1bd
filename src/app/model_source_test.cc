#include "app/model_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/strings.h"
#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;
using testing::HasSubstr;

// Answers "METHOD target" by heart; anything else is not found.
class FakeConnection final : public tracking::Connection {
 public:
  explicit FakeConnection(const std::map<std::string, std::string>& answers) : answers_(answers) {}
  const std::string& uri() const override { return uri_; }

 private:
  Result<http::Response> send(http::Method method, std::string target, std::string body, core::ByteSource*,
                              std::optional<std::uint64_t>, core::ByteSink* sink) override {
    std::string key = fmt::format("{} {}", http::name_of(method), target);
    if (!body.empty()) key += " " + body;
    const auto found = answers_.find(key);
    if (found == answers_.end()) {
      return http::text_response(
          404, fmt::format(R"({{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no answer to {}"}})",
                           method == http::Method::kGet ? target : "a call"));
    }
    http::Response response = http::text_response(200, found->second);
    if (sink) {
      TRY(sink->write(response.body));
      response.body.clear();
    }
    return response;
  }

  const std::map<std::string, std::string>& answers_;
  std::string uri_ = "fake";
};

class ModelSourceTest : public testing::Test {
 protected:
  ModelSourceOptions options() {
    ModelSourceOptions options;
    options.connect = [this]() -> Result<std::unique_ptr<tracking::Connection>> {
      ++connects_;
      if (!is_reachable_) return Error(ErrorCode::kUnavailable, "no connection");
      return std::unique_ptr<tracking::Connection>(std::make_unique<FakeConnection>(answers_));
    };
    // The model's run id tells which folder was read, and what its MLmodel says.
    options.read_folder = [](const os::FileSystem& files,
                             const std::string& folder) -> Result<serve::LoadedModel> {
      serve::LoadedModel model;
      model.model_id = TRY(files.read(folder + "/MLmodel"));
      if (model.model_id == "broken") {
        return Error(ErrorCode::kCorrupt, fmt::format("{}/MLmodel: broken", folder));
      }
      return model;
    };
    options.make_scratch = [this]() -> Result<std::string> {
      TRY(files_.make_folders("scratch"));
      return std::string("scratch");
    };
    return options;
  }
  void answer(const std::string& key, const std::string& text) { answers_[key] = text; }
  // Version 3 of "rating", which is its champion, lies in `location`.
  void register_version(const std::string& location) {
    answer("GET /api/2.0/mlflow/registered-models/alias?name=rating&alias=champion",
           R"({"model_version": {"name": "rating", "version": "3"}})");
    answer("GET /api/2.0/mlflow/model-versions/get?name=rating&version=3",
           R"({"model_version": {"name": "rating", "version": "3", "run_id": "r1"}})");
    answer("GET /api/2.0/mlflow/model-versions/get-download-uri?name=rating&version=3",
           fmt::format(R"({{"artifact_uri": "{}"}})", location));
  }
  void log_model(const std::string& location) {
    answer(
        "GET /api/2.0/mlflow/logged-models/m-1",
        fmt::format(
            R"({{"model": {{"info": {{"model_id": "m-1", "source_run_id": "r9", "artifact_uri": "{}"}}}}}})",
            location));
  }
  // One file, MLmodel.
  void serve_artifacts(const std::string& path) {
    const std::string in_query = core::replaced(path, "/", "%2F");
    answer(fmt::format("GET /api/2.0/mlflow-artifacts/artifacts?path={}", in_query),
           R"({"files": [{"path": "MLmodel", "is_dir": false, "file_size": 6}]})");
    answer(fmt::format("GET /api/2.0/mlflow-artifacts/artifacts?path={}%2FMLmodel", in_query), "{}");
    answer(fmt::format("GET /api/2.0/mlflow-artifacts/artifacts/{}/MLmodel", path), "served");
  }

  std::map<std::string, std::string> answers_;
  bool is_reachable_ = true;
  int connects_ = 0;
  os::MemoryFiles files_;
  os::FakeProcesses processes_{[](const os::Command&) -> Result<os::Exit> {
    return Error(ErrorCode::kUnsupported, "no processes here");
  }};
  os::MapEnvironment environment_{std::map<std::string, std::string>()};
  core::ManualClock clock_;
  core::NullLog log_;
  std::unique_ptr<os::ProgressScreen> screen_ = os::silent_progress();
  Context context_{files_, processes_, environment_, clock_, log_, *screen_};
  UriModelSource source_{options(), context_};
};

TEST_F(ModelSourceTest, AFoldersPinChangesWithItsFiles) {
  files_.put("model/MLmodel", "a");
  const std::string before = source_.pin("model").value();
  EXPECT_EQ(source_.pin("model").value(), before);
  files_.tick();
  files_.put("model/MLmodel", "b");
  EXPECT_NE(source_.pin("model").value(), before);
}

TEST_F(ModelSourceTest, AFolderIsReadWhereItLies) {
  files_.put("model/MLmodel", "a");
  const Result<serve::LoadedModel> model = source_.load("model");
  ASSERT_TRUE(model);
  EXPECT_EQ(model->model_id, "a");
  EXPECT_EQ(model->uri, "model");
  EXPECT_EQ(model->version, "1");
  EXPECT_EQ(connects_, 0);
}

TEST_F(ModelSourceTest, AFileUriIsAFolder) {
  files_.put("/my models/one/MLmodel", "a");
  EXPECT_TRUE(source_.load("file:///my%20models/one"));
  EXPECT_TRUE(source_.load("file:/my%20models/one"));
}

TEST_F(ModelSourceTest, AFolderThatIsNotThereIsNotFound) {
  EXPECT_EQ(source_.pin("nowhere").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(source_.load("nowhere").error().code(), ErrorCode::kNotFound);
}

TEST_F(ModelSourceTest, AnAliasIsPinnedToItsVersion) {
  register_version("mlflow-artifacts:/1/models/m-1/artifacts");
  EXPECT_EQ(source_.pin("models:/rating@champion").value(), "models:/rating/3");
}

TEST_F(ModelSourceTest, AnAliasThatIsNotThereIsNotFound) {
  const Result<std::string> pin = source_.pin("models:/rating@nobody");
  ASSERT_FALSE(pin);
  EXPECT_EQ(pin.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(pin.error().message(), HasSubstr("models:/rating@nobody"));
}

TEST_F(ModelSourceTest, AStageIsPinnedToItsNewestVersion) {
  answer(
      R"(POST /api/2.0/mlflow/registered-models/get-latest-versions {"name":"rating","stages":["Production"]})",
      R"({"model_versions": [{"version": "7"}]})");
  EXPECT_EQ(source_.pin("models:/rating/Production").value(), "models:/rating/7");
}

TEST_F(ModelSourceTest, AStageWithoutAVersionIsNotFound) {
  answer(
      R"(POST /api/2.0/mlflow/registered-models/get-latest-versions {"name":"rating","stages":["Staging"]})",
      "{}");
  const Result<std::string> pin = source_.pin("models:/rating/Staging");
  ASSERT_FALSE(pin);
  EXPECT_EQ(pin.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(pin.error().message(), HasSubstr("'Staging'"));
}

TEST_F(ModelSourceTest, LatestIsTheHighestNumber) {
  answer(R"(POST /api/2.0/mlflow/registered-models/get-latest-versions {"name":"rating"})",
         R"({"model_versions": [{"version": "9"}, {"version": "10"}, {"version": "2"}]})");
  EXPECT_EQ(source_.pin("models:/rating/latest").value(), "models:/rating/10");
}

TEST_F(ModelSourceTest, WhatIsFixedIsPinnedWithoutAsking) {
  EXPECT_EQ(source_.pin("models:/rating/3").value(), "models:/rating/3");
  EXPECT_EQ(source_.pin("models:/m-1").value(), "models:/m-1");
  EXPECT_EQ(source_.pin("runs:/r1/model").value(), "runs:/r1/model");
  EXPECT_EQ(connects_, 0);
}

TEST_F(ModelSourceTest, ServedArtifactsAreBroughtAndRemoved) {
  register_version("mlflow-artifacts:/1/models/m-1/artifacts");
  serve_artifacts("1/models/m-1/artifacts");
  const Result<serve::LoadedModel> model = source_.load("models:/rating@champion");
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->model_id, "served");
  EXPECT_EQ(model->uri, "models:/rating/3");
  EXPECT_EQ(model->version, "3");
  EXPECT_EQ(model->run_id, "r1");
  EXPECT_FALSE(files_.exists("scratch"));
}

TEST_F(ModelSourceTest, ALoggedModelsFolderIsReadWhereItLies) {
  log_model("/store/1/models/m-1/artifacts");
  files_.put("/store/1/models/m-1/artifacts/MLmodel", "a");
  const Result<serve::LoadedModel> model = source_.load("models:/m-1");
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->model_id, "m-1");
  EXPECT_EQ(model->run_id, "r9");
}

TEST_F(ModelSourceTest, AVersionOfALoggedModelLeadsToItsFiles) {
  register_version("models:/m-1");
  log_model("/store/m-1");
  files_.put("/store/m-1/MLmodel", "a");
  const Result<serve::LoadedModel> model = source_.load("models:/rating/3");
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->uri, "models:/rating/3");
  EXPECT_EQ(model->model_id, "m-1");
}

TEST_F(ModelSourceTest, VersionsThatNameEachOtherEnd) {
  register_version("models:/rating/3");
  const Result<serve::LoadedModel> model = source_.load("models:/rating/3");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), ErrorCode::kCorrupt);
}

TEST_F(ModelSourceTest, ARunsModelLiesBelowItsArtifacts) {
  answer(
      "GET /api/2.0/mlflow/runs/get?run_id=r1",
      R"({"run": {"info": {"run_id": "r1", "experiment_id": "1", "artifact_uri": "/store/1/r1/artifacts"}}})");
  files_.put("/store/1/r1/artifacts/model/MLmodel", "a");
  const Result<serve::LoadedModel> model = source_.load("runs:/r1/model");
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->run_id, "r1");
}

TEST_F(ModelSourceTest, AFailureInADownloadNamesTheUriAndLeavesNothing) {
  register_version("mlflow-artifacts:/1/gone");
  const Result<serve::LoadedModel> model = source_.load("models:/rating/3");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("models:/rating/3"));
  EXPECT_FALSE(files_.exists("scratch"));
}

TEST_F(ModelSourceTest, ABrokenModelIsNamedByWhatWasAskedFor) {
  files_.put("model/MLmodel", "broken");
  const Result<serve::LoadedModel> model = source_.load("model");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(model.error().message(), "model/MLmodel: broken");
}

TEST_F(ModelSourceTest, OtherStoresAreClearlyNotThereYet) {
  const Result<std::string> pin = source_.pin("s3://bucket/model");
  ASSERT_FALSE(pin);
  EXPECT_EQ(pin.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(pin.error().message(), HasSubstr("s3://bucket/model"));
  EXPECT_EQ(source_.load("s3://bucket/model").error().code(), ErrorCode::kUnsupported);
  log_model("s3://bucket/model");
  EXPECT_EQ(source_.load("models:/m-1").error().code(), ErrorCode::kUnsupported);
}

TEST_F(ModelSourceTest, TheFirstAlternativeThatIsThereCounts) {
  files_.put("model/MLmodel", "a");
  EXPECT_TRUE(source_.pin("models:/rating@champion|model").value().starts_with("model#"));
  EXPECT_EQ(source_.load("models:/rating@champion|model").value().uri, "model");
  register_version("/store/m-1");
  files_.put("/store/m-1/MLmodel", "b");
  EXPECT_EQ(source_.pin("models:/rating@champion|model").value(), "models:/rating/3");
  EXPECT_EQ(source_.load("models:/rating@champion|model").value().uri, "models:/rating/3");
}

TEST_F(ModelSourceTest, NoAlternativeNamesAll) {
  const Result<std::string> pin = source_.pin("one|two");
  ASSERT_FALSE(pin);
  EXPECT_THAT(pin.error().message(), HasSubstr("one"));
  EXPECT_THAT(pin.error().message(), HasSubstr("two"));
}

TEST_F(ModelSourceTest, FilesAreCopiedFromWhereverTheyAre) {
  files_.put("model/MLmodel", "a");
  ASSERT_TRUE(source_.copy_files("model", "image/local"));
  EXPECT_EQ(files_.read("image/local/MLmodel").value(), "a");
  register_version("mlflow-artifacts:/1/m");
  serve_artifacts("1/m");
  ASSERT_TRUE(source_.copy_files("models:/rating@champion", "image/served"));
  EXPECT_EQ(files_.read("image/served/MLmodel").value(), "served");
  EXPECT_EQ(source_.copy_files("nowhere", "image/none").error().code(), ErrorCode::kNotFound);
}

TEST_F(ModelSourceTest, AStoreThatIsAwayIsAskedAgain) {
  is_reachable_ = false;
  EXPECT_EQ(source_.pin("models:/rating@champion").error().code(), ErrorCode::kUnavailable);
  is_reachable_ = true;
  register_version("/store/m-1");
  EXPECT_TRUE(source_.pin("models:/rating@champion"));
  EXPECT_EQ(connects_, 2);
}

}  // namespace
}  // namespace starcast::app
