// What every resource of the tracking store is built on: the database, artifact places, clock and ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/guarded.h"
#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

struct StoreOptions {
  // Where new experiments' artifacts go: "mlflow-artifacts:/" when this server serves them, else a URI or
  // path.
  std::string default_artifact_root = "mlflow-artifacts:/";
};

// The resources (Experiments, Runs, Metrics, LoggedModels, Registry, …) are thin classes over this one, one
// file pair each. Thread-safe.
class Store {
 public:
  // Checks the schema: an empty database gets MLflow's tables (tracking/schema.h), one at our head is taken
  // as it is, any other head is kFailedPrecondition. `clock` outlives the store.
  static core::Result<std::unique_ptr<Store>> open(std::unique_ptr<sql::Database> database,
                                                   StoreOptions options, const core::Clock& clock);

  sql::Database& database() const { return *database_; }
  const StoreOptions& options() const { return options_; }
  // Milliseconds since 1970, as MLflow stores times.
  std::int64_t now_ms() const;
  // 32 lower-case hexadecimal digits of a UUID of version 7: now, then 74 random bits. New rows so come to
  // lie at the end of every index over ids, where MLflow's version 4 touches a page of its own in each.
  std::string new_id() const;
  // A random "adjective-noun-123" of at most 20 characters, as MLflow names runs.
  std::string new_run_name() const;

 private:
  Store(std::unique_ptr<sql::Database> database, StoreOptions options, const core::Clock& clock);

  std::unique_ptr<sql::Database> database_;
  StoreOptions options_;
  const core::Clock& clock_;
};

}  // namespace starcast::tracking
