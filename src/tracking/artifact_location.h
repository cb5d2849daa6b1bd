// Where an experiment's artifacts go: the checks of `artifact_location`, and places below one.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "tracking/model_source.h"

namespace starcast::tracking {

// `location` with "/`below`" at the end of its path; a query stays behind it.
std::string location_below(std::string_view location, std::string_view below);

// Refuses what MLflow refuses (fragments, `..` in the query, runs:, hosts that are not ours, too long) and
// makes a relative local path or file URI absolute from `working_folder`.
core::Result<std::string> check_artifact_location(std::string_view location, std::string_view working_folder,
                                                  const SourceOptions& options);

}  // namespace starcast::tracking
