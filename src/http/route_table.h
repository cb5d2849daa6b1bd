// The one list of what a server answers: dispatch, the documentation and the test that walks every route are
// made from it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "http/message.h"

namespace starcast::http {

// Where a handler runs: on the socket's thread (answers from memory, in microseconds), on the pool, or by the
// body's size: up to Route::inline_body_bytes on the socket's thread.
enum class Where { kInline, kPool, kBySize };

// What a caller needs to be allowed. No default on purpose: a route without one does not compile. Until
// access control exists everyone may everything.
enum class Permission { kNone, kRead, kCreate, kEdit, kDelete, kAdmin };
std::string_view name_of(Permission permission);

// Answers a request. Pure of sockets; called from several threads at once.
using Handler = std::function<core::Result<Response>(const Request&)>;

// Takes a body of any length in chunks, one job at a time (never two at once), then answers. Destroyed
// without finish(): the client went away, nothing may remain.
class BodyReceiver {
 public:
  virtual ~BodyReceiver() = default;
  virtual core::Result<void> write(std::string_view bytes) = 0;
  virtual core::Result<Response> finish() = 0;
};
// Called with the headers only; an error refuses the body before it is read (and before 100-continue).
using Receiver = std::function<core::Result<std::unique_ptr<BodyReceiver>>(const Request&)>;

struct Route {
  Method method;
  // "/api/2.0/mlflow/logged-models/{model_id}"; a last "{path...}" takes the rest, slashes included.
  std::string pattern;
  Permission permission;
  Where where;
  Handler handler;  // exactly one of handler and receiver
  Receiver receiver{};
  std::string name{};      // of the call, e.g. "createRun": in logs, metrics and documentation
  std::string resource{};  // the table of docs/compat that it belongs to, e.g. "runs"
  std::size_t body_bytes_max = std::size_t{16} << 20;     // after decompression; more is 413
  std::size_t inline_body_bytes = std::size_t{64} << 10;  // of Where::kBySize
  bool json_body = false;  // POST and PUT must be application/json, else the error responder's 400
};

// Built once at start, then only read: thread-safe after that.
class RouteTable {
 public:
  // CHECKs that no route has the same method and pattern, and that a pattern starts with '/'.
  void add(Route route);

  struct Found {
    const Route* route = nullptr;  // nullptr: none
    Pairs parameters{};
    bool path_known = false;        // some route has this path, by another method: 405
    std::vector<Method> methods{};  // those that it has, when no route was found
  };
  // `path` is percent-encoded; each segment is decoded once (a broken escape stays as it is). Literal
  // segments win over parameters, those over a "{path...}"; neither matches nothing. HEAD finds GET's route.
  // A trailing slash is another path.
  Found find(Method method, std::string_view path) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  std::vector<std::unique_ptr<Route>> routes_;
  struct Node;
  std::shared_ptr<Node> root_;
};

}  // namespace starcast::http
