// Where tracking calls go: the server that MLFLOW_TRACKING_URI names, or the workspace's own store.
#pragma once

#include <memory>
#include <string>

#include "app/workspace.h"
#include "core/result.h"
#include "tracking/connection.h"

namespace starcast::app {

// `uri`, else MLFLOW_TRACKING_URI, else "sqlite:///mlflow.db" of the workspace with ./mlartifacts beside it.
// Credentials come from MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN. Opening a local store that is not
// there yet makes it; a server is not asked before the first call. kUnsupported for other kinds of URI.
core::Result<std::unique_ptr<tracking::Connection>> connect_tracking(const std::string& uri,
                                                                     const Context& context);

struct LocalStoreOptions {
  std::string tracking_uri{};           // else the next one, else as `starcast server` finds its store
  std::string backend_store_uri{};      // else MLFLOW_BACKEND_STORE_URI, else "sqlite:///mlflow.db"
  std::string artifacts_destination{};  // else MLFLOW_ARTIFACTS_DESTINATION, else ./mlartifacts
  bool create = true;                   // false: kNotFound when there is no database yet
};

// The store itself, for what no server does: `runs gc` and `import`. A tracking URI that names a server is
// kUnsupported unless a backend store is named beside it.
core::Result<std::unique_ptr<tracking::Service>> open_local_store(const LocalStoreOptions& options,
                                                                  const Context& context);

}  // namespace starcast::app
