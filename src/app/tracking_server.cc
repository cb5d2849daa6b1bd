#include "app/tracking_server.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "os/environment.h"

namespace starcast::app {
namespace {

constexpr std::chrono::milliseconds kGrace{10'000};

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// A plain page until the web UI takes the place.
constexpr const char* kIndexPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>starcast</title>"
    "<h1>starcast</h1><p>This server speaks MLflow's REST protocol. Set <code>MLFLOW_TRACKING_URI</code> to "
    "its address "
    "and use the <code>mlflow</code> clients, or <code>starcast runs</code>, <code>experiments</code>, "
    "<code>models</code> and <code>artifacts</code>.</p>"
    "<p><a href=\"health\">health</a> · <a href=\"version\">version</a> · <a "
    "href=\"metrics\">metrics</a></p></html>\n";

void add_plain_route(http::RouteTable& routes, std::string pattern, std::string name, http::Handler handler) {
  http::Route route;
  route.method = http::Method::kGet;
  route.pattern = std::move(pattern);
  route.permission = http::Permission::kNone;
  route.where = http::Where::kInline;
  route.handler = std::move(handler);
  route.name = std::move(name);
  route.resource = "server";
  routes.add(std::move(route));
}

// What a server answers beside the service.
void add_own_routes(tracking::Service& service, const std::function<std::string()>& metrics_text) {
  http::RouteTable& routes = service.routes();
  const auto add_text = [&routes](const std::string& pattern, const std::string& name, const char* text,
                                  std::string_view type) {
    add_plain_route(routes, pattern, name, [text, type](const http::Request&) {
      return core::Result<http::Response>(http::text_response(200, text, type));
    });
  };
  const std::string& prefix = service.options().static_prefix;
  // With and without the prefix: those who watch a server do not always know it.
  for (const std::string& place :
       prefix.empty() ? std::vector<std::string>{""} : std::vector{prefix, std::string()}) {
    add_text(place + "/health", "health", "OK", "text/plain; charset=utf-8");
    add_text(place + "/version", "version", kMlflowVersion, "text/plain; charset=utf-8");
    add_plain_route(routes, place + "/metrics", "metrics", [metrics_text](const http::Request&) {
      return core::Result<http::Response>(
          http::text_response(200, metrics_text(), "text/plain; version=0.0.4; charset=utf-8"));
    });
  }
  add_text(prefix + "/", "index", kIndexPage, "text/html; charset=utf-8");
}

// What the workspace has to serve, its registry being this very service.
core::Result<std::unique_ptr<Scoring>> scoring_of_workspace(tracking::Service& service,
                                                            const SettingValues& serving,
                                                            const Context& context) {
  ModelSourceOptions source = model_source_options("", context);
  source.connect = [&service]() -> core::Result<std::unique_ptr<tracking::Connection>> {
    return tracking::connect_service(service);
  };
  serve::ServiceOptions options = TRY(serving_options(serving, context));
  options.path_prefix = service.options().static_prefix;
  auto scoring =
      std::make_unique<Scoring>(std::move(source), std::move(options),
                                static_cast<double>(serving.integer("max-requests-per-second")), context);
  add_workspace_models(*scoring, *tracking::connect_service(service), context);
  return scoring;
}

void watch_workspace(Scoring& scoring, tracking::Service& service, const SettingValues& serving,
                     const Context& context) {
  const auto interval = std::chrono::milliseconds(static_cast<std::int64_t>(serving.seconds("watch") * 1000));
  scoring.watch(interval,
                [&scoring, &context,
                 connection = std::shared_ptr<tracking::Connection>(tracking::connect_service(service))] {
                  add_workspace_models(scoring, *connection, context);
                });
}

}  // namespace

core::Result<std::unique_ptr<tracking::Service>> service_for_listing(const Context& context) {
  tracking::ServiceOptions options;
  options.backend_store_uri = "sqlite://";
  options.artifacts_destination = ".";
  std::unique_ptr<tracking::Service> service =
      TRY(tracking::Service::open(std::move(options), context.clock));
  add_own_routes(*service, [] { return std::string(); });
  return service;
}

core::Result<tracking::ServiceOptions> service_options(const SettingValues& settings) {
  tracking::ServiceOptions options;
  options.backend_store_uri = settings.text("backend-store-uri");
  const std::string& registry = settings.text("registry-store-uri");
  if (!registry.empty() && registry != options.backend_store_uri) {
    return core::Error(
        core::ErrorCode::kUnsupported,
        "--registry-store-uri: the registry lives in the database of --backend-store-uri; leave it out");
  }
  options.artifacts_destination = settings.text("artifacts-destination");
  options.default_artifact_root = settings.text("default-artifact-root");
  options.serve_artifacts = settings.on("serve-artifacts");
  options.artifacts_only = settings.on("artifacts-only");
  options.truncate_values = settings.on("truncate-long-values");
  options.allowed_schemes = settings.list("allowed-artifact-schemes");
  options.source_pattern = settings.text("model-source-regex");
  options.static_prefix = settings.text("static-prefix");
  if (!options.static_prefix.empty() &&
      (!options.static_prefix.starts_with('/') || options.static_prefix.ends_with('/') ||
       options.static_prefix.find_first_of("{}") != std::string::npos)) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("--static-prefix: '{}' must begin with '/', not end with one, and hold no braces",
                    options.static_prefix));
  }
  return options;
}

