// The scoring server: models in service, the routes over them, and an HTTP server of their own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/model_source.h"
#include "app/settings.h"
#include "app/workspace.h"
#include "core/result.h"
#include "http/route_table.h"
#include "http/server.h"
#include "serve/service.h"
#include "serve/slots.h"
#include "tracking/connection.h"

namespace starcast::app {

// Models in service, without sockets. Thread-safe once its routes were added.
class Scoring {
 public:
  // `context` outlives it.
  Scoring(ModelSourceOptions source, serve::ServiceOptions options, double requests_per_second_max,
          const Context& context);
  ~Scoring();

  serve::Slots& slots();
  // Adds what `routes` does not have: a server that answers /health already goes on answering it. The routes
  // need this as long as they are called. Once.
  void add_routes(http::RouteTable& routes);
  // From now on looks for new versions every so often, `before` each time first; 0: never.
  void watch(std::chrono::milliseconds interval, std::function<void()> before);
  // Ends the watching.
  void stop();
  std::string metrics_text() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

// Of the values of serving_settings(); kInvalidInput for limits below 1.
core::Result<serve::ServiceOptions> serving_options(const SettingValues& serving, const Context& context);

// Puts into service what a workspace has: each registered model with the alias "champion", and models/rating
// as "rating" where the registry has no such champion. There is a slot in the end, if only an empty one.
// Called again, it adds what came since. What cannot be loaded is told in the log, and tried again by the
// watching.
void add_workspace_models(Scoring& scoring, tracking::Connection& connection, const Context& context);

// JSON for errors of routes that have no words of their own, as the protocol below whose path they are has
// it: /v1, /v2, else MLflow's.
http::Response scoring_error(const core::Error& error, const http::Request& request);

struct ScoringServerOptions {
  std::vector<serve::SlotRequest> models{};
  std::string tracking_uri{};
  SettingValues serving;  // serving_settings()
  SettingValues server;   // scoring_server_settings()
};

// Listens from listen() until it is destroyed.
class ScoringServer {
 public:
  // kAlreadyExists for two models of one name. `context` outlives it.
  static core::Result<std::unique_ptr<ScoringServer>> make(ScoringServerOptions options,
                                                           const Context& context);
  ~ScoringServer();

  serve::Slots& slots() { return scoring_->slots(); }
  // Loads and checks the models that are not in service yet; the first failure.
  core::Result<void> load();
  // Opens the port, and watches from then on. kAlreadyExists when it is taken.
  core::Result<void> listen();
  const std::string& address() const { return address_; }  // "http://127.0.0.1:5000"
  std::uint16_t port() const { return server_->port(); }
  // Stops accepting, finishes what runs.
  void stop();

 private:
  ScoringServer(ScoringServerOptions options, const Context& context)
      : options_(std::move(options)), context_(context) {}

  ScoringServerOptions options_;
  const Context& context_;
  std::string address_{};
  std::unique_ptr<Scoring> scoring_;
  http::RouteTable routes_;
  std::atomic<const http::Server*> running_{nullptr};  // for its metrics, while it may just be starting
  std::unique_ptr<http::Server> server_;               // the last one: it stops first
};

}  // namespace starcast::app
