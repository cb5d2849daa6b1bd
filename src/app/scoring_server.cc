#include "app/scoring_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>
#include <utility>

#include "app/tracking_server.h"
#include "core/check.h"
#include "core/guarded.h"
#include "os/environment.h"
#include "serve/api_errors.h"
#include "serve/scoring_metrics.h"
#include "tracking/answer.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::chrono::milliseconds kGrace{10'000};
constexpr const char* kServedAlias = "champion";
constexpr const char* kRatingModel = "rating";
constexpr std::size_t kMib = std::size_t{1} << 20;

constexpr const char* kIndexPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>starcast</title>"
    "<h1>starcast</h1><p>This server answers predictions: <a href=\"try\">try it</a>, or read <a "
    "href=\"docs\">how to ask</a>.</p>"
    "<p><a href=\"health\">health</a> · <a href=\"v2/health/ready\">ready</a> · <a "
    "href=\"metrics\">metrics</a></p></html>\n";

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Lets so many requests through in a second, and as many at once. Thread-safe, without a lock.
class RateLimit {
 public:
  // 0: all of them.
  RateLimit(double per_second, const core::Clock& clock)
      : step_(per_second > 0 ? static_cast<std::int64_t>(1e9 / per_second) : 0), clock_(clock) {}

  bool is_over() {
    if (step_ == 0) return false;
    const std::int64_t now = clock_.elapsed().count();
    // When the next request would be due if they came evenly; it may come a second early.
    std::int64_t due = due_.load(std::memory_order_relaxed);
    while (true) {
      if (due > now + kBurst) return true;
      if (due_.compare_exchange_weak(due, std::max(due, now) + step_, std::memory_order_relaxed))
        return false;
    }
  }

 private:
  static constexpr std::int64_t kBurst = 1'000'000'000;

  const std::int64_t step_;
  const core::Clock& clock_;
  std::atomic<std::int64_t> due_{0};
};

http::Response too_many() {
  http::Response response = http::text_response(
      429,
      "{\"error_code\": \"REQUEST_LIMIT_EXCEEDED\", \"message\": \"more requests a second than this server "
      "takes; try again in a second\"}\n",
      "application/json");
  response.headers.set("Retry-After", "1");
  return response;
}

// What asks for predictions, and so is limited.
bool is_scoring(const http::Route& route) {
  return route.method == http::Method::kPost && route.pattern.find("/repository/") == std::string::npos;
}

void add_text_route(http::RouteTable& routes, std::string pattern, std::string name,
                    std::function<std::string()> text, std::string_view type) {
  http::Route route{http::Method::kGet, std::move(pattern), http::Permission::kNone, http::Where::kInline,
                    [text = std::move(text), type](const http::Request&) {
                      return Result<http::Response>(http::text_response(200, text(), type));
                    }};
  route.name = std::move(name);
  route.resource = "server";
  routes.add(std::move(route));
}

bool has_route(const http::RouteTable& routes, const http::Route& wanted) {
  return std::any_of(routes.routes().begin(), routes.routes().end(), [&](const auto& route) {
    return route->method == wanted.method && route->pattern == wanted.pattern;
  });
}

Result<std::size_t> at_least_one(const SettingValues& values, std::string_view name) {
  const std::int64_t value = values.integer(name);
  if (value >= 1) return static_cast<std::size_t>(value);
  return Error(ErrorCode::kInvalidInput, fmt::format("--{}: {} is less than 1", name, value));
}

std::string_view mlflow_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
      return "ENDPOINT_NOT_FOUND";
    case ErrorCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case ErrorCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case ErrorCode::kUnsupported:
      return "NOT_IMPLEMENTED";
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
      return "TEMPORARILY_UNAVAILABLE";
    case ErrorCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return "INTERNAL_ERROR";
    case ErrorCode::kInvalidInput:
    case ErrorCode::kTooLarge:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kFailedPrecondition:
      return "BAD_REQUEST";
  }
  return "BAD_REQUEST";
}

}  // namespace

struct Scoring::Data {
  struct Watch {
    bool is_over = false;
  };

  Data(ModelSourceOptions source_options, serve::ServiceOptions options, double requests_per_second_max,
       const Context& its_context)
      : context(its_context),
        source(std::move(source_options), its_context),
        slots(source, its_context.clock, its_context.log),
        metrics(slots),
        limit(requests_per_second_max, its_context.clock),
        service{slots, metrics, its_context.clock, std::move(options)} {}

  const Context& context;
  UriModelSource source;
  serve::Slots slots;
  serve::ScoringMetrics metrics;
  RateLimit limit;
  serve::Service service;
  http::RouteTable own_routes;  // documents are made from it
  core::Guarded<Watch> watch{};
  std::condition_variable watch_changed;
  std::thread watcher;
};

