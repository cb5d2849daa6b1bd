// MLflow's database schema at one Alembic head, created and stamped by us (mlflow-schema-3.17.2.sql).
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

inline constexpr std::string_view kSchemaHead = "dc11669786a5";

enum class SchemaState {
  kEmpty,      // no table at all
  kAtHead,     // stamped kSchemaHead
  kOtherHead,  // an MLflow database of another version
  kForeign,    // tables, but no alembic_version
};

struct SchemaCheck {
  SchemaState state = SchemaState::kEmpty;
  std::string head{};  // as stamped; "" when there is none
};

core::Result<SchemaCheck> check_schema(sql::Database& database);

// Makes an empty database MLflow's: tables, indexes, stamp, experiment 0 "Default" (its artifacts below
// `artifact_root`) and workspace "default". In one transaction.
core::Result<void> create_schema(sql::Database& database, std::string_view artifact_root,
                                 std::int64_t now_ms);

// Our extra indexes, named starcast_…; they may be dropped at any time and come back at the next start.
core::Result<void> add_own_indexes(sql::Database& database);

// check, then create or refuse: kFailedPrecondition names both heads and `mlflow db upgrade`.
core::Result<void> prepare_schema(sql::Database& database, std::string_view artifact_root,
                                  std::int64_t now_ms);

}  // namespace starcast::tracking
