// Registered models and model versions as MLflow's JSON.
#pragma once

#include <string>

#include "tracking/entities.h"

namespace starcast::tracking::api {

// Appends the compact JSON object.
void append_json(std::string& out, const RegisteredModel& model);
void append_json(std::string& out, const ModelVersion& version);

}  // namespace starcast::tracking::api
