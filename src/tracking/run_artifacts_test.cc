#include "tracking/run_artifacts.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>

#include "core/testing/manual_clock.h"
#include "os/testing/temporary_folder.h"

namespace starcast::tracking {
namespace {

using core::ErrorCode;
using core::Result;

class RunArtifacts : public testing::Test {
 protected:
  RunArtifacts() {
    sql("INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, artifact_uri) VALUES "
        "('r1', 0, 'active', 'mlflow-artifacts:/0/r1/artifacts')");
    sql("INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage) VALUES "
        "('m-1', 0, 'm', 'mlflow-artifacts:/0/models/m-1/artifacts', 0, 0, 2, 'active'), "
        "('m-2', 0, 'm', 'mlflow-artifacts:/0/models/m-2/artifacts', 0, 0, 2, 'deleted')");
    sql("INSERT INTO registered_models (name) VALUES ('n')");
  }

  void sql(std::string_view text) {
    const auto run = [&](sql::Session& session) -> Result<void> {
      TRY(session.execute(text, {}));
      return {};
    };
    const auto done = store_->database().write(run);
    ASSERT_TRUE(done) << done.error().message();
  }
  void version(int number, std::string_view source) {
    sql(fmt::format(
        "INSERT INTO model_versions (name, version, source, current_stage) VALUES ('n', {}, '{}', 'None')",
        number, source));
  }
  std::string found(std::string_view uri) {
    const auto place = places_.find(uri);
    if (!place) return std::string(core::name_of(place.error().code()));
    return fmt::format("{}:{}", place->store == served_.get() ? "served" : place->store->uri(),
                       place->path.text());
  }

  os::TemporaryFolder folder_{};
  core::ManualClock clock_{};
  std::unique_ptr<Store> store_ =
      Store::open(sql::open_sqlite({":memory:"}).value(), {folder_.at("root")}, clock_).value();
  std::unique_ptr<blob::BlobStore> served_ = blob::open_local(folder_.at("served")).value();
  ArtifactPlaces places_{*store_, *served_};
};

TEST_F(RunArtifacts, AreFoundByRunAndModel) {
  EXPECT_EQ(artifact_uri_of_run(*store_, "r1").value(), "mlflow-artifacts:/0/r1/artifacts");
  EXPECT_EQ(artifact_uri_of_run(*store_, "r2").error().message(), "Run with id=r2 not found");
  EXPECT_EQ(artifact_uri_of_logged_model(*store_, "m-1").value(), "mlflow-artifacts:/0/models/m-1/artifacts");
  EXPECT_EQ(artifact_uri_of_logged_model(*store_, "m-2").error().code(), ErrorCode::kNotFound);
}

TEST_F(RunArtifacts, AreFoundByVersionThroughWhatItWasMadeFrom) {
  version(1, "mlflow-artifacts:/0/r1/artifacts/model");
  version(2, "models:/n/1");
  version(3, "runs:/r1/other");
  version(4, "models:/m-1");

  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "1").value(), "mlflow-artifacts:/0/r1/artifacts/model");
  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "2").value(), "mlflow-artifacts:/0/r1/artifacts/model");
  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "3").value(), "mlflow-artifacts:/0/r1/artifacts/other");
  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "4").value(), "mlflow-artifacts:/0/models/m-1/artifacts");
  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "9").error().message(),
            "Model Version (name=n, version=9) not found");
}

TEST_F(RunArtifacts, OfAVersionThatNamesItselfAreNowhere) {
  version(1, "models:/n/2");
  version(2, "models:/n/1");

  EXPECT_EQ(artifact_uri_of_version(*store_, "n", "1").error().code(), ErrorCode::kInvalidInput);
}

TEST_F(RunArtifacts, OfThisServerAreItsBlobs) {
  EXPECT_EQ(found("mlflow-artifacts:/0/r1/artifacts"), "served:0/r1/artifacts");
  EXPECT_EQ(found("mlflow-artifacts:/models/foo///bar/"), "served:models/foo/bar");
  EXPECT_EQ(found("mlflow-artifacts://host:9000/models"), "served:models");
  EXPECT_EQ(found("http://host:5000/api/2.0/mlflow-artifacts/artifacts/0/r1"), "served:0/r1");
  EXPECT_EQ(found("https://host/api/2.0/mlflow-artifacts/artifacts/0/r1"), "served:0/r1");
}

TEST_F(RunArtifacts, OnTheDiskAreReadBelowTheRootsOnly) {
  EXPECT_EQ(found(folder_.at("served/a/b")), "served:a/b");
  EXPECT_EQ(found("file://" + folder_.at("served/a")), "served:a");
  EXPECT_EQ(found(folder_.at("root/0/r1")), folder_.at("root") + ":0/r1");
  EXPECT_EQ(found("file://localhost" + folder_.at("root/0/r1")), folder_.at("root") + ":0/r1");
  EXPECT_EQ(found(folder_.at("rooted/0")), "invalid_input");
  EXPECT_EQ(found(folder_.at("root/../secret")), "invalid_input");
  EXPECT_EQ(found("/etc"), "invalid_input");
  EXPECT_EQ(found("file:///etc"), "invalid_input");
  EXPECT_EQ(found("file://host/etc"), "invalid_input");
  EXPECT_EQ(found(folder_.path()), "invalid_input");
}

TEST_F(RunArtifacts, ElsewhereAreNotSupported) {
  EXPECT_EQ(found("s3://bucket/x"), "unsupported");
  EXPECT_EQ(found("gs://bucket/x"), "unsupported");
  EXPECT_EQ(found("http://host/elsewhere"), "unsupported");
}

TEST_F(RunArtifacts, HaveNoWayOut) {
  EXPECT_EQ(found("mlflow-artifacts:/../x"), "invalid_input");
  EXPECT_EQ(found("mlflow-artifacts:/a/..%2f..%2fx"), "invalid_input");
  EXPECT_EQ(found("mlflow-artifacts:/a#/../x"), "invalid_input");
  EXPECT_EQ(found("mlflow-artifacts:/a?/../x"), "invalid_input");
  EXPECT_EQ(found("http://host/api/2.0/mlflow-artifacts/artifacts/../../../"), "invalid_input");
  EXPECT_EQ(found("http:///?/../../../../../../etc/"), "invalid_input");
  EXPECT_EQ(found("http://host#/abc/etc/"), "invalid_input");
}

}  // namespace
}  // namespace starcast::tracking
