#include "tracking/api/wire.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "codec/number.h"
#include "core/strings.h"

namespace starcast::tracking::api {
namespace {

constexpr std::size_t kReceivedBytesMax = std::size_t{1} << 40;  // it goes to a disk that may be full before
constexpr std::string_view kSeeDocs = "See the API docs for more information about request parameters.";

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

// "experiment_id" becomes "experimentId".
std::string camel_case(std::string_view name) {
  std::string camel;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return camel;
}

// camel_case(name) == other, without making it. `name` has a '_', so the two differ.
bool is_camel_case_of(std::string_view name, std::string_view other) {
  std::size_t at = 0;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    const char wanted = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (at == other.size() || other[at] != wanted) return false;
    ++at;
    upper = false;
  }
  return at == other.size();
}

// Python's name of a JSON value's type, as MLflow's hints have it.
std::string_view python_type(const codec::Json& value) {
  struct Names {
    std::string_view operator()(std::nullptr_t) const { return "NoneType"; }
    std::string_view operator()(bool) const { return "bool"; }
    std::string_view operator()(std::int64_t) const { return "int"; }
    std::string_view operator()(const codec::JsonBigInteger&) const { return "int"; }
    std::string_view operator()(double) const { return "float"; }
    std::string_view operator()(const std::string&) const { return "str"; }
    std::string_view operator()(const codec::JsonArray&) const { return "list"; }
    std::string_view operator()(const codec::JsonObject&) const { return "dict"; }
  };
  return std::visit(Names{}, value.value());
}

core::Error wrong_type(std::string_view path, const codec::Json& value) {
  return invalid_parameter(path, value,
                           fmt::format(" Hint: Value was of type '{}'. {}", python_type(value), kSeeDocs));
}

http::Route pool_route(http::Method method, http::Permission permission, std::string_view resource,
                       std::string_view rpc) {
  http::Route route;
  route.method = method;
  route.permission = permission;
  route.where = http::Where::kPool;
  route.name = std::string(rpc);
  route.resource = std::string(resource);
  return route;
}

http::Route json_route(http::Method method, http::Permission permission, std::string_view resource,
                       std::string_view rpc, http::Handler handler) {
  http::Route route = pool_route(method, permission, resource, rpc);
  route.handler = std::move(handler);
  route.json_body = method == http::Method::kPost || method == http::Method::kPut;
  return route;
}

}  // namespace

core::Error missing_parameter(std::string_view name) {
  return invalid(fmt::format("Missing value for required parameter '{}'. {}", name, kSeeDocs));
}

core::Error invalid_parameter(std::string_view name, const codec::Json& value, std::string_view reason) {
  const codec::JsonStyle style =
      value.is_string() ? codec::JsonStyle::kPythonSorted : codec::JsonStyle::kCompact;
  std::string shown = codec::to_text(value, style);
  if (shown.size() > 1000) shown = "…";  // an answer never repeats a long body
  return invalid(fmt::format("Invalid value {} for parameter '{}' supplied: {}", shown, name, reason));
}

Fields::Fields(std::shared_ptr<const codec::Json> object, std::string path, bool from_query)
    : object_(std::move(object)), path_(std::move(path)), from_query_(from_query) {}

core::Result<Fields> Fields::of(const http::Request& request) {
  const bool from_query = request.method == http::Method::kGet || request.method == http::Method::kHead ||
                          (request.method == http::Method::kDelete && request.body.empty());
  if (from_query) {
    codec::JsonObject object;
    for (const auto& [name, value] : request.query) {
      std::vector<codec::JsonMember>::iterator found = object.begin();
      while (found != object.end() && found->first != name) ++found;
      if (found == object.end()) {
        object.emplace_back(name, codec::Json(codec::JsonArray{codec::Json(value)}));
      } else {
        found->second.push(codec::Json(value));
      }
    }
    return Fields(std::make_shared<const codec::Json>(std::move(object)), "", true);
  }
  if (core::trimmed(request.body).empty()) return of_json(codec::Json(codec::JsonObject{}));
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  options.depth_max = 100;
  core::Result<codec::Json> parsed = codec::parse_json(request.body, options);
  if (parsed && parsed->is_string()) {  // old clients send JSON in a JSON string
    const std::string inner = TRY(parsed->as_string());
    parsed = codec::parse_json(inner, options);
  }
  if (!parsed) return core::Error(std::move(parsed).error()).with_context("the request's body is not JSON");
  if (!parsed->is_object()) {
    return invalid(fmt::format("the request's body is a JSON {}, not an object", python_type(*parsed)));
  }
  return of_json(std::move(parsed).value());
}

