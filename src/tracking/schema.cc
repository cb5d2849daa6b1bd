#include "tracking/schema.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "tracking/schema_sql.h"

namespace starcast::tracking {
namespace {

using core::Result;

struct OwnIndex {
  std::string_view name;
  std::string_view columns;
};

// For searches over many runs: by start time, and by one metric, param or tag.
constexpr std::array kOwnIndexes{
    OwnIndex{"starcast_runs_by_start", "runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid)"},
    OwnIndex{"starcast_latest_metrics_by_value", R"(latest_metrics ("key", is_nan, value, run_uuid))"},
    OwnIndex{"starcast_params_by_value", R"(params ("key", value, run_uuid))"},
    OwnIndex{"starcast_tags_by_value", R"(tags ("key", value, run_uuid))"},
};

Result<SchemaCheck> check(sql::Session& session) {
  bool any = false;
  bool stamped = false;
  TRY(session.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", {},
                    [&](const sql::Row& row) {
                      any = true;
                      stamped = stamped || row.text(0) == "alembic_version";
                      return Result<void>();
                    }));
  if (!any) return SchemaCheck{SchemaState::kEmpty};
  if (!stamped) return SchemaCheck{SchemaState::kForeign};
  std::string head;
  TRY(session.query("SELECT version_num FROM alembic_version ORDER BY version_num", {},
                    [&](const sql::Row& row) {
                      head += (head.empty() ? "" : ", ") + row.string(0);
                      return Result<void>();
                    }));
  const SchemaState state = head == kSchemaHead ? SchemaState::kAtHead : SchemaState::kOtherHead;
  return SchemaCheck{state, std::move(head)};
}

Result<void> create(sql::Session& session, std::string_view artifact_root, std::int64_t now_ms) {
  std::string_view rest = schema_sql();
  while (!rest.empty()) {
    const std::size_t end = rest.find("\n\n");
    TRY(session.execute(rest.substr(0, end), {}));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
  }
  while (artifact_root.ends_with('/')) artifact_root.remove_suffix(1);
  TRY(session.execute("INSERT INTO alembic_version (version_num) VALUES (?)", {std::string(kSchemaHead)}));
  TRY(session.execute(
      "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
      "last_update_time, workspace) VALUES (0, 'Default', ?, 'active', ?, ?, 'default')",
      {fmt::format("{}/0", artifact_root), now_ms, now_ms}));
  TRY(
      session.execute("INSERT INTO workspaces (name, description) VALUES "
                      "('default', 'Default workspace for legacy resources')",
                      {}));
  return {};
}

}  // namespace

Result<SchemaCheck> check_schema(sql::Database& database) {
  SchemaCheck found;
  const auto look = [&](sql::Session& session) -> Result<void> {
    found = TRY(check(session));
    return {};
  };
  TRY(database.read(look));
  return found;
}

Result<void> create_schema(sql::Database& database, std::string_view artifact_root, std::int64_t now_ms) {
  return database.write([&](sql::Session& session) { return create(session, artifact_root, now_ms); });
}

Result<void> add_own_indexes(sql::Database& database) {
  std::size_t present = 0;
  TRY(database.read([&](sql::Session& session) {
    return session.query("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name LIKE 'starcast_%'",
                         {}, [&](const sql::Row& row) {
                           present = static_cast<std::size_t>(row.integer(0));
                           return Result<void>();
                         });
  }));
  if (present >= kOwnIndexes.size()) return {};
  return database.write([](sql::Session& session) -> Result<void> {
    for (const OwnIndex& index : kOwnIndexes) {
      TRY(session.execute(fmt::format("CREATE INDEX IF NOT EXISTS {} ON {}", index.name, index.columns), {}));
    }
    return {};
  });
}

Result<void> prepare_schema(sql::Database& database, std::string_view artifact_root, std::int64_t now_ms) {
  SchemaCheck found = TRY(check_schema(database));
  if (found.state == SchemaState::kEmpty) {
    const auto fill = [&](sql::Session& session) -> Result<void> {
      found = TRY(check(session));  // another process may have been faster
      if (found.state == SchemaState::kEmpty) {
        TRY(create(session, artifact_root, now_ms));
        found.state = SchemaState::kAtHead;
      }
      return {};
    };
    TRY(database.write(fill));
  }
  switch (found.state) {
    case SchemaState::kEmpty:
    case SchemaState::kAtHead:
      return add_own_indexes(database);
    case SchemaState::kOtherHead:
      return core::Error(
          core::ErrorCode::kFailedPrecondition,
          fmt::format(
              "the database {0} has MLflow's schema '{1}', and this program works with '{2}' (MLflow "
              "3.17.2); "
              "with that MLflow run `mlflow db upgrade {0}` on a database that is older, or take one of that "
              "version",
              database.uri(), found.head, kSchemaHead));
    case SchemaState::kForeign:
      return core::Error(
          core::ErrorCode::kFailedPrecondition,
          fmt::format("the database {} has tables that are not MLflow's (no alembic_version, where '{}' "
                      "is expected); name another file",
                      database.uri(), kSchemaHead));
  }
  return {};
}

}  // namespace starcast::tracking
