#include "app/tracking_connection.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "app/settings.h"
#include "app/tracking_server.h"
#include "http/client.h"

namespace starcast::app {

core::Result<std::unique_ptr<tracking::Connection>> connect_tracking(const std::string& uri,
                                                                     const Context& context) {
  std::string chosen = uri;
  if (chosen.empty()) chosen = context.environment.find("MLFLOW_TRACKING_URI").value_or("");
  if (chosen.starts_with("http://") || chosen.starts_with("https://")) {
    tracking::HttpConnectionOptions options;
    options.uri = std::move(chosen);
    options.username = context.environment.find("MLFLOW_TRACKING_USERNAME").value_or("");
    options.password = context.environment.find("MLFLOW_TRACKING_PASSWORD").value_or("");
    options.token = context.environment.find("MLFLOW_TRACKING_TOKEN").value_or("");
    options.client = http::client_options(context.environment);
    return tracking::connect_http(std::move(options));
  }
  if (!chosen.empty() && !chosen.starts_with("sqlite:")) {
    return core::Error(
        core::ErrorCode::kUnsupported,
        fmt::format("tracking URI '{}': starcast speaks to http://… servers and to sqlite:///… stores",
                    chosen));
  }
  std::map<std::string, std::string> flags;
  if (!chosen.empty()) flags["backend-store-uri"] = chosen;
  const SettingValues settings = TRY(SettingValues::read(server_settings(), flags, context.environment));
  tracking::ServiceOptions options = TRY(service_options(settings));
  options.static_prefix.clear();
  std::unique_ptr<tracking::Service> service =
      TRY(tracking::Service::open(std::move(options), context.clock));
  return tracking::connect_local(std::move(service));
}

core::Result<std::unique_ptr<tracking::Service>> open_local_store(const LocalStoreOptions& options,
                                                                  const Context& context) {
  std::map<std::string, std::string> flags;
  if (!options.artifacts_destination.empty()) flags["artifacts-destination"] = options.artifacts_destination;
  std::string chosen = options.backend_store_uri;
  if (chosen.empty()) chosen = options.tracking_uri;
  if (chosen.empty() && !context.environment.find("MLFLOW_BACKEND_STORE_URI")) {
    chosen = context.environment.find("MLFLOW_TRACKING_URI").value_or("");
  }
  if (chosen.starts_with("http://") || chosen.starts_with("https://")) {
    return core::Error(core::ErrorCode::kUnsupported,
                       fmt::format("this works on the store itself, not through the server {}; name its "
                                   "database by --backend-store-uri",
                                   chosen));
  }
  if (!chosen.empty()) flags["backend-store-uri"] = chosen;
  const SettingValues settings = TRY(SettingValues::read(server_settings(), flags, context.environment));
  tracking::ServiceOptions service = TRY(service_options(settings));
  service.static_prefix.clear();
  service.create = options.create;
  return tracking::Service::open(std::move(service), context.clock);
}

}  // namespace starcast::app
