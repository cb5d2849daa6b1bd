// Experiments and runs as MLflow's JSON.
#pragma once

#include <string>
#include <string_view>

#include "tracking/entities.h"

namespace starcast::tracking::api {

// Each appends a compact JSON object.
void append_json(std::string& out, const Experiment& experiment);
void append_json(std::string& out, const Run& run);  // {"info":…,"data":…,"inputs":…,"outputs":…}
// A run's "info" alone.
void append_info_json(std::string& out, const Run& run);
// {"key":…,"value":…,"timestamp":…,"step":…}; `with_run` adds "run_id".
enum class RunId { kLeftOut, kWritten };
void append_json(std::string& out, const Metric& metric, RunId run_id = RunId::kLeftOut);

}  // namespace starcast::tracking::api
