#include "tracking/model_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/number.h"
#include "codec/percent.h"
#include "core/strings.h"
#include "tracking/names.h"
#include "tracking/uri.h"

namespace starcast::tracking {
namespace {

// A host that a URI may make its reader connect to.
struct Target {
  std::string_view family;  // schemes that reach the same service are one family
  std::string host;
  int port;  // 0: the reader's configuration says
  bool operator==(const Target&) const = default;
};

struct HostScheme {
  std::string_view scheme;
  std::string_view family;
  std::array<int, 2> ports;  // without a port in the URI; 0 ends the list
};

constexpr HostScheme kHostSchemes[] = {
    {"ftp", "ftp", {21, 0}},      {"sftp", "sftp", {22, 0}},
    {"hdfs", "hdfs", {0, 0}},     {"viewfs", "hdfs", {0, 0}},
    {"http", "http", {80, 0}},    {"https", "http", {443, 0}},
    {"r2", "r2", {443, 0}},       {"b2", "b2", {443, 0}},
    {"abfss", "abfss", {443, 0}}, {"mlflow-artifacts", "http", {80, 443}},
};

const HostScheme* find_host_scheme(const Uri& uri) {
  // "mlflow-artifacts:/path" is this server's own.
  if (uri.scheme == "mlflow-artifacts" && uri.authority.empty()) return nullptr;
  for (const HostScheme& known : kHostSchemes) {
    if (uri.scheme == known.scheme) return &known;
  }
  return nullptr;
}

// Empty for a malformed authority, which is nobody's.
std::vector<Target> targets_of(const Uri& uri, const HostScheme& scheme) {
  HostPort place = split_authority(uri.authority);
  std::vector<Target> targets;
  if (place.malformed) return targets;
  if (place.port) {
    targets.push_back({scheme.family, std::move(place.host), *place.port});
    return targets;
  }
  targets.push_back({scheme.family, place.host, scheme.ports[0]});
  if (scheme.ports[1] != 0) targets.push_back({scheme.family, std::move(place.host), scheme.ports[1]});
  return targets;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_local(const Uri& uri) {
  return uri.scheme.empty() || uri.scheme == "file";
}

// The segments of a path with "." and ".." taken out; absent when ".." leaves it.
std::optional<std::vector<std::string_view>> resolved_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : core::split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (segments.empty()) {
      return std::nullopt;
    } else {
      segments.pop_back();
    }
  }
  return segments;
}

bool begins_with(const std::vector<std::string>& segments, const std::vector<std::string>& front) {
  return front.size() <= segments.size() && std::equal(front.begin(), front.end(), segments.begin());
}

// By text only: links are for whoever opens the file to refuse.
bool is_path_inside(std::string_view path, std::string_view folder) {
  if (path.starts_with('/') != folder.starts_with('/')) return false;
  const std::optional<std::vector<std::string_view>> inner = resolved_segments(path);
  const std::optional<std::vector<std::string_view>> outer = resolved_segments(folder);
  if (!inner || !outer || outer->empty() || outer->size() > inner->size()) return false;
  return std::equal(outer->begin(), outer->end(), inner->begin());
}

bool is_local_inside(const Uri& source, std::string_view root) {
  const Uri folder = split_uri(root);
  if (!is_local(folder) || source.query || source.fragment) return false;
  // A path is read as written by some and decoded by others, so both must be inside.
  return is_path_inside(source.path, folder.path) &&
         is_path_inside(codec::percent_decode_fully(source.path), codec::percent_decode_fully(folder.path));
}

bool is_uri_inside(const Uri& source, std::string_view root) {
  const Uri folder = split_uri(root);
  const std::vector<std::string> outer = decoded_segments(folder.path);
  return source.scheme == folder.scheme &&
         core::ascii_lower(source.authority) == core::ascii_lower(folder.authority) && !outer.empty() &&
         begins_with(decoded_segments(source.path), outer);
}

// An artifact that a tracking server serves, under either of its names.
bool is_served_artifact(const Uri& source) {
  if (source.scheme == "mlflow-artifacts") return true;
  if (source.scheme != "http" && source.scheme != "https") return false;
  const std::vector<std::string> route = {"api", "2.0", "mlflow-artifacts", "artifacts"};
  const std::vector<std::string> segments = decoded_segments(source.path);
  return std::search(segments.begin(), segments.end(), route.begin(), route.end()) != segments.end();
}

std::string_view field_of(SourceOwner::Kind kind) {
  return kind == SourceOwner::Kind::kRun ? "run_id" : "model_id";
}

core::Error not_the_owner(std::string_view source, std::string_view field) {
  return invalid_source(
      source,
      fmt::format("The {} request parameter must identify the resource that contains the source.", field));
}

core::Error not_local(std::string_view source, std::string_view field) {
  return invalid_source(
      source,
      fmt::format("To use a local path as a model version source, the {0} request parameter has to be "
                  "specified and the local path has to be contained within the artifact directory of the "
                  "run specified by the {0}.",
                  field));
}

core::Result<void> check_local(std::string_view source, const Uri& uri, const SourceOwner& owner) {
  if (uri.scheme == "file" && !uri.authority.empty()) {
    const HostPort place = split_authority(uri.authority);
    const bool here =
        place.host == "." || place.host.starts_with("localhost") || place.host.starts_with("127.0.0.1");
    if (!here && !place.host.empty()) {
      return core::Error(
          core::ErrorCode::kInvalidInput,
          fmt::format("{} is not a valid remote uri. For remote access on windows, please consider using a "
                      "different scheme such as SMB (e.g. smb://<hostname>/<path>).",
                      source));
    }
  }
  const bool network_path = uri.scheme.empty() && uri.has_authority;  // "//host/share"
  if (!network_path && owner.artifact_uri && is_local_inside(uri, *owner.artifact_uri)) return {};
  return not_local(source, field_of(owner.kind));
}

}  // namespace

