// Logged models as MLflow's JSON.
#pragma once

#include <string>
#include <string_view>

#include "tracking/entities.h"

namespace starcast::tracking::api {

// Appends the compact JSON object {"info":…,"data":…}.
void append_json(std::string& out, const LoggedModel& model);

// "LOGGED_MODEL_READY" of kReady.
std::string_view wire_name(LoggedModelStatus status);

}  // namespace starcast::tracking::api