Scoring::Scoring(ModelSourceOptions source, serve::ServiceOptions options, double requests_per_second_max,
                 const Context& context)
    : data_(std::make_unique<Data>(std::move(source), std::move(options), requests_per_second_max, context)) {
}

Scoring::~Scoring() {
  stop();
}

serve::Slots& Scoring::slots() {
  return data_->slots;
}

std::string Scoring::metrics_text() const {
  return data_->metrics.text();
}

void Scoring::add_routes(http::RouteTable& routes) {
  Data& data = *data_;
  serve::add_invocation_routes(data.own_routes, data.service);
  serve::add_inference_protocol_routes(data.own_routes, data.service);
  serve::add_prediction_routes(data.own_routes, data.service);
  serve::add_document_routes(data.own_routes, data.service);
  for (const std::unique_ptr<http::Route>& route : data.own_routes.routes()) {
    if (has_route(routes, *route)) continue;
    http::Route added = *route;
    if (is_scoring(added)) {
      if (added.handler) {
        added.handler = [&data, handler = route->handler](const http::Request& request) {
          return data.limit.is_over() ? Result<http::Response>(too_many()) : handler(request);
        };
      } else {
        added.receiver = [&data, receiver = route->receiver](
                             const http::Request& request) -> Result<std::unique_ptr<http::BodyReceiver>> {
          if (data.limit.is_over()) {
            return Error(ErrorCode::kExhausted, "more requests a second than this server takes");
          }
          return receiver(request);
        };
      }
    }
    routes.add(std::move(added));
  }
}

void Scoring::watch(std::chrono::milliseconds interval, std::function<void()> before) {
  CHECK(!data_->watcher.joinable());
  if (interval.count() <= 0) return;
  data_->watcher = std::thread([this, interval, before = std::move(before)] {
    while (true) {
      {
        auto watch = data_->watch.lock();
        Data::Watch& state = *watch;
        data_->watch_changed.wait_for(watch.mutex_lock(), interval, [&state] { return state.is_over; });
        if (state.is_over) return;
      }
      if (before) before();
      data_->slots.refresh();
    }
  });
}

void Scoring::stop() {
  if (!data_->watcher.joinable()) return;
  data_->watch.with([](Data::Watch& watch) { watch.is_over = true; });
  data_->watch_changed.notify_all();
  data_->watcher.join();
}

Result<serve::ServiceOptions> serving_options(const SettingValues& serving, const Context& context) {
  serve::ServiceOptions options;
  options.strict = serving.on("strict");
  options.body_bytes_max = TRY(at_least_one(serving, "max-body-mib")) * kMib;
  options.rows_max = TRY(at_least_one(serving, "max-rows"));
  options.time_max = std::chrono::milliseconds(static_cast<std::int64_t>(serving.seconds("timeout") * 1000));
  if (options.time_max.count() == 0) {
    return Error(ErrorCode::kInvalidInput, "--timeout: 0 seconds are too few for any answer");
  }
  if (serving.integer("max-requests-per-second") < 0) {
    return Error(ErrorCode::kInvalidInput, "--max-requests-per-second: less than 0");
  }
  options.threads = os::thread_count(context.environment);
  options.version = kMlflowVersion;
  options.scratch_folder = context.environment.find("TMPDIR").value_or("/tmp");
  return options;
}

void add_workspace_models(Scoring& scoring, tracking::Connection& connection, const Context& context) {
  std::vector<std::string> champions;
  const Result<void> listed = tracking::for_each_entry(
      connection, http::Method::kGet, "2.0/mlflow/registered-models/search", {}, "registered_models", 0,
      [&champions](const codec::Json& model) -> Result<void> {
        for (const codec::Json& alias : tracking::array_member(model, "aliases")) {
          if (tracking::text_member(alias, "alias") != kServedAlias) continue;
          champions.push_back(tracking::text_member(model, "name"));
        }
        return {};
      });
  if (!listed) context.log.warning("registered models cannot be listed: {}", listed.error().message());
  std::vector<serve::SlotRequest> found;
  const auto add = [&found](const std::string& name, std::string uri) {
    serve::SlotRequest request;
    request.name = name;
    request.uri = std::move(uri);
    found.push_back(std::move(request));
  };
  const bool has_none = champions.empty() && scoring.slots().all().empty();
  const bool is_rating_champion =
      std::find(champions.begin(), champions.end(), kRatingModel) != champions.end();
  if (has_none || is_rating_champion || context.files.is_folder(kPackageFolder)) {
    add(kRatingModel, fmt::format("models:/{}@{}|{}", kRatingModel, kServedAlias, kPackageFolder));
  }
  for (const std::string& name : champions) {
    if (name == kRatingModel || name.find('|') != std::string::npos) continue;
    add(name, fmt::format("models:/{}@{}", name, kServedAlias));
  }
  for (const serve::SlotRequest& request : found) {
    if (scoring.slots().find(request.name)) continue;
    if (!scoring.slots().add(request)) continue;
    const Result<void> loaded = scoring.slots().load(request.name);
    if (!loaded && loaded.error().code() == ErrorCode::kNotFound) {
      context.log.info("no model to serve yet: {}; it is served as soon as it is there",
                       loaded.error().message());
    } else if (!loaded) {
      context.log.error("model '{}': {}", request.name, loaded.error().message());
    }
  }
}

