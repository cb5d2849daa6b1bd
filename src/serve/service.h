// The scoring service: what the protocols answer, over slots. One function a protocol adds its routes; a
// server puts sockets before them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "core/clock.h"
#include "http/route_table.h"
#include "os/file_system.h"
#include "serve/scoring_metrics.h"
#include "serve/slots.h"

namespace starcast::serve {

struct ServiceOptions {
  bool strict = false;  // refuses the body of MLflow 1, {"columns", "data"}
  std::size_t body_bytes_max = std::size_t{64} << 20;
  std::size_t rows_max = 1'000'000;            // of a body that is read whole; streamed CSV has no limit
  std::chrono::milliseconds time_max{60'000};  // MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT; then 504
  std::size_t threads = 1;                     // that a large request's rows are spread over
  std::string version;                         // what /version answers
  std::string path_prefix;                     // "" or "/x", before every route
  // Uploaded files lie here while they are answered, already removed by name.
  std::string scratch_folder = "/tmp";
  std::size_t upload_bytes_max = std::size_t{64} << 30;
};

// What the handlers are given; all of it outlives the route table.
struct Service {
  Slots& slots;
  ScoringMetrics& metrics;
  const core::Clock& clock;
  ServiceOptions options;
  os::FileSystem& files = os::real_files();
};

// serve/invocations.cc: POST /invocations of the first slot, and /invocations/{model} of each; GET /ping,
// /health, /version.
void add_invocation_routes(http::RouteTable& routes, const Service& service);
// serve/inference_protocol.cc: /v2/health/*, /v2/models/*, /v2/repository/*.
void add_inference_protocol_routes(http::RouteTable& routes, const Service& service);
// serve/predictions.cc: /v1/predict, /v1/predict/csv, /v1/explain, /v1/whatif; ?model= names a slot.
void add_prediction_routes(http::RouteTable& routes, const Service& service);
// serve/documents.cc: /openapi.json, /docs, /try. What it says of the other routes it reads from `routes`
// when it is asked, so that these stay where they are as long as they answer.
void add_document_routes(http::RouteTable& routes, const Service& service);

}  // namespace starcast::serve
