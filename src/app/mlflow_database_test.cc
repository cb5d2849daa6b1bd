#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "app/import_source.h"
#include "os/testing/temporary_folder.h"
#include "sql/database.h"

namespace starcast::app {
namespace {

using core::Result;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Of the first MLflow that had a database.
constexpr std::string_view kFirstTables[] = {
    "CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT, "
    "lifecycle_stage TEXT)",
    "CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, source_type TEXT, source_name TEXT, "
    "entry_point_name "
    "TEXT, user_id TEXT, status TEXT, start_time INTEGER, end_time INTEGER, source_version TEXT, "
    "lifecycle_stage "
    "TEXT, artifact_uri TEXT, experiment_id INTEGER)",
    "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT)",
    "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT)",
    "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT)",
    "INSERT INTO experiments VALUES (0, 'Default', 's3://b/0', 'active')",
    "INSERT INTO runs (run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, "
    "experiment_id) "
    "VALUES ('r1', 'one', 'ann', 'FINISHED', 1, 'active', 's3://b/0/r1', 0)",
};

class MlflowDatabase : public testing::Test {
 protected:
  void sql(std::initializer_list<std::string_view> statements) {
    const std::unique_ptr<sql::Database> database = sql::open_sqlite({path_}).value();
    const Result<void> done = database->write([&](sql::Session& session) -> Result<void> {
      for (const std::string_view text : statements) TRY(session.execute(text, {}));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message();
  }
  void make_first_tables() {
    for (const std::string_view text : kFirstTables) sql({text});
  }
  void open() { source_ = open_mlflow_database(path_).value(); }
  tracking::Experiment experiment() { return source_->experiments().value().at(0); }
  tracking::ImportedRun run() { return source_->run(experiment(), "r1").value(); }
  std::vector<std::string> left() {
    std::vector<std::string> texts;
    for (const LeftOut& one : source_->left_out())
      texts.push_back(one.what + " " + one.id + ": " + one.reason);
    return texts;
  }

  os::TemporaryFolder folder_{};
  std::string path_ = folder_.at("mlflow.db");
  std::unique_ptr<ImportSource> source_{};
};

TEST_F(MlflowDatabase, RefusesADatabaseOfSomethingElse) {
  sql({"CREATE TABLE notes (text TEXT)"});

  const auto opened = open_mlflow_database(path_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(opened.error().message(), HasSubstr("is no MLflow database"));
}

TEST_F(MlflowDatabase, IsNotMadeWhenItIsNotThere) {
  EXPECT_EQ(open_mlflow_database(folder_.at("nothing.db")).error().code(), core::ErrorCode::kNotFound);
}

TEST_F(MlflowDatabase, ReadsTheFirstTables) {
  make_first_tables();
  sql({"INSERT INTO metrics VALUES ('m', 0.5, 7, 'r1')", "INSERT INTO params VALUES ('p', 'v', 'r1')"});
  open();

  EXPECT_EQ(experiment().name, "Default");
  EXPECT_THAT(source_->run_ids(experiment()).value(), ElementsAre("r1"));
  const tracking::ImportedRun read = run();
  EXPECT_EQ(read.run.name, "one");
  EXPECT_EQ(read.run.end_time, std::nullopt);
  EXPECT_EQ(read.run.params.at(0).value, "v");
  EXPECT_EQ(read.series.at(0).points.at(0).step, 0);
  EXPECT_THAT(source_->model_ids(experiment()).value(), IsEmpty());
  EXPECT_THAT(source_->registered_models().value(), IsEmpty());
}

TEST_F(MlflowDatabase, MakesTheTagOfTheUserThatAMigrationWouldMake) {
  make_first_tables();
  open();

  const std::vector<tracking::Tag> tags = run().run.tags;

  ASSERT_THAT(tags, SizeIs(1));
  EXPECT_EQ(tags[0].key, "mlflow.user");
  EXPECT_EQ(tags[0].value, "ann");
}

TEST_F(MlflowDatabase, KeepsATagOfTheUserThatIsThere) {
  make_first_tables();
  sql({"INSERT INTO tags VALUES ('mlflow.user', 'bob', 'r1')"});
  open();

  ASSERT_THAT(run().run.tags, SizeIs(1));
  EXPECT_EQ(run().run.tags[0].value, "bob");
}

TEST_F(MlflowDatabase, MakesNoTagOfTheUserAfterTheMigration) {
  make_first_tables();
  sql({"CREATE TABLE alembic_version (version_num TEXT)",
       "INSERT INTO alembic_version VALUES ('90e64c465722')"});
  open();

  EXPECT_THAT(run().run.tags, IsEmpty());
}

TEST_F(MlflowDatabase, ReadsNanFromItsColumn) {
  make_first_tables();
  sql({"ALTER TABLE metrics ADD step INTEGER", "ALTER TABLE metrics ADD is_nan INTEGER",
       "INSERT INTO metrics VALUES ('m', 0, 7, 'r1', 3, 1)"});
  open();

  const tracking::ImportedRun read = run();

  EXPECT_TRUE(std::isnan(read.series.at(0).points.at(0).value));
  EXPECT_EQ(read.series[0].points[0].step, 3);
}

TEST_F(MlflowDatabase, TakesTheDefaultWorkspaceOnly) {
  make_first_tables();
  sql({"ALTER TABLE experiments ADD workspace TEXT DEFAULT 'default'",
       "INSERT INTO experiments VALUES (4, 'theirs', 's3://b/4', 'active', 'team')"});
  open();

  EXPECT_THAT(source_->experiments().value(), SizeIs(1));
  EXPECT_THAT(left(), ElementsAre("experiment theirs: it belongs to another workspace"));
}

TEST_F(MlflowDatabase, CountsRowsOfTablesThatAreNotTaken) {
  make_first_tables();
  sql({"CREATE TABLE trace_info (id TEXT)", "INSERT INTO trace_info VALUES ('a'), ('b')",
       "CREATE TABLE jobs (id TEXT)"});
  open();
  experiment();

  const std::vector<LeftOut> found = source_->left_out();

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].id, "trace_info");
  EXPECT_EQ(found[0].count, 2U);
}

TEST_F(MlflowDatabase, LeavesOutVersionsThatAreDeleted) {
  make_first_tables();
  sql(
      {"CREATE TABLE registered_models (name TEXT, creation_time INTEGER, last_updated_time INTEGER, "
       "description TEXT)",
       "CREATE TABLE model_versions (name TEXT, version INTEGER, creation_time INTEGER, last_updated_time "
       "INTEGER, "
       "description TEXT, user_id TEXT, current_stage TEXT, source TEXT, run_id TEXT, status TEXT, "
       "status_message TEXT)",
       "INSERT INTO registered_models VALUES ('reg', 1, 2, NULL)",
       "INSERT INTO model_versions VALUES ('reg', 1, 1, 1, NULL, NULL, 'Deleted_Internal', '', NULL, "
       "'READY', NULL)",
       "INSERT INTO model_versions VALUES ('reg', 2, 1, 1, NULL, NULL, 'Staging', 's3://b', 'r1', 'READY', "
       "NULL)"});
  open();

  const std::vector<tracking::RegisteredModel> found = source_->registered_models().value();

  ASSERT_THAT(found, SizeIs(1));
  ASSERT_THAT(found[0].latest_versions, SizeIs(1));
  EXPECT_EQ(found[0].latest_versions[0].version, 2);
  EXPECT_EQ(found[0].latest_versions[0].run_link, std::nullopt);
  EXPECT_THAT(left(), ElementsAre("model version reg/1: it is deleted"));
}

}  // namespace
}  // namespace starcast::app