http::Response scoring_error(const Error& error, const http::Request& request) {
  if (request.path.starts_with("/v1/")) return serve::prediction_error(error);
  if (request.path.starts_with("/v2/")) return serve::inference_error(error);
  const codec::JsonObject body{{"error_code", mlflow_code_of(error.code())}, {"message", error.message()}};
  return http::text_response(http::status_of(error.code()),
                             codec::to_text(codec::Json(body), codec::JsonStyle::kCompact),
                             "application/json");
}

Result<std::unique_ptr<ScoringServer>> ScoringServer::make(ScoringServerOptions options,
                                                           const Context& context) {
  std::unique_ptr<ScoringServer> made(new ScoringServer(std::move(options), context));
  const ScoringServerOptions& chosen = made->options_;
  serve::ServiceOptions service = TRY(serving_options(chosen.serving, context));
  made->scoring_ = std::make_unique<Scoring>(
      model_source_options(chosen.tracking_uri, context), std::move(service),
      static_cast<double>(chosen.serving.integer("max-requests-per-second")), context);
  for (const serve::SlotRequest& model : chosen.models) TRY(made->slots().add(model));
  return made;
}

ScoringServer::~ScoringServer() {
  stop();
}

Result<void> ScoringServer::load() {
  for (const serve::Slot* const slot : slots().all()) {
    if (!slot->current()) TRY(slots().load(slot->name()));
  }
  return {};
}

Result<void> ScoringServer::listen() {
  const SettingValues& settings = options_.server;
  const std::int64_t port = settings.integer("port");
  if (port < 0 || port > 65535) {
    return Error(ErrorCode::kInvalidInput, fmt::format("--port: {} is no port (0 to 65535)", port));
  }
  scoring_->add_routes(routes_);
  add_text_route(routes_, "/", "index", [] { return std::string(kIndexPage); }, "text/html; charset=utf-8");
  add_text_route(
      routes_, "/metrics", "metrics",
      [this] {
        const http::Server* const running = running_.load(std::memory_order_acquire);
        return fmt::format("{}{}", running ? running->metrics_text() : "", scoring_->metrics_text());
      },
      "text/plain; version=0.0.4; charset=utf-8");

  http::ServerOptions options;
  options.address = settings.text("host");
  options.port = static_cast<std::uint16_t>(port);
  options.io_threads = os::thread_count(context_.environment);
  options.pool_threads = options.io_threads;
  options.limits.connections = TRY(at_least_one(settings, "max-connections"));
  options.limits.queue = TRY(at_least_one(settings, "max-queue"));
  options.gzip_to_loopback = false;
  options.access_log = settings.on("access-log");
  options.browser.allowed_hosts = settings.list("allowed-hosts");
  options.browser.allowed_origins = settings.list("cors-allowed-origins");
  // Whoever binds to an address that others reach is reached by names that nobody knows here.
  if (options.browser.allowed_hosts.empty() && !is_loopback(options.address)) {
    options.browser.allowed_hosts = {"*"};
  }
  for (const char* const path : {"/ping", "/v2/health/live", "/v2/health/ready", "/metrics"}) {
    options.browser.open_paths.push_back(path);
  }
  options.error_response = scoring_error;
  server_ = TRY(http::start_server(routes_, std::move(options), context_.clock, context_.log));
  running_.store(server_.get(), std::memory_order_release);
  const std::string& host = settings.text("host");
  address_ = host.find(':') == std::string::npos ? fmt::format("http://{}:{}", host, server_->port())
                                                 : fmt::format("http://[{}]:{}", host, server_->port());
  scoring_->watch(
      std::chrono::milliseconds(static_cast<std::int64_t>(options_.serving.seconds("watch") * 1000)), {});
  return {};
}

void ScoringServer::stop() {
  if (server_) server_->stop(kGrace);
  if (scoring_) scoring_->stop();
}

}  // namespace starcast::app
