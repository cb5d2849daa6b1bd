// A request and a response as handlers see them: no sockets, so that tests call handlers directly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"

namespace starcast::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

// "GET"; and back, absent for a method that this program does not know.
std::string_view name_of(Method method);
std::optional<Method> method_of(std::string_view name);

// Header fields in their order; names compare without case.
class Headers {
 public:
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // Appends.
  void add(std::string name, std::string value);
  // Replaces all fields of that name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a handler is given. Thread-compatible.
struct Request {
  Method method = Method::kGet;
  std::string target{};  // as sent: "/api/2.0/mlflow/runs/get?run_id=a%2Fb"
  std::string path{};    // of the target, still percent-encoded, without the query
  Pairs query{};         // decoded, in order; "+" is a space
  Pairs parameters{};    // of the route's pattern, decoded exactly once
  Headers headers{};
  std::string body{};  // whole and decompressed; empty on routes that receive bodies in chunks
  std::string peer{};  // address of the other side, e.g. "127.0.0.1"

  // The first query field, or path parameter, of that name.
  std::optional<std::string_view> query_field(std::string_view name) const;
  // A pattern's own parameter is always there: CHECKed.
  const std::string& parameter(std::string_view name) const;
};

// What a handler answers. Content-Length, Date and Connection are the server's to add.
struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
  // Instead of `body`: streamed in constant memory; with `stream_bytes` as Content-Length, else chunked.
  std::unique_ptr<core::ByteSource> stream{};
  std::optional<std::uint64_t> stream_bytes{};
};

// The status of an error where no API says otherwise.
int status_of(core::ErrorCode code);

// A response of that status with a text body.
Response text_response(int status, std::string text,
                       std::string_view content_type = "text/plain; charset=utf-8");

// "Not Found" of 404; "" of a status that is not registered.
std::string_view reason_of(int status);

// "a=1&b=x%20y" as pairs; broken escapes stay as they are.
Pairs parse_query(std::string_view query);
std::string write_query(const Pairs& pairs);

}  // namespace starcast::http
