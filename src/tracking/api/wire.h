// MLflow's wire rules (mlflow.md 4): how a request's fields are read, how answers and errors are written.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "http/message.h"
#include "http/route_table.h"

namespace starcast::tracking {
class Store;
}

namespace starcast::tracking::api {

// A message of a request, however it came: a JSON object (snake_case or camelCase names, numbers also as
// strings, enums by name or number, "NaN" and "Infinity" as strings) or, for GET, the query string (repeated
// fields by repetition). Unknown fields are ignored; null counts as absent. Getters fail with MLflow's 400
// texts and name the field by its path ("metrics[3].value"). Everything is checked before anything is stored:
// a request that MLflow would half-obey is refused whole.
class Fields {
 public:
  // Of the body (POST, PUT, PATCH, DELETE; empty is {}; a JSON string that holds JSON is decoded twice) or of
  // the query (GET; also DELETE without a body).
  static core::Result<Fields> of(const http::Request& request);
  static Fields of_json(codec::Json object, std::string path = {});

  bool has(std::string_view name) const;  // given and not null

  // Required: absent or "" is "Missing value for required parameter 'x'. …".
  core::Result<std::string> required_text(std::string_view name) const;
  core::Result<std::int64_t> required_integer(std::string_view name) const;
  core::Result<double> required_real(std::string_view name) const;
  // Absent when not given. An empty text is given.
  core::Result<std::optional<std::string>> text(std::string_view name) const;
  core::Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  core::Result<std::optional<double>> real(std::string_view name) const;
  core::Result<std::optional<bool>> flag(std::string_view name) const;
  core::Result<std::string> text_or(std::string_view name, std::string_view fallback) const;
  core::Result<std::int64_t> integer_or(std::string_view name, std::int64_t fallback) const;
  // An enum's name; a number is looked up in `names` (index = number - 1). Another name is an error listing
  // them.
  core::Result<std::optional<std::string>> one_of(std::string_view name,
                                                  const std::vector<std::string_view>& names) const;
  // Repeated fields; absent is empty.
  core::Result<std::vector<std::string>> texts(std::string_view name) const;
  core::Result<std::vector<Fields>> messages(std::string_view name) const;
  // How many elements a repeated field has; 0 for what is none.
  std::size_t count(std::string_view name) const;
  // A single message; absent when not given.
  core::Result<std::optional<Fields>> message(std::string_view name) const;
  // `run_id`, or the old name `run_uuid` (mlflow.md 4.1). Required.
  core::Result<std::string> run_id() const;

 private:
  Fields(std::shared_ptr<const codec::Json> object, std::string path, bool from_query);
  core::Result<const codec::Json*> member(std::string_view name) const;
  std::string path_of(std::string_view name) const;

  std::shared_ptr<const codec::Json> object_;  // messages within a message share its tree
  std::string path_;                           // "" at the top, "metrics[3]" below
  bool from_query_ = false;
};

// "Missing value for required parameter 'x'. See the API docs for more information about request parameters."
core::Error missing_parameter(std::string_view name);
// "Invalid value 123 for parameter 'x' supplied: <reason>": `value` as compact JSON, cut when it is long.
core::Error invalid_parameter(std::string_view name, const codec::Json& value, std::string_view reason);

// 200 with a JSON body. Doubles that are NaN or infinite must be made by `number`.
http::Response json_response(const codec::Json& body);
http::Response json_text_response(std::string body);
// An empty object.
http::Response empty_response();
// NaN and infinities as MLflow's strings "NaN", "Infinity", "-Infinity".
codec::Json number(double value);

// MLflow's name and HTTP status of an error code, and the JSON error with sqlstate and error_class.
struct WireCode {
  int status;
  std::string_view name;
};
WireCode wire_code(core::ErrorCode code);
http::Response error_response(const core::Error& error);

// A row of a resource's table: `path` is what follows the resource's name, e.g. "/create".
struct StoreRoute {
  http::Method method;
  std::string_view path;
  http::Permission permission;
  std::string_view rpc;
  core::Result<http::Response> (*handler)(Store&, const http::Request&);
};

// One route of MLflow: under <prefix>/api/<version> and <prefix>/ajax-api/<version>, one handler and one
// permission. `version` is "2.0" or "3.0"; `path` starts with "/mlflow/".
struct Mount {
  http::RouteTable& table;
  std::string static_prefix;  // "" or "/x"
  void add(std::string_view version, http::Method method, std::string_view path, http::Permission permission,
           std::string_view resource, std::string_view rpc, http::Handler handler) const;
  // Under /ajax-api only.
  void add_ajax(std::string_view version, http::Method method, std::string_view path,
                http::Permission permission, std::string_view resource, std::string_view name,
                http::Handler handler) const;
  // As add(), for a body of any length and type.
  void add_receiver(std::string_view version, http::Method method, std::string_view path,
                    http::Permission permission, std::string_view resource, std::string_view rpc,
                    http::Receiver receiver) const;
  // A resource's 2.0 routes below "/mlflow/<resource>". `routes` need not outlive the call; `store` does.
  void add_store_routes(std::string_view resource, std::span<const StoreRoute> routes, Store& store) const;

 private:
  void add_below(std::initializer_list<std::string_view> bases, std::string_view version,
                 std::string_view path, const http::Route& like) const;
};

}  // namespace starcast::tracking::api
