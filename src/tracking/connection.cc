#include "tracking/connection.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "codec/base64.h"
#include "codec/percent.h"

namespace starcast::tracking {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

core::ErrorCode code_of(std::string_view name, int status) {
  struct Known {
    std::string_view name;
    core::ErrorCode code;
  };
  constexpr std::array<Known, 17> kKnown{{{"RESOURCE_DOES_NOT_EXIST", core::ErrorCode::kNotFound},
                                          {"NOT_FOUND", core::ErrorCode::kNotFound},
                                          {"ENDPOINT_NOT_FOUND", core::ErrorCode::kUnsupported},
                                          {"NOT_IMPLEMENTED", core::ErrorCode::kUnsupported},
                                          {"RESOURCE_ALREADY_EXISTS", core::ErrorCode::kAlreadyExists},
                                          {"ALREADY_EXISTS", core::ErrorCode::kAlreadyExists},
                                          {"RESOURCE_CONFLICT", core::ErrorCode::kAlreadyExists},
                                          {"INVALID_PARAMETER_VALUE", core::ErrorCode::kInvalidInput},
                                          {"BAD_REQUEST", core::ErrorCode::kInvalidInput},
                                          {"INVALID_STATE", core::ErrorCode::kFailedPrecondition},
                                          {"UNAUTHENTICATED", core::ErrorCode::kUnauthenticated},
                                          {"CUSTOMER_UNAUTHORIZED", core::ErrorCode::kUnauthenticated},
                                          {"PERMISSION_DENIED", core::ErrorCode::kPermissionDenied},
                                          {"DATA_LOSS", core::ErrorCode::kCorrupt},
                                          {"TEMPORARILY_UNAVAILABLE", core::ErrorCode::kUnavailable},
                                          {"RESOURCE_EXHAUSTED", core::ErrorCode::kExhausted},
                                          {"DEADLINE_EXCEEDED", core::ErrorCode::kDeadlineExceeded}}};
  for (const Known& known : kKnown) {
    if (known.name == name) return known.code;
  }
  if (status == 401) return core::ErrorCode::kUnauthenticated;
  if (status == 403) return core::ErrorCode::kPermissionDenied;
  if (status == 404) return core::ErrorCode::kNotFound;
  if (status == 413) return core::ErrorCode::kTooLarge;
  if (status == 429 || status == 502 || status == 503 || status == 504) return core::ErrorCode::kUnavailable;
  return status < 500 ? core::ErrorCode::kInvalidInput : core::ErrorCode::kInternal;
}

std::string artifact_target(std::string_view artifact) {
  return fmt::format("/api/2.0/mlflow-artifacts/artifacts/{}", codec::percent_encode(artifact, "/"));
}

void add_query_field(http::Pairs& query, const std::string& name, const codec::Json& value) {
  if (const codec::JsonArray* array = std::get_if<codec::JsonArray>(&value.value())) {
    for (const codec::Json& element : *array) add_query_field(query, name, element);
  } else if (value.is_string()) {
    query.emplace_back(name, std::get<std::string>(value.value()));
  } else if (!value.is_null()) {
    query.emplace_back(name, codec::to_text(value, codec::JsonStyle::kCompact));
  }
}

class HttpConnection final : public Connection {
 public:
  explicit HttpConnection(HttpConnectionOptions options)
      : options_(std::move(options)), client_(http::make_client(options_.client)) {
    while (options_.uri.ends_with('/')) options_.uri.pop_back();
  }

  const std::string& uri() const override { return options_.uri; }

 private:
  core::Result<http::Response> send(http::Method method, std::string target, std::string body,
                                    core::ByteSource* source, std::optional<std::uint64_t> source_bytes,
                                    core::ByteSink* sink) override {
    http::ClientRequest request;
    request.method = method;
    request.url = fmt::format("{}{}", options_.uri, target);
    if (!options_.token.empty()) {
      request.headers.add("Authorization", fmt::format("Bearer {}", options_.token));
    } else if (!options_.username.empty()) {
      request.headers.add("Authorization",
                          fmt::format("Basic {}", codec::base64_encode(fmt::format("{}:{}", options_.username,
                                                                                   options_.password))));
    }
    if (source) {
      request.stream = source;
      request.stream_bytes = source_bytes;
      request.headers.add("Content-Type", "application/octet-stream");
    } else if (!body.empty()) {
      request.headers.add("Content-Type", "application/json");
      request.body = std::move(body);
    }
    return client_->send(request, sink);
  }

  HttpConnectionOptions options_;
  std::unique_ptr<http::Client> client_;
};

class LocalConnection final : public Connection {
 public:
  explicit LocalConnection(std::unique_ptr<Service> service)
      : owned_(std::move(service)), service_(owned_.get()) {}
  explicit LocalConnection(Service& service) : service_(&service) {}

