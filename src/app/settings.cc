#include "app/settings.h"

#include <fmt/format.h>

#include <array>

#include "codec/number.h"
#include "core/check.h"
#include "core/strings.h"

namespace starcast::app {
namespace {

constexpr double kSecondsMax = 1e8;  // three years

constexpr std::array kServerSettings = {
    Setting{"backend-store-uri", "", "MLFLOW_BACKEND_STORE_URI", SettingKind::kText, "sqlite:///mlflow.db",
            "URI", "the database of experiments, runs and models"},
    Setting{"registry-store-uri", "", "MLFLOW_REGISTRY_STORE_URI", SettingKind::kText, "", "URI",
            "the registry's database; only the same one is supported"},
    Setting{"default-artifact-root", "", "MLFLOW_DEFAULT_ARTIFACT_ROOT", SettingKind::kText, "", "URI",
            "where new experiments keep artifacts (default: mlflow-artifacts:/, this server)"},
    Setting{"serve-artifacts", "", "MLFLOW_SERVE_ARTIFACTS", SettingKind::kChoice, "true", "",
            "take and give artifacts through this server"},
    Setting{"artifacts-only", "", "MLFLOW_ARTIFACTS_ONLY", SettingKind::kSwitch, "false", "",
            "serve artifacts and nothing else"},
    Setting{"artifacts-destination", "", "MLFLOW_ARTIFACTS_DESTINATION", SettingKind::kText, "./mlartifacts",
            "URI", "the folder that served artifacts are kept in"},
    Setting{"host", "h", "MLFLOW_HOST", SettingKind::kText, "127.0.0.1", "HOST", "the address to listen on"},
    Setting{"port", "p", "MLFLOW_PORT", SettingKind::kInteger, "5000", "PORT",
            "the port to listen on; 0 takes a free one"},
    Setting{"workers", "w", "MLFLOW_WORKERS", SettingKind::kIgnored, "", "N",
            "accepted and not needed: one process uses all processors"},
    Setting{"static-prefix", "", "MLFLOW_STATIC_PREFIX", SettingKind::kText, "", "TEXT",
            "put before every path, e.g. /mlflow"},
    Setting{"allowed-hosts", "", "MLFLOW_SERVER_ALLOWED_HOSTS", SettingKind::kText, "", "LIST",
            "Host headers to answer, with * (default: localhost and private addresses)"},
    Setting{"cors-allowed-origins", "", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", SettingKind::kText, "", "LIST",
            "origins that may write from a browser (default: localhost)"},
    Setting{"disable-security-middleware", "", "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
            SettingKind::kSwitch, "false", "", "no check of Host and Origin: dangerous"},
    Setting{"x-frame-options", "", "MLFLOW_SERVER_X_FRAME_OPTIONS", SettingKind::kText, "SAMEORIGIN", "TEXT",
            "SAMEORIGIN, DENY or NONE"},
    Setting{"expose-prometheus", "", "MLFLOW_EXPOSE_PROMETHEUS", SettingKind::kIgnored, "", "DIR",
            "accepted and not needed: /metrics always answers"},
    Setting{"gunicorn-opts", "", "MLFLOW_GUNICORN_OPTS", SettingKind::kIgnored, "", "TEXT",
            "accepted and not needed: there is no gunicorn"},
    Setting{"uvicorn-opts", "", "MLFLOW_UVICORN_OPTS", SettingKind::kIgnored, "", "TEXT",
            "accepted and not needed: there is no uvicorn"},
    Setting{"waitress-opts", "", "", SettingKind::kIgnored, "", "TEXT",
            "accepted and not needed: there is no waitress"},
    Setting{"allowed-artifact-schemes", "", "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
            SettingKind::kText, "", "LIST", "URI schemes with a host that artifact locations may name"},
    Setting{"model-source-regex", "", "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
            SettingKind::kText, "", "REGEX",
            "take only sources of model versions that match this (ECMAScript, no back references)"},
    Setting{"truncate-long-values", "", "MLFLOW_TRUNCATE_LONG_VALUES", SettingKind::kChoice, "true", "",
            "cut params over 6,000 and tags over 8,000 characters instead of refusing them"},
};

constexpr std::array kServingSettings = {
    Setting{"watch", "", "STARCAST_WATCH", SettingKind::kSeconds, "5", "SECONDS",
            "how often aliases, registry stages and folders are looked at for a new version; 0: never"},
    Setting{"timeout", "t", "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", SettingKind::kSeconds, "60", "SECONDS",
            "time that scoring a request may take; then it is answered 504"},
    Setting{"max-body-mib", "", "STARCAST_MAX_BODY_MIB", SettingKind::kInteger, "64", "MIB",
            "size of a request's body; more is 413. CSV files that stream through have no limit"},
    Setting{"max-rows", "", "STARCAST_MAX_ROWS", SettingKind::kInteger, "1000000", "N",
            "rows of a request; more is 413"},
    Setting{"max-requests-per-second", "", "STARCAST_MAX_REQUESTS_PER_SECOND", SettingKind::kInteger, "0",
            "N", "predictions asked for in a second, all clients together; more is 429. 0: any number"},
    Setting{"strict", "", "STARCAST_STRICT", SettingKind::kSwitch, "false", "",
            "refuse bodies of MLflow 1, {columns, data}, as MLflow does since 2.0"},
};

constexpr std::array kScoringServerSettings = {
    Setting{"host", "h", "MLFLOW_HOST", SettingKind::kText, "127.0.0.1", "HOST", "the address to listen on"},
    Setting{"port", "p", "MLFLOW_PORT", SettingKind::kInteger, "5000", "PORT",
            "the port to listen on; 0 takes a free one"},
    Setting{"max-connections", "", "STARCAST_MAX_CONNECTIONS", SettingKind::kInteger, "1024", "N",
            "connections at once; more are answered 503"},
    Setting{"max-queue", "", "STARCAST_MAX_QUEUE", SettingKind::kInteger, "256", "N",
            "large requests that wait for a processor; more are answered 503"},
    Setting{"allowed-hosts", "", "MLFLOW_SERVER_ALLOWED_HOSTS", SettingKind::kText, "", "LIST",
            "Host headers to answer, with * (default: localhost and private addresses; with another --host: "
            "all)"},
    Setting{"cors-allowed-origins", "", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", SettingKind::kText, "", "LIST",
            "origins that may ask from a browser (default: localhost)"},
    Setting{"access-log", "", "STARCAST_ACCESS_LOG", SettingKind::kSwitch, "false", "",
            "log a line a request; the figures are in /metrics without it"},
    Setting{"wait-for-model", "", "STARCAST_WAIT_FOR_MODEL", SettingKind::kSwitch, "false", "",
            "wait until the models are there, instead of ending with status 78"},
    Setting{"workers", "w", "MLFLOW_WORKERS", SettingKind::kIgnored, "", "N",
            "accepted and not needed: one process uses all processors"},
    Setting{"env-manager", "", "", SettingKind::kIgnored, "", "NAME",
            "accepted and not needed: no Python runs"},
    Setting{"no-conda", "", "", SettingKind::kIgnoredSwitch, "", "",
            "accepted and not needed: no Python runs"},
    Setting{"install-mlflow", "", "", SettingKind::kIgnoredSwitch, "", "",
            "accepted and not needed: no Python runs"},
};

core::Result<std::string> switch_value(std::string_view from, const std::string& given) {
  const std::string word = core::ascii_lower(core::trimmed(given));
  for (const std::string_view yes : {"true", "1", "yes", "on", "t", "y"}) {
    if (word == yes) return std::string("true");
  }
  for (const std::string_view no : {"false", "0", "no", "off", "f", "n", ""}) {
    if (word == no) return std::string("false");
  }
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("{}: '{}' is neither true nor false", from, given));
}

}  // namespace

