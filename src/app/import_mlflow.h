// Imports what MLflow kept elsewhere into the store: a FileStore tree, or a database of any head.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/import_source.h"
#include "app/tracking_connection.h"
#include "app/workspace.h"
#include "core/result.h"
#include "tracking/imports.h"

namespace starcast::app {

struct ImportOptions {
  // A folder, "file:…", a database file or "sqlite:///…".
  std::string source{};
  LocalStoreOptions store{};
  // Leave artifacts where they are and keep their URIs; else local ones are copied below the experiment's
  // place here, and the URIs rewritten.
  bool keep_artifacts_in_place = false;
  // The folder of "mlflow-artifacts:/…" of the source; "" is "mlartifacts" beside the database, if it is
  // there.
  std::string artifacts_from{};
};

struct ImportReport {
  std::size_t experiments = 0;         // made
  std::size_t experiments_merged = 0;  // of a name that was here
  tracking::ImportCounts stored{};
  std::size_t runs_there = 0;  // already imported: skipped
  std::size_t models_there = 0;
  std::uint64_t artifact_files = 0;  // copied
  std::uint64_t artifact_bytes = 0;
  std::vector<LeftOut> left_out{};
};

// A run or logged model comes with its artifacts first and then all its rows at once, so an import that is
// killed goes on where it was: what is there is whole, and skipped. Nothing of the source is changed.
core::Result<ImportReport> import_mlflow(const ImportOptions& options, const Context& context);

}  // namespace starcast::app
