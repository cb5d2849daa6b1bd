// The tracking service whole: a store, its artifacts and the table of routes over both. A server puts sockets
// before it; the command line calls it in process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "blob/blob_store.h"
#include "core/clock.h"
#include "core/result.h"
#include "http/message.h"
#include "http/route_table.h"
#include "tracking/store.h"

namespace starcast::tracking {

struct ServiceOptions {
  std::string backend_store_uri = "sqlite:///mlflow.db";
  std::string artifacts_destination = "./mlartifacts";
  // "" : "mlflow-artifacts:/" when artifacts are served, else "./mlruns", as MLflow.
  std::string default_artifact_root{};
  bool serve_artifacts = true;
  bool artifacts_only = false;
  bool create = true;           // false: kNotFound when there is no database yet
  bool truncate_values = true;  // MLFLOW_TRUNCATE_LONG_VALUES
  std::string static_prefix{};  // "" or "/x"
  std::string version{};        // what /version answers
  // URI schemes with a host that artifact locations may name
  // (MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES).
  std::vector<std::string> allowed_schemes{};
  // What sources of model versions must match (MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX); "": any.
  std::string source_pattern{};
};

// Thread-safe after open().
class Service {
 public:
  // Opens or creates the database and the artifact folder, checks the schema, builds the routes.
  static core::Result<std::unique_ptr<Service>> open(ServiceOptions options, const core::Clock& clock);

  // For a server to add its own routes to before it starts.
  http::RouteTable& routes() { return routes_; }
  Store& store() { return *store_; }
  blob::BlobStore& artifacts() { return *artifacts_; }
  const ServiceOptions& options() const { return options_; }

  // Answers a request without a socket, errors as the server would answer them.
  http::Response handle(const http::Request& request) const;
  // MLflow's JSON for an error; a path that no route has is ENDPOINT_NOT_FOUND.
  http::Response error_response(const core::Error& error, const http::Request& request) const;

 private:
  Service() = default;

  ServiceOptions options_{};
  std::unique_ptr<Store> store_;
  std::unique_ptr<blob::BlobStore> artifacts_;
  http::RouteTable routes_;
};

}  // namespace starcast::tracking