std::span<const Setting> server_settings() {
  return kServerSettings;
}

std::span<const Setting> serving_settings() {
  return kServingSettings;
}

std::span<const Setting> scoring_server_settings() {
  return kScoringServerSettings;
}

core::Result<SettingValues> SettingValues::read(std::span<const Setting> table,
                                                const std::map<std::string, std::string>& flags,
                                                const os::Environment& environment) {
  SettingValues values;
  for (const Setting& setting : table) {
    std::string value(setting.fallback);
    std::string from = fmt::format("--{}", setting.name);
    const auto flag = flags.find(std::string(setting.name));
    if (flag != flags.end()) {
      value = flag->second;
    } else if (!setting.environment.empty()) {
      if (const std::optional<std::string> found = environment.find(std::string(setting.environment))) {
        from = std::string(setting.environment);
        value = *found;
      }
    }
    switch (setting.kind) {
      case SettingKind::kText:
      case SettingKind::kIgnored:
      case SettingKind::kIgnoredSwitch:
        break;
      case SettingKind::kSeconds:
        if (const std::optional<double> seconds = codec::parse_double(value);
            !seconds || !(*seconds >= 0) || *seconds > kSecondsMax) {
          return core::Error(core::ErrorCode::kInvalidInput,
                             fmt::format("{}: '{}' is no number of seconds", from, value));
        }
        break;
      case SettingKind::kInteger:
        if (!codec::parse_int(value)) {
          return core::Error(core::ErrorCode::kInvalidInput,
                             fmt::format("{}: '{}' is not a whole number", from, value));
        }
        break;
      case SettingKind::kSwitch:
      case SettingKind::kChoice:
        value = TRY(switch_value(from, value));
        break;
    }
    values.values_[std::string(setting.name)] = std::move(value);
  }
  return values;
}

const std::string& SettingValues::text(std::string_view name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second;
}

std::int64_t SettingValues::integer(std::string_view name) const {
  return codec::parse_int(text(name)).value_or(0);
}

double SettingValues::seconds(std::string_view name) const {
  return codec::parse_double(text(name)).value_or(0);
}

bool SettingValues::on(std::string_view name) const {
  return text(name) == "true";
}

std::vector<std::string> SettingValues::list(std::string_view name) const {
  std::vector<std::string> parts;
  for (const std::string_view part : core::split(text(name), ',')) {
    const std::string_view word = core::trimmed(part);
    if (!word.empty()) parts.emplace_back(word);
  }
  return parts;
}

}  // namespace starcast::app
