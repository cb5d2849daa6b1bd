// The HTTP client: one request after another over kept-alive connections, by TLS where the URL says so.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "http/message.h"
#include "os/environment.h"

namespace starcast::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{120'000};  // no byte for that long
  std::string ca_file{};                             // besides the system's certificates
  bool verify_tls = true;
  std::string proxy{};                  // "http://user:password@host:port" for https URLs, by CONNECT
  std::string plain_proxy{};            // the same for http URLs
  std::vector<std::string> no_proxy{};  // hosts with their subdomains, ".domain" suffixes, "*" for all
};

// From HTTPS_PROXY, HTTP_PROXY, NO_PROXY (either case), MLFLOW_TRACKING_SERVER_CERT_PATH,
// MLFLOW_TRACKING_INSECURE_TLS.
ClientOptions client_options(const os::Environment& environment);

// What is sent. The body is `body`, or `stream` (with its length when known, else chunked).
struct ClientRequest {
  Method method = Method::kGet;
  std::string url{};  // "http://127.0.0.1:5000/api/…", percent-encoded; "user:password@" is sent as Basic
  Headers headers{};
  std::string body{};
  core::ByteSource* stream = nullptr;
  std::optional<std::uint64_t> stream_bytes{};
};

// Sends requests. One thread at a time.
class Client {
 public:
  virtual ~Client() = default;
  // Any status is a Response; errors are kUnavailable (no connection, broken off), kDeadlineExceeded,
  // kInvalidInput (the URL). With `sink` the body of a 2xx answer goes there and Response::body stays empty.
  // An answer longer than 256 MiB without a sink is kTooLarge. Redirects are not followed. A kept-alive
  // connection that the server closed before a byte of the answer came is replaced once, if nothing was sent
  // or sending again changes nothing (any method but POST and PATCH, without a stream). An answer that comes
  // while the body is still being sent ends the sending.
  virtual core::Result<Response> send(const ClientRequest& request, core::ByteSink* sink = nullptr) = 0;
};

std::unique_ptr<Client> make_client(ClientOptions options);

}  // namespace starcast::http