Fields Fields::of_json(codec::Json object, std::string path) {
  return Fields(std::make_shared<const codec::Json>(std::move(object)), std::move(path), false);
}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

core::Result<const codec::Json*> Fields::member(std::string_view name) const {
  const codec::Json* plain = object_->find(name);
  if (name.find('_') != std::string_view::npos) {
    const codec::Json* other = nullptr;
    if (const auto* members = std::get_if<codec::JsonObject>(&object_->value())) {
      for (const codec::JsonMember& one : *members) {
        if (is_camel_case_of(name, one.first)) other = &one.second;
      }
    }
    if (plain && other) {
      return invalid(fmt::format("Request specifies both '{}' and '{}'; provide only one of them.", name,
                                 camel_case(name)));
    }
    if (other) plain = other;
  }
  return plain && plain->is_null() ? nullptr : plain;
}

bool Fields::has(std::string_view name) const {
  const core::Result<const codec::Json*> found = member(name);
  return !found || *found != nullptr;  // given twice: the getter says so
}

core::Result<std::optional<std::string>> Fields::text(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<std::string>();
  if (from_query_) found = &(*TRY(found->as_array())).back();
  if (!found->is_string()) return wrong_type(path_of(name), *found);
  return std::optional<std::string>(std::get<std::string>(found->value()));
}

core::Result<std::optional<std::int64_t>> Fields::integer(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<std::int64_t>();
  if (from_query_) found = &(*TRY(found->as_array())).back();
  if (const std::int64_t* integer = std::get_if<std::int64_t>(&found->value())) {
    return std::optional<std::int64_t>(*integer);
  }
  if (const std::string* digits = std::get_if<std::string>(&found->value())) {
    if (const std::optional<std::int64_t> parsed = codec::parse_int(*digits)) return parsed;
  }
  if (const double* real = std::get_if<double>(&found->value())) {
    if (std::trunc(*real) == *real && std::fabs(*real) < 9.0e18) {
      return std::optional<std::int64_t>(static_cast<std::int64_t>(*real));
    }
  }
  return wrong_type(path_of(name), *found);
}

core::Result<std::optional<double>> Fields::real(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<double>();
  if (from_query_) found = &(*TRY(found->as_array())).back();
  if (const std::string* digits = std::get_if<std::string>(&found->value())) {
    if (*digits == "NaN") return std::optional<double>(std::numeric_limits<double>::quiet_NaN());
    if (*digits == "Infinity") return std::optional<double>(std::numeric_limits<double>::infinity());
    if (*digits == "-Infinity") return std::optional<double>(-std::numeric_limits<double>::infinity());
    if (const std::optional<double> parsed = codec::parse_double(*digits)) return parsed;
    return wrong_type(path_of(name), *found);
  }
  if (const codec::JsonBigInteger* big = std::get_if<codec::JsonBigInteger>(&found->value())) {
    if (const std::optional<double> parsed = codec::parse_double(big->digits)) return parsed;
  }
  const core::Result<double> number = found->as_double();
  if (!number) return wrong_type(path_of(name), *found);
  return std::optional<double>(*number);
}

core::Result<std::optional<bool>> Fields::flag(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<bool>();
  if (from_query_) found = &(*TRY(found->as_array())).back();
  if (const bool* value = std::get_if<bool>(&found->value())) return std::optional<bool>(*value);
  if (const std::string* word = std::get_if<std::string>(&found->value())) {
    if (*word == "true" || *word == "TRUE")
      return std::optional<bool>(true);  // R sends every scalar as a string
    if (*word == "false" || *word == "FALSE") return std::optional<bool>(false);
  }
  return wrong_type(path_of(name), *found);
}

core::Result<std::string> Fields::required_text(std::string_view name) const {
  std::optional<std::string> found = TRY(text(name));
  if (!found || found->empty()) return missing_parameter(path_of(name));
  return std::move(*found);
}

core::Result<std::int64_t> Fields::required_integer(std::string_view name) const {
  const std::optional<std::int64_t> found = TRY(integer(name));
  if (!found) return missing_parameter(path_of(name));
  return found.value_or(0);
}