core::Error invalid_source(std::string_view source, std::string_view reason) {
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("Invalid model version source: '{}'. {}", source, reason));
}

core::Result<void> check_host(std::string_view text, std::string_view field, const SourceOptions& options) {
  const Uri uri = split_uri(text);
  const HostScheme* scheme = find_host_scheme(uri);
  if (!scheme) return {};
  for (const std::string& allowed : options.allowed_host_schemes) {
    if (core::ascii_lower(allowed) == uri.scheme) return {};
  }
  const std::vector<Target> targets = targets_of(uri, *scheme);
  for (const std::string& root : options.own_roots) {
    const Uri own = split_uri(root);
    const HostScheme* own_scheme = find_host_scheme(own);
    if (!own_scheme) continue;
    for (const Target& target : targets_of(own, *own_scheme)) {
      if (std::find(targets.begin(), targets.end(), target) != targets.end()) return {};
    }
  }
  return core::Error(
      core::ErrorCode::kInvalidInput,
      fmt::format(
          "'{0}' cannot use the '{1}' scheme: the '{1}' scheme addresses a host other than the tracking "
          "server's configured artifact storage, so the server would connect to the host named in the URI. "
          "Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to "
          "allow it.",
          field, uri.scheme));
}

core::Result<void> check_absolute(std::string_view source) {
  const auto relative = [&] {
    return invalid_source(
        source,
        "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts "
        "uri, an absolute path must be provided without relative path references present. Please provide "
        "an absolute path.");
  };
  std::string decoded = codec::percent_decode_fully(source, true);
  if (decoded.find('\0') != std::string::npos) return relative();
  std::replace(decoded.begin(), decoded.end(), '\\', '/');
  for (const std::string_view segment : core::split(decoded, '/')) {
    if (segment == "..") return relative();
  }
  const Uri uri = split_uri(decoded);
  if (!uri.path.starts_with('/')) return relative();
  const std::vector<std::string_view> segments = core::split(uri.path, '/');
  const bool has_name =
      std::any_of(segments.begin(), segments.end(), [](std::string_view s) { return !s.empty(); });
  const bool has_dot = std::find(segments.begin(), segments.end(), ".") != segments.end();
  if (!has_name || has_dot) return relative();
  return {};
}