core::Result<std::unique_ptr<TrackingServer>> TrackingServer::start(
    const SettingValues& settings, const Context& context, const std::optional<SettingValues>& serving) {
  const std::int64_t port = settings.integer("port");
  if (port < 0 || port > 65535) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("--port: {} is no port (0 to 65535)", port));
  }
  std::unique_ptr<TrackingServer> started(new TrackingServer());
  tracking::ServiceOptions store = TRY(service_options(settings));
  started->service_ = TRY(tracking::Service::open(std::move(store), context.clock));
  tracking::Service& service = *started->service_;
  const TrackingServer* const self = started.get();
  add_own_routes(service, [self] {
    std::string text = self->server_->metrics_text();
    if (self->scoring_) text += self->scoring_->metrics_text();
    return text;
  });
  if (serving) {
    started->scoring_ = TRY(scoring_of_workspace(service, *serving, context));
    started->scoring_->add_routes(service.routes());
  }

  http::ServerOptions options;
  options.address = settings.text("host");
  options.port = static_cast<std::uint16_t>(port);
  options.io_threads = os::thread_count(context.environment);
  options.gzip_to_loopback = false;
  options.browser.enabled = !settings.on("disable-security-middleware");
  options.browser.allowed_hosts = settings.list("allowed-hosts");
  options.browser.allowed_origins = settings.list("cors-allowed-origins");
  options.browser.frame_options = settings.text("x-frame-options");
  for (const char* const path : {"/health", "/version"}) {
    const std::string& prefix = service.options().static_prefix;
    if (!prefix.empty()) options.browser.open_paths.push_back(prefix + path);
  }
  options.error_response = [&service](const core::Error& error, const http::Request& request) {
    return service.error_response(error, request);
  };
  if (!is_loopback(options.address)) {
    context.log.warning(
        "{} can be reached by others, and there is no access control yet: whoever reaches it may read, "
        "change and delete "
        "everything",
        options.address);
  }
  started->server_ =
      TRY(http::start_server(service.routes(), std::move(options), context.clock, context.log));
  const std::string host = settings.text("host").find(':') == std::string::npos
                               ? settings.text("host")
                               : fmt::format("[{}]", settings.text("host"));
  started->address_ =
      fmt::format("http://{}:{}{}", host, started->server_->port(), service.options().static_prefix);
  if (serving) watch_workspace(*started->scoring_, service, *serving, context);
  return started;
}

TrackingServer::~TrackingServer() {
  stop();
}

void TrackingServer::stop() {
  if (server_) server_->stop(kGrace);
  if (scoring_) scoring_->stop();
}

}  // namespace starcast::app
