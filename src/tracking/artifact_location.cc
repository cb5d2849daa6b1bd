#include "tracking/artifact_location.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "codec/percent.h"
#include "codec/utf8.h"
#include "os/path.h"
#include "tracking/names.h"
#include "tracking/uri.h"

namespace starcast::tracking {
namespace {

// Those whose last path segment may carry ";parameters" (Python's urllib).
constexpr std::array<std::string_view, 6> kSchemesWithParameters{"", "ftp", "hdfs", "http", "https", "sftp"};

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

bool has_parameters(const Uri& uri) {
  const bool may = std::find(kSchemesWithParameters.begin(), kSchemesWithParameters.end(), uri.scheme) !=
                   kSchemesWithParameters.end();
  return may && uri.path.find(';', uri.path.rfind('/') + 1) != std::string::npos;
}

core::Result<std::string> made_absolute(std::string_view location, const Uri& uri,
                                        std::string_view working_folder) {
  if (uri.scheme.empty()) {
    return os::is_absolute(location) ? std::string(location) : fmt::format("{}/{}", working_folder, [&] {
      std::string_view path = location;
      while (path.starts_with("./")) path.remove_prefix(2);
      return path;
    }());
  }
  if (uri.scheme != "file") return std::string(location);
  if (!uri.authority.empty() && uri.authority != "localhost") {
    return invalid(
        fmt::format("{} is not a valid remote uri: a file URI names no host; write file:///path", location));
  }
  if (os::is_absolute(uri.path)) return std::string(location);
  const std::string query = uri.query ? "?" + *uri.query : "";
  return fmt::format("file://{}/{}{}", working_folder, uri.path, query);
}

}  // namespace

std::string location_below(std::string_view location, std::string_view below) {
  while (below.starts_with('/')) below.remove_prefix(1);
  const bool is_uri = !split_uri(location).scheme.empty();
  const std::size_t query_at = is_uri ? location.find('?') : std::string_view::npos;
  const std::string_view place = location.substr(0, query_at);
  const std::string_view query =
      query_at == std::string_view::npos ? std::string_view() : location.substr(query_at);
  const bool joined = place.empty() || place.ends_with('/') || (is_uri && place.ends_with(':'));
  return fmt::format("{}{}{}{}", place, joined ? "" : "/", below, query);
}

core::Result<std::string> check_artifact_location(std::string_view location, std::string_view working_folder,
                                                  const SourceOptions& options) {
  if (location.find('\0') != std::string_view::npos) {
    return invalid("Invalid value for parameter 'artifact_location' supplied: it holds a NUL character");
  }
  const Uri uri = split_uri(location);
  if (holds_password(location)) {
    return invalid("'artifact_location' holds a password: leave it to the credentials of those who read it");
  }
  if ((uri.scheme.empty() && uri.has_authority) || location.starts_with("\\\\")) {
    return invalid(fmt::format("Invalid artifact location: '{}' names a host; write /path", location));
  }
  if (uri.fragment || has_parameters(uri)) {
    return invalid("'artifact_location' URL can't include fragments or params.");
  }
  if (uri.query && codec::percent_decode_fully(*uri.query).find("..") != std::string::npos) {
    return invalid("Invalid query string");
  }
  TRY(check_host(location, "artifact_location", options));
  if (location.starts_with("runs:")) {
    return invalid(fmt::format("Artifact location cannot be a runs:/ URI. Given: '{}'", location));
  }
  std::string absolute = TRY(made_absolute(location, uri, working_folder));
  if (absolute.size() > kArtifactLocationChars &&
      codec::code_points(absolute).size() > kArtifactLocationChars) {
    return invalid(
        fmt::format("Invalid artifact path length. The length of the artifact path cannot be greater than {} "
                    "characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH "
                    "environment variable.",
                    kArtifactLocationChars));
  }
  return absolute;
}

}  // namespace starcast::tracking
