#include "tracking/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "sql/database.h"
#include "tracking/api/artifacts.h"
#include "tracking/api/experiments.h"
#include "tracking/api/inputs.h"
#include "tracking/api/logged_models.h"
#include "tracking/api/metrics.h"
#include "tracking/api/registry.h"
#include "tracking/api/runs.h"
#include "tracking/api/search.h"
#include "tracking/api/server_info.h"
#include "tracking/api/wire.h"
#include "tracking/source_pattern.h"

namespace starcast::tracking {
namespace {

constexpr std::string_view kPatternVariable = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX";

core::Result<void> add_routes(http::RouteTable& table, Service& service) {
  const ServiceOptions& options = service.options();
  const api::Mount mount{table, options.static_prefix};
  SourceOptions sources;
  sources.allowed_host_schemes = options.allowed_schemes;
  sources.own_roots = {options.default_artifact_root, options.artifacts_destination};
  sources.source_pattern = TRY(SourcePattern::parse(options.source_pattern), kPatternVariable);
  RunOptions runs;
  runs.truncate_long_values = options.truncate_values;
  Store& store = service.store();
  api::add_experiment_routes(mount, store, sources);
  api::add_run_routes(mount, store, runs);
  api::add_metric_routes(mount, store);
  api::add_input_routes(mount, store);
  api::add_logged_model_routes(mount, store);
  api::add_registry_routes(mount, store, sources);
  api::add_search_routes(mount, store);
  api::add_artifact_routes(mount, store, service.artifacts());
  api::add_server_info_routes(mount);
  return {};
}

// MLflow's reason why a route is off in this mode of the server; absent when it is on.
std::optional<std::string> reason_to_disable(const http::Route& route, const ServiceOptions& options) {
  const bool is_artifacts = route.pattern.find("/mlflow-artifacts/") != std::string::npos;
  if (is_artifacts && !options.serve_artifacts) {
    return "the mlflow server running with `--no-serve-artifacts`. To enable artifacts server functionality, "
           "run `mlflow "
           "server` with `--serve-artifacts`";
  }
  if (!is_artifacts && options.artifacts_only && route.name != "getServerInfo") {
    return "the mlflow server running in `--artifacts-only` mode. To enable tracking server functionality, "
           "run `mlflow "
           "server` without `--artifacts-only`";
  }
  return std::nullopt;
}

}  // namespace

core::Result<std::unique_ptr<Service>> Service::open(ServiceOptions options, const core::Clock& clock) {
  std::unique_ptr<Service> service(new Service());
  if (options.default_artifact_root.empty()) {
    options.default_artifact_root = options.serve_artifacts ? "mlflow-artifacts:/" : "./mlruns";
  }
  sql::SqliteOptions database;
  database.path = TRY(sql::sqlite_path(options.backend_store_uri));
  database.create = options.create;
  // Each that runs holds a page of answers, and more than there are processors do not make it faster.
  database.readers = std::clamp<std::size_t>(std::size_t{1} + std::thread::hardware_concurrency(), 3, 8);
  StoreOptions store;
  store.default_artifact_root = options.default_artifact_root;
  std::unique_ptr<sql::Database> opened = TRY(sql::open_sqlite(std::move(database)));
  service->store_ = TRY(Store::open(std::move(opened), std::move(store), clock), options.backend_store_uri);
  service->artifacts_ = TRY(blob::open_local(options.artifacts_destination));
  service->options_ = std::move(options);

  http::RouteTable all;
  TRY(add_routes(all, *service));
  for (const std::unique_ptr<http::Route>& route : all.routes()) {
    http::Route mounted = *route;
    if (const std::optional<std::string> reason = reason_to_disable(mounted, service->options_)) {
      const std::string text = fmt::format("Endpoint: {} disabled due to {}", mounted.pattern, *reason);
      mounted.receiver = {};
      mounted.json_body = false;
      mounted.handler = [text](const http::Request&) {
        return core::Result<http::Response>(http::text_response(503, text));
      };
    }
    service->routes_.add(std::move(mounted));
  }
  return service;
}

http::Response Service::handle(const http::Request& request) const {
  http::RouteTable::Found found = routes_.find(request.method, request.path);
  if (!found.route || !found.route->handler) {
    return error_response(core::Error(core::ErrorCode::kNotFound, "no such route"), request);
  }
  http::Request routed = request;
  routed.parameters = std::move(found.parameters);
  core::Result<http::Response> response = found.route->handler(routed);
  return response ? std::move(response).value() : api::error_response(response.error());
}

http::Response Service::error_response(const core::Error& error, const http::Request& request) const {
  if (error.code() == core::ErrorCode::kNotFound && !routes_.find(request.method, request.path).route) {
    codec::Json body;
    body.set("error_code", "ENDPOINT_NOT_FOUND");
    body.set("message", fmt::format("{} {} is not offered by this server", http::name_of(request.method),
                                    request.path.substr(0, 200)));
    http::Response response = api::json_response(body);
    response.status = 404;
    return response;
  }
  return api::error_response(error);
}

}  // namespace starcast::tracking
