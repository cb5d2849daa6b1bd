#include "tracking/run_artifacts.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/strings.h"
#include "os/path.h"
#include "tracking/model_source.h"
#include "tracking/names.h"
#include "tracking/uri.h"

namespace starcast::tracking {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kSourcesMax = 8;  // "models:/a/2" may name "models:/a/1" and so on
constexpr std::string_view kServedRoute = "/api/2.0/mlflow-artifacts/artifacts/";

Result<std::optional<std::string>> find_text(Store& store, std::string_view sql,
                                             std::initializer_list<sql::Value> values) {
  std::optional<std::string> found;
  const auto look = [&](sql::Session& session) {
    return session.query(sql, values, [&](const sql::Row& row) {
      found = row.string(0);
      return Result<void>();
    });
  };
  TRY(store.database().read(look));
  return found;
}

Result<std::string> source_of_version(Store& store, const std::string& name, std::int64_t version) {
  std::optional<std::string> found = TRY(
      find_text(store,
                "SELECT coalesce(nullif(storage_location, ''), source) FROM model_versions WHERE workspace = "
                "'default' AND name = ? AND version = ? AND current_stage != 'Deleted_Internal'",
                {name, version}));
  if (!found) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("Model Version (name={}, version={}) not found", name, version));
  }
  return *std::move(found);
}

Result<std::int64_t> version_of_alias(Store& store, const ModelsUri& uri) {
  const std::optional<std::string> found = TRY(find_text(
      store,
      "SELECT version FROM registered_model_aliases WHERE workspace = 'default' AND name = ? AND alias = ?",
      {uri.name, uri.alias}));
  if (!found) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("Registered model alias {} not found for model {}", uri.alias, uri.name));
  }
  return parse_model_version(*found);
}

// One step from a source that names another thing of this store; absent when it names a place.
Result<std::optional<std::string>> next_source(Store& store, std::string_view source) {
  if (source.starts_with("runs:/")) {
    std::string_view rest = source.substr(6);
    while (rest.starts_with('/')) rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string root = TRY(artifact_uri_of_run(store, rest.substr(0, slash)));
    return std::optional<std::string>(root + std::string(rest.substr(slash)));
  }
  if (!is_models_uri(source)) return std::optional<std::string>();
  const ModelsUri uri = TRY(parse_models_uri(source));
  if (!uri.model_id.empty()) {
    return std::optional<std::string>(TRY(artifact_uri_of_logged_model(store, uri.model_id)));
  }
  if (uri.version) return std::optional<std::string>(TRY(source_of_version(store, uri.name, *uri.version)));
  if (!uri.alias.empty()) {
    const std::int64_t version = TRY(version_of_alias(store, uri));
    return std::optional<std::string>(TRY(source_of_version(store, uri.name, version)));
  }
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("the source '{}' of a model version changes what it means; name a version", source));
}

std::string collapsed(std::string_view path) {
  std::string text;
  for (const std::string_view part : core::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (!text.empty()) text += '/';
    text += part;
  }
  return text;
}

std::string absolute(std::string_view path) {
  if (path.empty()) return {};
  if (os::is_absolute(path)) return os::normalized(path);
  const std::unique_ptr<char, void (*)(void*)> here(::getcwd(nullptr, 0), &::free);
  return os::normalized(os::joined(here == nullptr ? "/" : here.get(), path));
}

// The folder that a URI or path names; "" for other schemes.
std::string local_folder(std::string_view place) {
  const Uri uri = split_uri(place);
  if (uri.scheme.empty()) return absolute(place);
  if (uri.scheme == "file" && (uri.authority.empty() || uri.authority == "localhost"))
    return absolute(uri.path);
  return {};
}

// `path` as seen from `folder`; absent when it is not below it.
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
  if (folder.empty() || !path.starts_with(folder)) return std::nullopt;
  if (path.size() == folder.size()) return std::string_view();
  if (folder != "/" && path[folder.size()] != '/') return std::nullopt;
  return path.substr(folder == "/" ? 1 : folder.size() + 1);
}

}  // namespace

