#include "tracking/gc.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "core/testing/manual_clock.h"
#include "os/testing/temporary_folder.h"

namespace starcast::tracking {
namespace {

using core::ErrorCode;
using core::Result;

class Gc : public testing::Test {
 protected:
  void sql(std::string_view text) {
    const auto done = store_->database().write([&](sql::Session& session) -> Result<void> {
      TRY(session.execute(text, {}));
      return {};
    });
    ASSERT_TRUE(done) << text << ": " << done.error().message();
  }
  std::int64_t number(std::string_view text) {
    std::int64_t found = -1;
    const auto done = store_->database().read([&](sql::Session& session) {
      return session.query(text, {}, [&](const sql::Row& row) {
        found = row.integer(0);
        return Result<void>();
      });
    });
    EXPECT_TRUE(done) << text << ": " << done.error().message();
    return found;
  }
  void experiment(int id, std::string_view name, std::string_view stage) {
    sql(
        fmt::format("INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, "
                    "last_update_time) VALUES ({0}, '{1}', 'mlflow-artifacts:/{0}', '{2}', {3})",
                    id, name, stage, store_->now_ms()));
    sql(fmt::format("INSERT INTO experiment_tags VALUES ('k', 'v', {})", id));
  }
  void run(std::string_view id, int experiment, std::string_view stage, std::string place = {}) {
    if (place.empty()) place = fmt::format("mlflow-artifacts:/{}/{}/artifacts", experiment, id);
    sql(fmt::format(
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, artifact_uri, deleted_time) "
        "VALUES ('{}', {}, '{}', '{}', {})",
        id, experiment, stage, place, stage == "deleted" ? std::to_string(store_->now_ms()) : "NULL"));
    sql(fmt::format("INSERT INTO metrics VALUES ('m', 1, 2, '{}', 0, 0)", id));
    sql(fmt::format("INSERT INTO latest_metrics VALUES ('m', 1, 2, 0, 0, '{}')", id));
    sql(fmt::format("INSERT INTO params VALUES ('p', 'v', '{}')", id));
    sql(fmt::format("INSERT INTO tags VALUES ('t', 'v', '{}')", id));
  }
  void model(std::string_view id, int experiment, std::string_view stage) {
    sql(fmt::format(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage) VALUES ('{0}', {1}, 'm', "
        "'mlflow-artifacts:/{1}/models/{0}/artifacts', 0, {2}, 2, '{3}')",
        id, experiment, store_->now_ms(), stage));
    sql(fmt::format("INSERT INTO logged_model_params VALUES ('{}', {}, 'p', 'v')", id, experiment));
  }
  void artifact(const std::string& path, std::string_view bytes) {
    auto writer = served_->create(blob::BlobPath::parse(path).value());
    ASSERT_TRUE(writer) << writer.error().message();
    ASSERT_TRUE((*writer)->write(bytes));
    ASSERT_TRUE((*writer)->finish());
  }
  bool has(const std::string& path) {
    return served_->status(blob::BlobPath::parse(path).value()).has_value();
  }
  Result<GcReport> collect(const GcOptions& options = {}) {
    return collect_garbage(*store_, *served_, os::real_files(), options, [](std::size_t, std::size_t) {});
  }

