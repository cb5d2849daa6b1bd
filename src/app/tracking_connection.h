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

}  // namespace starcast::app