Result<std::string> artifact_uri_of_run(Store& store, std::string_view run_id) {
  std::optional<std::string> found =
      TRY(find_text(store, "SELECT artifact_uri FROM runs WHERE run_uuid = ?", {std::string(run_id)}));
  if (!found) return Error(ErrorCode::kNotFound, fmt::format("Run with id={} not found", run_id));
  return *std::move(found);
}

Result<std::string> artifact_uri_of_logged_model(Store& store, std::string_view model_id) {
  std::optional<std::string> found = TRY(find_text(
      store,
      "SELECT artifact_location FROM logged_models WHERE model_id = ? AND lifecycle_stage != 'deleted'",
      {std::string(model_id)}));
  if (!found)
    return Error(ErrorCode::kNotFound, fmt::format("Logged model with ID '{}' not found.", model_id));
  return *std::move(found);
}

Result<std::string> artifact_uri_of_version(Store& store, std::string_view name, std::string_view version) {
  const std::int64_t number = TRY(parse_model_version(version));
  std::string source = TRY(source_of_version(store, std::string(name), number));
  for (int step = 0; step < kSourcesMax; ++step) {
    std::optional<std::string> next = TRY(next_source(store, source));
    if (!next) return source;
    source = *std::move(next);
  }
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("the source of version {} of model '{}' leads from model to model and nowhere else",
                  version, name));
}

ArtifactPlaces::ArtifactPlaces(const Store& store, blob::BlobStore& served)
    : served_(served),
      served_folder_(local_folder(served.uri())),
      default_folder_(local_folder(store.options().default_artifact_root)) {}

Result<ArtifactPlaces::Place> ArtifactPlaces::find(std::string_view text) {
  const Uri uri = split_uri(text);
  if (uri.query || uri.fragment) return Error(ErrorCode::kInvalidInput, "Invalid path");
  if (uri.scheme == "mlflow-artifacts") {
    return Place{&served_, TRY(blob::BlobPath::parse(collapsed(uri.path)))};
  }
  if (uri.scheme.empty()) return find_local(text);
  if (uri.scheme == "file") {
    if (!uri.authority.empty() && uri.authority != "localhost")
      return Error(ErrorCode::kInvalidInput, "Invalid path");
    return find_local(uri.path);
  }
  const std::size_t route = uri.path.find(kServedRoute);
  if ((uri.scheme == "http" || uri.scheme == "https") && route != std::string::npos) {
    const std::string_view path = std::string_view(uri.path).substr(route + kServedRoute.size());
    return Place{&served_, TRY(blob::BlobPath::parse(collapsed(path)))};
  }
  return Error(
      ErrorCode::kUnsupported,
      fmt::format("artifacts under '{}:' cannot be read by this server; it keeps them in local files",
                  uri.scheme));
}

Result<ArtifactPlaces::Place> ArtifactPlaces::find_local(std::string_view text) {
  for (const std::string_view part : core::split(text, '/')) {
    if (part == "..") return Error(ErrorCode::kInvalidInput, "Invalid path");
  }
  const std::string path = absolute(text);
  if (const auto served = below(path, served_folder_))
    return Place{&served_, TRY(blob::BlobPath::parse(*served))};
  const auto inside = below(path, default_folder_);
  if (!inside) {
    return Error(
        ErrorCode::kInvalidInput,
        "the artifacts lie outside the folders of this server: the default artifact root and the artifacts "
        "destination");
  }
  blob::BlobPath relative = TRY(blob::BlobPath::parse(*inside));
  auto opened = default_store_.lock();
  if (*opened == nullptr) *opened = TRY(blob::open_local(default_folder_));
  return Place{opened->get(), std::move(relative)};
}

}  // namespace starcast::tracking
