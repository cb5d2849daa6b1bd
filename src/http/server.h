// The HTTP server: sockets, limits, metrics and the access log around a route table. The only file pair with
// Boost.Beast besides the client's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "http/route_table.h"

namespace starcast::http {

struct ServerLimits {
  std::size_t header_bytes = 64 * 1024;      // more is 431
  std::size_t connections = 1024;            // more are answered 503 and closed
  std::size_t queue = 4096;                  // requests waiting for the pool; more are 503 with Retry-After
  std::chrono::milliseconds idle{75'000};    // a keep-alive connection without a request
  std::chrono::milliseconds header{20'000};  // from the first byte to the last header byte
  // No byte of a body, or none taken of an answer, for that long.
  std::chrono::milliseconds body_stall{30'000};
  // A body that took longer than `body_stall` must have come at this average, so that a byte a second holds
  // no connection for ever.
  std::size_t body_bytes_per_second = 256;
  std::chrono::milliseconds total{4 * 3600 * 1000};  // from a request's first byte to its answer's last
};

// Host and Origin rules, as MLflow's security middleware (mlflow.md 8, security.md 3.4).
struct BrowserRules {
  bool enabled = true;
  std::vector<std::string> allowed_hosts{};    // with '*' wildcards; empty: localhost and private addresses
  std::vector<std::string> allowed_origins{};  // besides every localhost origin
  std::string frame_options = "SAMEORIGIN";    // "NONE" leaves the header out
  std::vector<std::string> open_paths{"/health", "/version"};  // answered whatever their Host says
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::size_t io_threads = 2;
  std::size_t pool_threads = 32;
  ServerLimits limits{};
  BrowserRules browser{};
  // The answer to a handler's error, to an unknown route (kNotFound) and to a refused content type
  // (kInvalidInput). A body over its limit (413), a broken or unknown encoding (400, 415) and a full queue
  // (503) take its body and the status given here. Without one: status_of() and the message as text.
  std::function<Response(const core::Error&, const Request&)> error_response{};
  std::size_t gzip_bytes_min = 1024;  // JSON and text from this size on are sent as gzip to who accepts it
  // Off: who asks from this machine gets no gzip, whose time is more than the bytes' there.
  bool gzip_to_loopback = true;
  bool access_log = true;  // a line a request, at info level
};

// Runs until stop(). Thread-safe.
class Server {
 public:
  virtual ~Server() = default;
  // The port that it listens on.
  virtual std::uint16_t port() const = 0;
  // Stops accepting, finishes the requests that run (at most `grace`), closes the rest, and returns.
  virtual void stop(std::chrono::milliseconds grace) = 0;
  // Prometheus text: requests and a latency histogram a route, connections, bytes.
  virtual std::string metrics_text() const = 0;
};

// Binds, listens and starts the threads; kAlreadyExists when the port is taken (the message names a free
// one), kPermissionDenied, kInvalidInput for an address that is none. `routes`, `clock` and `log` outlive the
// server.
// "/health", "/version" and "/metrics" are ordinary routes of the caller's.
core::Result<std::unique_ptr<Server>> start_server(const RouteTable& routes, ServerOptions options,
                                                   const core::Clock& clock, core::Log& log);

}  // namespace starcast::http
