// The tracking server: a tracking::Service behind an http::Server, as the settings say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/scoring_server.h"
#include "app/settings.h"
#include "app/workspace.h"
#include "core/result.h"
#include "http/server.h"
#include "tracking/service.h"

namespace starcast::app {

// What the server answers under /version: the MLflow release whose wire and database it keeps.
inline constexpr const char* kMlflowVersion = "3.17.2";

// Listens until it is destroyed. Thread-safe.
class TrackingServer {
 public:
  // kAlreadyExists when the port is taken; the message names a free one. Warns of an address that others can
  // reach.
  // With `serving`, the values of serving_settings(), the workspace's models answer on the same port.
  static core::Result<std::unique_ptr<TrackingServer>> start(
      const SettingValues& settings, const Context& context,
      const std::optional<SettingValues>& serving = std::nullopt);
  ~TrackingServer();

  const std::string& address() const { return address_; }  // "http://127.0.0.1:5000"
  std::uint16_t port() const { return server_->port(); }
  const tracking::ServiceOptions& options() const { return service_->options(); }
  // The models that are served besides; nullptr: none.
  Scoring* scoring() { return scoring_.get(); }
  // Stops accepting, finishes what runs, closes the store.
  void stop();

 private:
  TrackingServer() = default;

  std::string address_{};
  std::unique_ptr<tracking::Service> service_;
  std::unique_ptr<Scoring> scoring_;
  std::unique_ptr<http::Server> server_;  // after the service: it stops first
};

// A service on an empty database in memory with all routes that a server answers, for listing them.
core::Result<std::unique_ptr<tracking::Service>> service_for_listing(const Context& context);

// The service's options as the settings say; kUnsupported for stores that join later.
core::Result<tracking::ServiceOptions> service_options(const SettingValues& settings);

}  // namespace starcast::app
