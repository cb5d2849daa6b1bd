// Speaks MLflow's REST messages to a tracking server, or to a local store in this process: one client for
// both.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/bytes.h"
#include "core/result.h"
#include "http/client.h"
#include "http/message.h"
#include "tracking/service.h"

namespace starcast::tracking {

// One thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;

  // One call: `path` is "2.0/mlflow/runs/create"; the body goes as JSON, for GET as the query. MLflow's error
  // answers become Errors with their messages.
  core::Result<codec::Json> call(http::Method method, std::string_view path, const codec::JsonObject& body);

  // A served artifact ("0/<run>/artifacts/model/MLmodel"): all of `source`, or into `sink`.
  core::Result<void> upload(std::string_view artifact, core::ByteSource& source,
                            std::optional<std::uint64_t> bytes);
  core::Result<void> download(std::string_view artifact, core::ByteSink& sink);

  // For people: "http://127.0.0.1:5000" or "sqlite:///mlflow.db".
  virtual const std::string& uri() const = 0;

 protected:
  // `target` starts with "/api/". Exactly one of request.body and `source` is sent; a 2xx body goes to
  // `sink`, if any.
  virtual core::Result<http::Response> send(http::Method method, std::string target, std::string body,
                                            core::ByteSource* source,
                                            std::optional<std::uint64_t> source_bytes,
                                            core::ByteSink* sink) = 0;
};

struct HttpConnectionOptions {
  std::string uri{};       // "http://…", a path in front of /api included
  std::string username{};  // MLFLOW_TRACKING_USERNAME
  std::string password{};  // MLFLOW_TRACKING_PASSWORD
  std::string token{};     // MLFLOW_TRACKING_TOKEN, before user and password
  http::ClientOptions client{};
};
std::unique_ptr<Connection> connect_http(HttpConnectionOptions options);

// Keeps the service.
std::unique_ptr<Connection> connect_local(std::unique_ptr<Service> service);
// To a service that outlives the connection, such as that of a server in this process.
std::unique_ptr<Connection> connect_service(Service& service);

// The Error that MLflow's error answer stands for.
core::Error error_of(const http::Response& response);

}  // namespace starcast::tracking
