// Artifacts between this disk and where a tracking store keeps them: through the server for
// "mlflow-artifacts:/…", else a local folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/workspace.h"
#include "core/result.h"
#include "tracking/connection.h"

namespace starcast::app {

// A file, or a whole folder with its content, to `place` (an artifact URI); links are followed. Each file is
// whole or absent. kUnsupported for places that neither the server nor this disk has ("s3://…").
core::Result<void> upload_artifacts(const std::string& from, const std::string& place,
                                    tracking::Connection& connection, const Context& context);

// What lies at `place`, a file or a folder, to `to`. Names that would leave `to` are kCorrupt.
core::Result<void> download_artifacts(const std::string& place, const std::string& to,
                                      tracking::Connection& connection, const Context& context);

// A file, or a folder with its content, on this disk; links are followed.
core::Result<void> copy_tree(const std::string& from, const std::string& to, const Context& context);

// "<place>/<path>"; an empty path is the place itself.
std::string artifact_below(std::string_view place, std::string_view path);

}  // namespace starcast::app
