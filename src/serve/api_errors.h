// How /v1 and /v2 word their errors. MLflow's protocol has words of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/error.h"
#include "http/message.h"
#include "serve/scoring_metrics.h"

namespace starcast::serve {

// Where in a request something is wrong, as far as that is known.
struct Place {
  std::string field;                // of a listing
  std::optional<std::size_t> row;   // of a list of listings, from 0
  std::optional<std::size_t> line;  // of a file, from 1
};

// {"error": {"code": "invalid_input", "message": "...", "field": "Size", "row": 3, "line": 17}}: of the last
// three those that are known. A server's error responder may call it for paths that begin with /v1.
http::Response prediction_error(const core::Error& error, const Place& place = {});

// {"error": "..."}: for paths that begin with /v2.
http::Response inference_error(const core::Error& error);

// What the metrics count an error as; nothing for one that is none of scoring.
std::optional<ScoringError> scoring_error_of(core::ErrorCode code);

}  // namespace starcast::serve