core::Result<double> Fields::required_real(std::string_view name) const {
  const std::optional<double> found = TRY(real(name));
  if (!found) return missing_parameter(path_of(name));
  return found.value_or(0);
}

core::Result<std::string> Fields::text_or(std::string_view name, std::string_view fallback) const {
  std::optional<std::string> found = TRY(text(name));
  return found ? std::move(*found) : std::string(fallback);
}

core::Result<std::int64_t> Fields::integer_or(std::string_view name, std::int64_t fallback) const {
  const std::optional<std::int64_t> found = TRY(integer(name));
  return found.value_or(fallback);
}

core::Result<std::optional<std::string>> Fields::one_of(std::string_view name,
                                                        const std::vector<std::string_view>& names) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<std::string>();
  if (from_query_) found = &(*TRY(found->as_array())).back();
  std::optional<std::int64_t> number;
  if (const std::int64_t* integer = std::get_if<std::int64_t>(&found->value())) number = *integer;
  if (const std::string* word = std::get_if<std::string>(&found->value())) {
    for (const std::string_view known : names) {
      if (*word == known) return std::optional<std::string>(*word);
    }
    number = codec::parse_int(*word);
  }
  const std::int64_t index = number.value_or(0);
  if (index >= 1 && index <= static_cast<std::int64_t>(names.size())) {
    return std::optional<std::string>(std::string(names[static_cast<std::size_t>(index - 1)]));
  }
  std::vector<std::string> known(names.begin(), names.end());
  return invalid_parameter(path_of(name), *found,
                           fmt::format("it must be one of {}. {}", core::join(known, ", "), kSeeDocs));
}

core::Result<std::vector<std::string>> Fields::texts(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  std::vector<std::string> values;
  if (!found) return values;
  const codec::JsonArray* array = std::get_if<codec::JsonArray>(&found->value());
  if (!array) return wrong_type(path_of(name), *found);
  values.reserve(array->size());
  for (const codec::Json& value : *array) {
    if (!value.is_string()) return wrong_type(fmt::format("{}[{}]", path_of(name), values.size()), value);
    values.push_back(std::get<std::string>(value.value()));
  }
  return values;
}

core::Result<std::vector<Fields>> Fields::messages(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  std::vector<Fields> values;
  if (!found) return values;
  const codec::JsonArray* array = std::get_if<codec::JsonArray>(&found->value());
  if (!array || from_query_) return wrong_type(path_of(name), *found);
  values.reserve(array->size());
  for (const codec::Json& value : *array) {
    std::string path = fmt::format("{}[{}]", path_of(name), values.size());
    if (!value.is_object()) return wrong_type(path, value);
    values.push_back(Fields(std::shared_ptr<const codec::Json>(object_, &value), std::move(path), false));
  }
  return values;
}

std::size_t Fields::count(std::string_view name) const {
  const core::Result<const codec::Json*> found = member(name);
  if (!found || *found == nullptr) return 0;
  const codec::JsonArray* array = std::get_if<codec::JsonArray>(&(*found)->value());
  return array ? array->size() : 0;
}

core::Result<std::optional<Fields>> Fields::message(std::string_view name) const {
  const codec::Json* found = TRY(member(name));
  if (!found) return std::optional<Fields>();
  if (!found->is_object()) return wrong_type(path_of(name), *found);
  return std::optional<Fields>(
      Fields(std::shared_ptr<const codec::Json>(object_, found), path_of(name), false));
}

core::Result<std::string> Fields::run_id() const {
  std::string run_id = TRY(text_or("run_id", ""));
  if (run_id.empty()) run_id = TRY(text_or("run_uuid", ""));
  if (run_id.empty()) return missing_parameter(path_of("run_id"));
  return run_id;
}

http::Response json_response(const codec::Json& body) {
  return json_text_response(codec::to_text(body, codec::JsonStyle::kCompact));
}

http::Response json_text_response(std::string body) {
  return http::text_response(200, std::move(body), "application/json");
}

http::Response empty_response() {
  return json_text_response("{}");
}

codec::Json number(double value) {
  if (std::isnan(value)) return codec::Json("NaN");
  if (std::isinf(value)) return codec::Json(value > 0 ? "Infinity" : "-Infinity");
  return codec::Json(value);
}

