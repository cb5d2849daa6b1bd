#include "tracking/schema.h"

#include <gtest/gtest.h>

#include <string>

#include "os/testing/temporary_folder.h"

namespace starcast::tracking {
namespace {

using core::ErrorCode;
using core::Result;

std::unique_ptr<sql::Database> memory() {
  return sql::open_sqlite({":memory:"}).value();
}

void run(sql::Database& database, std::string_view sql) {
  ASSERT_TRUE(database.write([&](sql::Session& session) -> Result<void> {
    TRY(session.execute(sql, {}));
    return {};
  }));
}

std::string text(sql::Database& database, std::string_view sql) {
  std::string found;
  EXPECT_TRUE(database.read([&](sql::Session& session) {
    return session.query(sql, {}, [&](const sql::Row& row) {
      found += row.string(0) + ";";
      return Result<void>();
    });
  })) << sql;
  return found;
}

TEST(Schema, FindsAnEmptyDatabaseEmpty) {
  EXPECT_EQ(check_schema(*memory()).value().state, SchemaState::kEmpty);
}

TEST(Schema, MakesAllOfMlflowsTablesAndStampsThem) {
  const auto database = memory();

  ASSERT_TRUE(create_schema(*database, "mlflow-artifacts:/", 1234));

  EXPECT_EQ(text(*database, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"), "65;");
  EXPECT_EQ(text(*database, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
            "84;");
  EXPECT_EQ(text(*database, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"), "1;");
  EXPECT_EQ(check_schema(*database).value().state, SchemaState::kAtHead);
  EXPECT_EQ(check_schema(*database).value().head, kSchemaHead);
}

TEST(Schema, BringsTheDefaultExperimentAndWorkspace) {
  const auto database = memory();

  ASSERT_TRUE(create_schema(*database, "mlflow-artifacts:/", 1234));

  EXPECT_EQ(text(*database,
                 "SELECT experiment_id || ',' || name || ',' || artifact_location || ',' || lifecycle_stage "
                 "|| ',' || creation_time || ',' || last_update_time || ',' || workspace FROM experiments"),
            "0,Default,mlflow-artifacts:/0,active,1234,1234,default;");
  EXPECT_EQ(text(*database, "SELECT name || ',' || description FROM workspaces"),
            "default,Default workspace for legacy resources;");
}

TEST(Schema, PutsArtifactsBelowAnyRoot) {
  const auto database = memory();

  ASSERT_TRUE(create_schema(*database, "s3://bucket/prefix", 1));

  EXPECT_EQ(text(*database, "SELECT artifact_location FROM experiments"), "s3://bucket/prefix/0;");
}

TEST(Schema, IsPreparedAgainWithoutChange) {
  const os::TemporaryFolder folder;
  const auto database = sql::open_sqlite({folder.at("a.db")}).value();
  ASSERT_TRUE(prepare_schema(*database, "a", 1));
  const std::string before = text(*database, "SELECT sql FROM sqlite_master ORDER BY name");

  ASSERT_TRUE(prepare_schema(*database, "b", 2));

  EXPECT_EQ(text(*database, "SELECT sql FROM sqlite_master ORDER BY name"), before);
  EXPECT_EQ(text(*database, "SELECT artifact_location FROM experiments"), "a/0;");
}

TEST(Schema, BringsBackItsOwnIndexes) {
  const auto database = memory();
  ASSERT_TRUE(prepare_schema(*database, "a", 1));
  const std::string own = "SELECT name FROM sqlite_master WHERE name LIKE 'starcast_%' ORDER BY name";
  const std::string before = text(*database, own);
  run(*database, "DROP INDEX starcast_params_by_value");

  ASSERT_TRUE(prepare_schema(*database, "a", 1));

  EXPECT_EQ(text(*database, own), before);
  EXPECT_NE(before.find("starcast_params_by_value"), std::string::npos);
}

TEST(Schema, RefusesAnotherHeadAndNamesBoth) {
  const auto database = memory();
  run(*database, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
  run(*database, "INSERT INTO alembic_version VALUES ('7d34483879f0')");

  const auto result = prepare_schema(*database, "a", 1);

  EXPECT_EQ(result.error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_NE(result.error().message().find("7d34483879f0"), std::string::npos);
  EXPECT_NE(result.error().message().find(kSchemaHead), std::string::npos);
  EXPECT_NE(result.error().message().find("mlflow db upgrade sqlite:///"), std::string::npos);
  EXPECT_EQ(text(*database, "SELECT count(*) FROM sqlite_master"), "1;");
}

TEST(Schema, RefusesADatabaseOfSomethingElse) {
  const auto database = memory();
  run(*database, "CREATE TABLE customers (name)");

  EXPECT_EQ(check_schema(*database).value().state, SchemaState::kForeign);
  EXPECT_EQ(prepare_schema(*database, "a", 1).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(text(*database, "SELECT name FROM sqlite_master"), "customers;");
}

TEST(Schema, ServesASearchByStartTimeFromItsIndex) {
  const auto database = memory();
  ASSERT_TRUE(prepare_schema(*database, "a", 1));
  std::string plan;
  ASSERT_TRUE(database->read([&](sql::Session& session) {
    return session.query(
        "EXPLAIN QUERY PLAN SELECT run_uuid FROM runs WHERE experiment_id = 0 AND lifecycle_stage = 'active' "
        "ORDER BY start_time DESC, run_uuid LIMIT 10",
        {}, [&](const sql::Row& row) {
          plan += row.string(3) + ";";
          return Result<void>();
        });
  }));

  EXPECT_NE(plan.find("starcast_runs_by_start"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << plan;
}

}  // namespace
}  // namespace starcast::tracking