  os::TemporaryFolder folder_{};
  core::ManualClock clock_{};
  std::unique_ptr<Store> store_ = Store::open(sql::open_sqlite({":memory:"}).value(), {}, clock_).value();
  std::unique_ptr<blob::BlobStore> served_ = blob::open_local(folder_.at("served")).value();
};

TEST_F(Gc, RemovesADeletedRunWithAllItsRowsAndArtifacts) {
  run("gone", 0, "deleted");
  artifact("0/gone/artifacts/model/MLmodel", "12345");
  sql("INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', 'gone', 0)");
  sql("INSERT INTO input_tags VALUES ('i', 'n', 'v')");

  const GcReport report = collect().value();

  EXPECT_EQ(report.runs, std::vector<std::string>{"gone"});
  EXPECT_EQ(report.files, 1U);
  EXPECT_EQ(report.bytes, 5U);
  EXPECT_FALSE(has("0/gone"));
  for (const char* table : {"runs", "metrics", "latest_metrics", "params", "tags", "inputs", "input_tags"}) {
    EXPECT_EQ(number(fmt::format("SELECT count(*) FROM {}", table)), 0) << table;
  }
}

TEST_F(Gc, LeavesWhatIsNotDeleted) {
  run("alive", 0, "active");
  artifact("0/alive/artifacts/a", "1");
  model("m-1", 0, "active");

  const GcReport report = collect().value();

  EXPECT_TRUE(report.runs.empty());
  EXPECT_TRUE(report.models.empty());
  EXPECT_TRUE(has("0/alive/artifacts/a"));
  EXPECT_EQ(number("SELECT count(*) FROM tags"), 1);
}

TEST_F(Gc, ChangesNothingInADryRun) {
  run("gone", 0, "deleted");
  artifact("0/gone/artifacts/a", "123");
  GcOptions options;
  options.dry_run = true;

  const GcReport report = collect(options).value();

  EXPECT_EQ(report.runs.size(), 1U);
  EXPECT_EQ(report.bytes, 3U);
  EXPECT_TRUE(has("0/gone/artifacts/a"));
  EXPECT_EQ(number("SELECT count(*) FROM tags"), 1);
}

TEST_F(Gc, KeepsWhatWasDeletedRecently) {
  run("old", 0, "deleted");
  clock_.advance(3600);
  run("young", 0, "deleted");
  GcOptions options;
  options.older_than_ms = 1'800'000;

  EXPECT_EQ(collect(options).value().runs, std::vector<std::string>{"old"});
}

TEST_F(Gc, FreesTheNameOfADeletedExperiment) {
  experiment(5, "e", "deleted");
  run("r", 5, "deleted");
  model("m-1", 5, "active");
  artifact("5/r/artifacts/a", "1");
  artifact("5/models/m-1/artifacts/a", "22");
  sql("INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('tr-1', 5, 1, 'OK')");
  sql("INSERT INTO trace_tags VALUES ('mlflow.artifactLocation', "
      "'mlflow-artifacts:/5/traces/tr-1/artifacts', "
      "'tr-1')");
  artifact("5/traces/tr-1/artifacts/traces.json", "{}");

  const GcReport report = collect().value();

  EXPECT_EQ(report.experiments, std::vector<std::string>{"5"});
  EXPECT_EQ(report.experiment_names, std::vector<std::string>{"e"});
  EXPECT_EQ(report.models, std::vector<std::string>{"m-1"});
  EXPECT_EQ(report.traces, 1U);
  EXPECT_EQ(report.bytes, 5U);
  EXPECT_FALSE(has("5"));
  experiment(6, "e", "active");
}

TEST_F(Gc, KeepsAnExperimentThatHoldsAnActiveRun) {
  experiment(5, "e", "deleted");
  run("r", 5, "active");

  const GcReport report = collect().value();

  ASSERT_EQ(report.kept.size(), 1U);
  EXPECT_EQ(report.kept[0].reason, "it holds runs that are not deleted");
  EXPECT_EQ(number("SELECT count(*) FROM experiments WHERE experiment_id = 5"), 1);
}

TEST_F(Gc, KeepsTheDefaultExperiment) {
  sql("UPDATE experiments SET lifecycle_stage = 'deleted'");

  EXPECT_EQ(collect().value().kept.size(), 1U);
  EXPECT_EQ(number("SELECT count(*) FROM experiments"), 1);
}

TEST_F(Gc, TakesOnlyWhatIsNamed) {
  run("a", 0, "deleted");
  run("b", 0, "deleted");
  GcOptions options;
  options.run_ids = {"b"};

  EXPECT_EQ(collect(options).value().runs, std::vector<std::string>{"b"});
  EXPECT_EQ(number("SELECT count(*) FROM runs"), 1);
}

TEST_F(Gc, RefusesNamedRunsThatAreNotDeletedBeforeAnythingGoes) {
  run("gone", 0, "deleted");
  run("alive", 0, "active");
  GcOptions options;
  options.run_ids = {"gone", "alive"};

  EXPECT_EQ(collect(options).error().code(), ErrorCode::kInvalidInput);
  options.run_ids = {"gone", "absent"};
  EXPECT_EQ(collect(options).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(number("SELECT count(*) FROM runs"), 2);
}

TEST_F(Gc, GoesOnAfterARemovalThatWasCutOff) {
  run("gone", 0, "deleted");
  artifact("0/gone/artifacts/a", "1");
  sql(fmt::format("INSERT INTO tags VALUES ('{}', '1', 'gone')", kGcTag));
  ASSERT_TRUE(served_->remove(blob::BlobPath::parse("0/gone/artifacts").value()));

  EXPECT_EQ(collect().value().runs.size(), 1U);
  EXPECT_EQ(number("SELECT count(*) FROM tags"), 0);
}

TEST_F(Gc, RemovesAHistoryOfManyPointsInPortions) {
  run("gone", 0, "deleted");
  sql("WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO metrics "
      "SELECT 'm', 1, i, 'gone', i, 0 FROM n");

  EXPECT_EQ(collect().value().runs.size(), 1U);
  EXPECT_EQ(number("SELECT count(*) FROM metrics"), 0);
}

TEST_F(Gc, NeverRemovesAFolderThatIsNotTheRunsOwn) {
  run("r", 0, "deleted", "mlflow-artifacts:/0");
  run("s", 0, "deleted", "mlflow-artifacts:/");
  run("t", 0, "deleted", "s3://bucket/t/artifacts");
  run("u", 0, "deleted", folder_.at("served/../elsewhere"));
  artifact("0/other/artifacts/a", "1");
  ASSERT_TRUE(os::real_files().make_folders(folder_.at("elsewhere")));

  const GcReport report = collect().value();

  EXPECT_EQ(report.kept.size(), 4U);
  EXPECT_EQ(report.runs.size(), 4U);
  EXPECT_TRUE(has("0/other/artifacts/a"));
  EXPECT_TRUE(os::real_files().is_folder(folder_.at("elsewhere")));
}

TEST_F(Gc, RemovesARunsFolderAtAnExperimentsOwnPlace) {
  run("r", 0, "deleted", folder_.at("mine/r/artifacts"));
  ASSERT_TRUE(os::real_files().make_folders(folder_.at("mine/r/artifacts")));
  ASSERT_TRUE(os::real_files().write(folder_.at("mine/r/artifacts/a"), "1234"));

  EXPECT_EQ(collect().value().bytes, 4U);
  EXPECT_FALSE(os::real_files().exists(folder_.at("mine/r")));
  EXPECT_TRUE(os::real_files().exists(folder_.at("mine")));
}

TEST_F(Gc, NamesTheVersionsThatLoseTheirArtifacts) {
  run("r", 0, "deleted");
  model("m-1", 0, "deleted");
  sql("INSERT INTO registered_models (name) VALUES ('n')");
  sql("INSERT INTO model_versions (name, version, source, current_stage) VALUES ('n', 1, "
      "'mlflow-artifacts:/0/r/artifacts/model', 'None'), ('n', 2, 'models:/m-1', 'None'), ('n', 3, "
      "'models:/m-2', 'None')");

  EXPECT_EQ(collect().value().versions, (std::vector<std::string>{"n/1", "n/2"}));
}

TEST(GcAge, IsReadAsMlflowReadsIt) {
  EXPECT_EQ(parse_age("7d").value(), 604'800'000);
  EXPECT_EQ(parse_age("1d2h3m4s").value(), 93'784'000);
  EXPECT_EQ(parse_age("1.5h").value(), 5'400'000);
}

TEST(GcAge, RefusesWhatIsNone) {
  for (const char* text : {"", "7", "d", "4s3m", "1d1d", "-1d", "1.2.3h", "1y",
                           "1d "
                           "x",
                           "9999999999999999d"}) {
    EXPECT_FALSE(parse_age(text)) << text;
  }
}

}  // namespace
}  // namespace starcast::tracking