WireCode wire_code(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::kInvalidInput:
    case core::ErrorCode::kFailedPrecondition:  // MLflow's INVALID_STATE is a 500, which its clients try for
                                                // minutes
      return {400, "INVALID_PARAMETER_VALUE"};
    case core::ErrorCode::kNotFound:
      return {404, "RESOURCE_DOES_NOT_EXIST"};
    case core::ErrorCode::kAlreadyExists:
      return {400, "RESOURCE_ALREADY_EXISTS"};
    case core::ErrorCode::kUnauthenticated:
      return {401, "UNAUTHENTICATED"};
    case core::ErrorCode::kPermissionDenied:
      return {403, "PERMISSION_DENIED"};
    case core::ErrorCode::kUnsupported:
      return {501, "NOT_IMPLEMENTED"};
    case core::ErrorCode::kTooLarge:
      return {413, "INVALID_PARAMETER_VALUE"};
    case core::ErrorCode::kExhausted:  // disk full: clients try again, and nothing acknowledged is lost
    case core::ErrorCode::kUnavailable:
      return {503, "TEMPORARILY_UNAVAILABLE"};
    case core::ErrorCode::kDeadlineExceeded:
      return {504, "DEADLINE_EXCEEDED"};
    case core::ErrorCode::kCancelled:
      return {499, "CANCELLED"};
    case core::ErrorCode::kCorrupt:
      return {500, "DATA_LOSS"};
    case core::ErrorCode::kInternal:
      return {500, "INTERNAL_ERROR"};
  }
  return {500, "INTERNAL_ERROR"};
}

http::Response error_response(const core::Error& error) {
  const WireCode wire = wire_code(error.code());
  codec::Json body;
  body.set("error_code", wire.name);
  body.set("message", error.message());
  if (wire.name == "INVALID_PARAMETER_VALUE") {
    body.set("sqlstate", "KAM00");
    body.set("error_class", "INVALID_PARAMETER_VALUE");
  } else if (wire.name == "RESOURCE_DOES_NOT_EXIST") {
    body.set("sqlstate", "KAM00");
    body.set("error_class", "RESOURCE_NOT_FOUND");
  } else if (wire.status == 500) {
    body.set("sqlstate", "XXM00");
    body.set("error_class", "CLIENT_INTERNAL_ERROR");
  }
  http::Response response = json_response(body);
  response.status = wire.status;
  if (wire.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

// The route whose pattern is <prefix><base><version><path>, for each of `bases`.
void Mount::add_below(std::initializer_list<std::string_view> bases, std::string_view version,
                      std::string_view path, const http::Route& like) const {
  for (const std::string_view base : bases) {
    http::Route route = like;
    route.pattern = fmt::format("{}{}{}{}", static_prefix, base, version, path);
    table.add(std::move(route));
  }
}

void Mount::add(std::string_view version, http::Method method, std::string_view path,
                http::Permission permission, std::string_view resource, std::string_view rpc,
                http::Handler handler) const {
  add_below({"/api/", "/ajax-api/"}, version, path,
            json_route(method, permission, resource, rpc, std::move(handler)));
}

void Mount::add_ajax(std::string_view version, http::Method method, std::string_view path,
                     http::Permission permission, std::string_view resource, std::string_view name,
                     http::Handler handler) const {
  add_below({"/ajax-api/"}, version, path,
            json_route(method, permission, resource, name, std::move(handler)));
}

void Mount::add_receiver(std::string_view version, http::Method method, std::string_view path,
                         http::Permission permission, std::string_view resource, std::string_view rpc,
                         http::Receiver receiver) const {
  http::Route route = pool_route(method, permission, resource, rpc);
  route.receiver = std::move(receiver);
  route.body_bytes_max = kReceivedBytesMax;
  add_below({"/api/", "/ajax-api/"}, version, path, route);
}

void Mount::add_store_routes(std::string_view resource, std::span<const StoreRoute> routes,
                             Store& store) const {
  for (const StoreRoute& route : routes) {
    add("2.0", route.method, fmt::format("/mlflow/{}{}", resource, route.path), route.permission, resource,
        route.rpc,
        [&store, handler = route.handler](const http::Request& request) { return handler(store, request); });
  }
}

}  // namespace starcast::tracking::api