core::Result<void> check_source_text(std::string_view source, const SourceOptions& options) {
  TRY(fit_value(std::string(source), kArtifactLocationChars, false, "source"));
  if (std::any_of(source.begin(), source.end(), is_control)) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       "Invalid model version source: it holds a control character.");
  }
  if (holds_password(source)) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        "Invalid model version source: it holds a password; leave it to the credentials of those "
        "who read it.");
  }
  if (!options.source_pattern.takes(source)) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("Invalid model version source: '{}'.", source));
  }
  return check_host(source, "source", options);
}

core::Result<void> check_prompt_source(std::string_view source) {
  if (source == "prompt-template" || source == "dummy-source") return {};
  return core::Error(
      core::ErrorCode::kInvalidInput,
      fmt::format("Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.", source));
}

bool is_models_uri(std::string_view source) {
  return split_uri(source).scheme == "models";
}

core::Result<ModelsUri> parse_models_uri(std::string_view source) {
  const Uri uri = split_uri(source);
  if (!uri.authority.empty()) {
    return invalid_source(source, "Registered model sources must use the active model registry.");
  }
  const core::Error malformed = not_the_owner(source, "model_id");
  if (uri.query || uri.fragment || !uri.path.starts_with('/')) return malformed;
  const std::string_view path = std::string_view(uri.path).substr(1);
  const std::vector<std::string_view> parts = core::split(path, '/');
  if (parts.size() > 2 || core::trimmed(parts[0]).empty()) return malformed;
  ModelsUri found;
  if (parts.size() == 1) {
    const std::size_t at = parts[0].rfind('@');
    if (at == std::string_view::npos) {
      found.model_id = std::string(parts[0]);
      return found;
    }
    found.name = std::string(parts[0].substr(0, at));
    found.alias = std::string(parts[0].substr(at + 1));
    if (found.name.empty() || core::trimmed(found.alias).empty()) return malformed;
    return found;
  }
  found.name = std::string(parts[0]);
  const std::string_view suffix = parts[1];
  if (core::trimmed(suffix).empty()) return malformed;
  if (suffix.find_first_not_of("0123456789") == std::string_view::npos) {
    found.version = codec::parse_int(suffix);
    if (!found.version) return malformed;
  } else if (core::ascii_lower(suffix) != "latest") {
    found.stage = std::string(suffix);
  }
  return found;
}

core::Result<void> check_source_owner(std::string_view source, const SourceOwner& owner) {
  const Uri uri = split_uri(source);
  if (is_local(uri)) return check_local(source, uri, owner);
  TRY(check_absolute(source));
  const bool in_run = owner.kind == SourceOwner::Kind::kRun;
  if (uri.scheme == "runs") {
    const std::size_t end = std::min(uri.path.find('/', 1), uri.path.size());
    const std::string_view run_id = std::string_view(uri.path).substr(1, end - 1);
    if (in_run && uri.authority.empty() && !owner.id.empty() && run_id == owner.id) return {};
    return not_the_owner(source, field_of(owner.kind));
  }
  if (uri.scheme == "models") {
    const ModelsUri named = TRY(parse_models_uri(source));
    if (named.model_id.empty() || (!in_run && named.model_id == owner.id)) return {};
    return not_the_owner(source, "model_id");
  }
  if (is_served_artifact(uri)) {
    if (owner.artifact_uri && is_uri_inside(uri, *owner.artifact_uri)) return {};
    return not_the_owner(source, field_of(owner.kind));
  }
  return {};
}

}  // namespace starcast::tracking
