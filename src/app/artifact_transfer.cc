#include "app/artifact_transfer.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "os/path.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using tracking::Connection;

namespace {

constexpr std::string_view kServedScheme = "mlflow-artifacts:/";
constexpr int kDepthMax = 100;  // a list of another's server need not end

// The folder that a local place names; absent for what is not on this disk.
std::optional<std::string> local_folder(const std::string& place) {
  if (place.starts_with("file:///")) return place.substr(7);
  if (place.find(':') == std::string::npos) return place;
  return std::nullopt;
}

Error elsewhere(const std::string& place) {
  return Error(ErrorCode::kUnsupported,
               fmt::format("artifacts at {}: starcast reaches mlflow-artifacts:/… and local folders", place));
}

Result<void> upload_file(const std::string& from, const std::string& place, Connection& connection,
                         const Context& context) {
  if (place.starts_with(kServedScheme)) {
    const os::FileStatus status = TRY(context.files.status(from));
    const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(from));
    return connection.upload(std::string_view(place).substr(kServedScheme.size()), *source,
                             status.size_bytes);
  }
  const std::optional<std::string> to = local_folder(place);
  if (!to) return elsewhere(place);
  TRY(context.files.make_folders(os::folder_of(*to)));
  return context.files.copy(from, *to, {});
}

Result<void> download_served(const std::string& artifact, const std::string& to, int depth,
                             Connection& connection, const Context& context) {
  if (depth > kDepthMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} lists folders more than {} deep", connection.uri(), kDepthMax));
  }
  const Json listed =
      TRY(connection.call(Method::kGet, "2.0/mlflow-artifacts/artifacts", {{"path", artifact}}));
  const Json* const files = listed.find("files");
  const JsonArray* const array = files ? std::get_if<JsonArray>(&files->value()) : nullptr;
  if (!array || array->empty()) {  // a file lists as nothing
    if (const std::string folder = os::folder_of(to); !folder.empty())
      TRY(context.files.make_folders(folder));
    const std::unique_ptr<os::AtomicFile> sink = TRY(context.files.create(to, {}));
    TRY(connection.download(artifact, *sink));
    return sink->finish();
  }
  TRY(context.files.make_folders(to));
  for (const Json& file : *array) {
    const std::string path = TRY(file.string_at("path"));
    const std::string name = os::name_of(path);
    if (name.empty() || name == "." || name == "..") {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("{} lists an artifact named '{}'", connection.uri(), path));
    }
    TRY(download_served(artifact_below(artifact, name), os::joined(to, name), depth + 1, connection,
                        context));
  }
  return {};
}

}  // namespace

Result<void> copy_tree(const std::string& from, const std::string& to, const Context& context) {
  if (!context.files.is_folder(from)) {
    if (const std::string folder = os::folder_of(to); !folder.empty())
      TRY(context.files.make_folders(folder));
    return context.files.copy(from, to, {});
  }
  TRY(context.files.make_folders(to));
  const std::vector<os::FolderEntry> entries = TRY(context.files.list(from));
  for (const os::FolderEntry& entry : entries) {
    TRY(copy_tree(os::joined(from, entry.name), os::joined(to, entry.name), context));
  }
  return {};
}

std::string artifact_below(std::string_view place, std::string_view path) {
  while (place.ends_with('/') && !place.ends_with(":/")) place.remove_suffix(1);
  if (path.empty()) return std::string(place);
  return place.empty() || place.ends_with('/') ? fmt::format("{}{}", place, path)
                                               : fmt::format("{}/{}", place, path);
}

Result<void> upload_artifacts(const std::string& from, const std::string& place, Connection& connection,
                              const Context& context) {
  if (!context.files.is_folder(from)) return upload_file(from, place, connection, context);
  const std::vector<os::FolderEntry> entries = TRY(context.files.list(from));
  for (const os::FolderEntry& entry : entries) {
    TRY(upload_artifacts(os::joined(from, entry.name), artifact_below(place, entry.name), connection,
                         context));
  }
  return {};
}

Result<void> download_artifacts(const std::string& place, const std::string& to, Connection& connection,
                                const Context& context) {
  if (place.starts_with(kServedScheme)) {
    return download_served(place.substr(kServedScheme.size()), to, 0, connection, context);
  }
  const std::optional<std::string> from = local_folder(place);
  if (!from) return elsewhere(place);
  return copy_tree(*from, to, context);
}

}  // namespace starcast::app