  const std::string& uri() const override { return service_->options().backend_store_uri; }

 private:
  core::Result<http::Response> send(http::Method method, std::string target, std::string body,
                                    core::ByteSource* source, std::optional<std::uint64_t>,
                                    core::ByteSink* sink) override {
    http::Request request;
    request.method = method;
    request.target = fmt::format("{}{}", service_->options().static_prefix, target);
    const std::size_t question = request.target.find('?');
    request.path = request.target.substr(0, question);
    if (question != std::string::npos) request.query = http::parse_query(request.target.substr(question + 1));
    request.peer = "in process";
    if (!source) {
      request.headers.add("Content-Type", "application/json");
      request.body = std::move(body);
    }
    http::Response response;
    if (source) {
      http::RouteTable::Found found = service_->routes().find(request.method, request.path);
      if (!found.route || !found.route->receiver) return service_->handle(request);
      request.parameters = std::move(found.parameters);
      const std::unique_ptr<http::BodyReceiver> receiver = TRY(found.route->receiver(request));
      TRY(pass(*source, [&](std::string_view bytes) { return receiver->write(bytes); }));
      response = TRY(receiver->finish());
    } else {
      response = service_->handle(request);
    }
    if (response.stream) {
      core::StringSink whole;
      core::ByteSink& target_sink = sink && response.status < 300 ? *sink : whole;
      TRY(pass(*response.stream, [&](std::string_view bytes) { return target_sink.write(bytes); }));
      response.stream.reset();
      response.body = whole.text();
    } else if (sink && response.status < 300) {
      TRY(sink->write(response.body));
      response.body.clear();
    }
    return response;
  }

  template <typename Write>
  core::Result<void> pass(core::ByteSource& source, const Write& write) {
    std::vector<char> buffer(kChunkBytes);
    while (true) {
      const std::size_t count = TRY(source.read(std::span<char>(buffer)));
      if (count == 0) return {};
      TRY(write(std::string_view(buffer.data(), count)));
    }
  }

  std::unique_ptr<Service> owned_;
  Service* service_;
};

}  // namespace

core::Error error_of(const http::Response& response) {
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  const core::Result<codec::Json> body = codec::parse_json(response.body, options);
  if (body && body->is_object()) {
    const core::Result<std::string> name = body->string_at("error_code");
    const core::Result<std::string> message = body->string_at("message");
    if (name && message) return core::Error(code_of(*name, response.status), *message);
  }
  return core::Error(code_of("", response.status),
                     fmt::format("the server answered {} {}: {}", response.status,
                                 http::reason_of(response.status), response.body.substr(0, 200)));
}

core::Result<codec::Json> Connection::call(http::Method method, std::string_view path,
                                           const codec::JsonObject& body) {
  std::string target = fmt::format("/api/{}", path);
  std::string text;
  if (method == http::Method::kGet) {
    http::Pairs query;
    for (const codec::JsonMember& member : body) add_query_field(query, member.first, member.second);
    if (!query.empty()) target += fmt::format("?{}", http::write_query(query));
  } else {
    text = codec::to_text(codec::Json(body), codec::JsonStyle::kCompact);
  }
  const http::Response response =
      TRY(send(method, std::move(target), std::move(text), nullptr, std::nullopt, nullptr));
  if (response.status < 200 || response.status > 299) return error_of(response);
  if (response.body.empty()) return codec::Json(codec::JsonObject{});
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  return codec::Json(
      TRY(codec::parse_json(response.body, options), fmt::format("{}: the answer to {}", uri(), path)));
}

core::Result<void> Connection::upload(std::string_view artifact, core::ByteSource& source,
                                      std::optional<std::uint64_t> bytes) {
  const http::Response response =
      TRY(send(http::Method::kPut, artifact_target(artifact), "", &source, bytes, nullptr));
  if (response.status < 200 || response.status > 299) {
    return error_of(response).with_context(fmt::format("upload of {}", artifact));
  }
  return {};
}

core::Result<void> Connection::download(std::string_view artifact, core::ByteSink& sink) {
  const http::Response response =
      TRY(send(http::Method::kGet, artifact_target(artifact), "", nullptr, std::nullopt, &sink));
  if (response.status < 200 || response.status > 299) {
    return error_of(response).with_context(fmt::format("download of {}", artifact));
  }
  return {};
}

std::unique_ptr<Connection> connect_http(HttpConnectionOptions options) {
  return std::make_unique<HttpConnection>(std::move(options));
}

std::unique_ptr<Connection> connect_local(std::unique_ptr<Service> service) {
  return std::make_unique<LocalConnection>(std::move(service));
}

std::unique_ptr<Connection> connect_service(Service& service) {
  return std::make_unique<LocalConnection>(service);
}

}  // namespace starcast::tracking
