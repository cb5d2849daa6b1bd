#include "tracking/api/artifacts.h"

#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tracking/api/file_response.h"
#include "tracking/run_artifacts.h"

namespace starcast::tracking::api {
namespace {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using http::Permission;

constexpr std::string_view kResource = "artifacts";
constexpr std::uint64_t kFormUploadBytesMax = std::uint64_t{10} << 20;

Error invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

// The files of a folder; none when there is no such folder. Names are given below `prefix`.
Result<codec::JsonArray> files_of(const blob::BlobStore& store, const blob::BlobPath& folder,
                                  const blob::BlobPath& prefix) {
  codec::JsonArray files;
  const auto entries = store.list(folder);
  if (!entries && entries.error().code() == ErrorCode::kNotFound) return files;
  if (!entries) return entries.error();
  files.reserve(entries->size());
  for (const blob::BlobEntry& entry : *entries) {
    Json file;
    file.set("path", prefix.is_root() ? entry.name : fmt::format("{}/{}", prefix.text(), entry.name));
    file.set("is_dir", entry.is_folder);
    if (!entry.is_folder) file.set("file_size", static_cast<std::int64_t>(entry.size_bytes));
    files.push_back(std::move(file));
  }
  return files;
}

// MLflow leaves an empty list out.
http::Response list_response(std::string_view root_uri, codec::JsonArray files) {
  Json body{codec::JsonObject{}};
  if (!root_uri.empty()) body.set("root_uri", root_uri);
  if (!files.empty()) body.set("files", Json(std::move(files)));
  return json_response(body);
}

Result<http::Response> list_below(ArtifactPlaces& places, std::string_view root_uri, std::string_view path) {
  const blob::BlobPath below = TRY(blob::BlobPath::parse(path));
  const ArtifactPlaces::Place root = TRY(places.find(root_uri));
  return list_response(root_uri, TRY(files_of(*root.store, root.path.joined(below), below)));
}

Result<http::Response> send_below(ArtifactPlaces& places, const http::Request& request,
                                  std::string_view root_uri, const blob::BlobPath& below) {
  const ArtifactPlaces::Place root = TRY(places.find(root_uri));
  return file_response(request, *root.store, root.path.joined(below));
}

Result<std::string> query_text(const http::Request& request, std::string_view name) {
  const auto found = request.query_field(name);
  if (!found || found->empty()) return missing_parameter(name);
  return std::string(*found);
}

// Takes a body into a blob; `bytes_max` 0 is no limit.
class Upload final : public http::BodyReceiver {
 public:
  Upload(std::unique_ptr<blob::BlobWriter> writer, std::uint64_t bytes_max)
      : writer_(std::move(writer)), bytes_max_(bytes_max) {}

  Result<void> write(std::string_view bytes) override {
    received_ += bytes.size();
    if (bytes_max_ > 0 && received_ > bytes_max_)
      return invalid("Artifact size is too large. Max size is 10MB.");
    return writer_->write(bytes);
  }

  Result<http::Response> finish() override {
    if (bytes_max_ > 0 && received_ == 0) return invalid("Request must specify data.");
    TRY(writer_->finish());
    return http::Response();
  }

 private:
  std::unique_ptr<blob::BlobWriter> writer_;
  std::uint64_t bytes_max_;
  std::uint64_t received_ = 0;
};

Result<std::unique_ptr<http::BodyReceiver>> upload_to(blob::BlobStore& store, const blob::BlobPath& path,
                                                      std::uint64_t bytes_max) {
  std::unique_ptr<blob::BlobWriter> writer = TRY(store.create(path));
  return std::unique_ptr<http::BodyReceiver>(std::make_unique<Upload>(std::move(writer), bytes_max));
}

Result<std::unique_ptr<http::BodyReceiver>> upload_served(blob::BlobStore& served,
                                                          const http::Request& request) {
  const std::string& text = request.parameter("path");
  const blob::BlobPath path = TRY(blob::BlobPath::parse(text));
  if (path.is_root() || text.ends_with('/')) {
    return invalid("Artifact path must include a filename (cannot end with '/').");
  }
  if (request.headers.find("Content-Range")) return invalid("an artifact is uploaded whole, not in parts");
  return upload_to(served, path, 0);
}

// What the user interface sends: any body, for a run.
Result<std::unique_ptr<http::BodyReceiver>> upload_to_run(Store& store, ArtifactPlaces& places,
                                                          const http::Request& request) {
  const auto run_id = request.query_field("run_uuid");
  if (!run_id || run_id->empty()) return invalid("Request must specify run_uuid.");
  const auto text = request.query_field("path");
  if (!text || text->empty()) return invalid("Request must specify path.");
  const blob::BlobPath path = TRY(blob::BlobPath::parse(*text));
  if (text->ends_with('/')) return invalid("Artifact path must include a filename (cannot end with '/').");
  if (const auto length = request.headers.find("Content-Length")) {
    std::uint64_t bytes = 0;
    std::from_chars(length->data(), length->data() + length->size(), bytes);
    if (bytes > kFormUploadBytesMax) return invalid("Artifact size is too large. Max size is 10MB.");
  }
  const std::string root_uri = TRY(artifact_uri_of_run(store, *run_id));
  const ArtifactPlaces::Place root = TRY(places.find(root_uri));
  return upload_to(*root.store, root.path.joined(path), kFormUploadBytesMax);
}

Result<http::Response> remove_served(blob::BlobStore& served, const http::Request& request) {
  const blob::BlobPath path = TRY(blob::BlobPath::parse(request.parameter("path")));
  const auto removed = served.remove(path);
  // As MLflow: what is not there is deleted.
  if (!removed && removed.error().code() != ErrorCode::kNotFound) return removed.error();
  return empty_response();
}

// 501 is what makes clients take the plain way.
http::Handler not_supported(std::string text) {
  return [text = std::move(text)](const http::Request& request) -> Result<http::Response> {
    TRY(blob::BlobPath::parse(request.parameter("path")));
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{} is not supported for the current artifact repository", text));
  };
}

Result<http::Response> refuse_presigned(Store& store, const http::Request& request, std::string_view text) {
  const Fields fields = TRY(Fields::of(request));
  const std::string run_id = TRY(fields.run_id());
  const std::string path = TRY(fields.required_text("path"));
  TRY(blob::BlobPath::parse(path));
  TRY(artifact_uri_of_run(store, run_id));
  return Error(ErrorCode::kUnsupported,
               fmt::format("{} is not supported for the current artifact repository", text));
}

http::Route plain_route(Method method, std::string pattern, Permission permission, std::string_view name) {
  http::Route route;
  route.method = method;
  route.pattern = std::move(pattern);
  route.permission = permission;
  route.where = http::Where::kPool;
  route.name = std::string(name);
  route.resource = std::string(kResource);
  return route;
}

void add_served(const Mount& mount, blob::BlobStore& served) {
  const std::string_view files = "/mlflow-artifacts/artifacts/{path...}";
  mount.add("2.0", Method::kGet, "/mlflow-artifacts/artifacts", Permission::kRead, kResource,
            "listArtifactsMlflowArtifacts",
            [&served](const http::Request& request) -> Result<http::Response> {
              const Fields fields = TRY(Fields::of(request));
              const std::string text = TRY(fields.text_or("path", ""));
              const blob::BlobPath folder = TRY(blob::BlobPath::parse(text));
              const blob::BlobPath prefix = TRY(blob::BlobPath::parse(""));
              return list_response("", TRY(files_of(served, folder, prefix)));
            });
  mount.add("2.0", Method::kGet, files, Permission::kRead, kResource, "downloadArtifact",
            [&served](const http::Request& request) -> Result<http::Response> {
              const blob::BlobPath path = TRY(blob::BlobPath::parse(request.parameter("path")));
              return file_response(request, served, path);
            });
  mount.add_receiver("2.0", Method::kPut, files, Permission::kEdit, kResource, "uploadArtifact",
                     [&served](const http::Request& request) { return upload_served(served, request); });
  mount.add("2.0", Method::kDelete, files, Permission::kDelete, kResource, "deleteArtifact",
            [&served](const http::Request& request) { return remove_served(served, request); });
  for (const auto& [step, name] :
       {std::pair{"create", "createMultipartUpload"}, std::pair{"complete", "completeMultipartUpload"},
        std::pair{"abort", "abortMultipartUpload"}}) {
    mount.add("2.0", Method::kPost, fmt::format("/mlflow-artifacts/mpu/{}/{{path...}}", step),
              Permission::kEdit, kResource, name, not_supported("Multipart upload"));
  }
  mount.add("2.0", Method::kGet, "/mlflow-artifacts/presigned/{path...}", Permission::kRead, kResource,
            "getPresignedDownloadUrl", not_supported("Multipart download"));
}

void add_of_runs(const Mount& mount, Store& store, const std::shared_ptr<ArtifactPlaces>& places) {
  mount.add("2.0", Method::kGet, "/mlflow/artifacts/list", Permission::kRead, kResource, "listArtifacts",
            [&store, places](const http::Request& request) -> Result<http::Response> {
              const Fields fields = TRY(Fields::of(request));
              const std::string run_id = TRY(fields.run_id());
              const std::string path = TRY(fields.text_or("path", ""));
              TRY(blob::BlobPath::parse(path));
              const std::string root_uri = TRY(artifact_uri_of_run(store, run_id));
              return list_below(*places, root_uri, path);
            });
  for (const auto& [route, name, text] :
       {std::tuple{"upload", "createPresignedUploadUrl", "Presigned upload"},
        std::tuple{"download", "createPresignedDownloadUrl", "Presigned download"}}) {
    mount.add("2.0", Method::kPost, fmt::format("/mlflow/artifacts/presigned-{}-url", route),
              Permission::kEdit, kResource, name,
              [&store, what = std::string(text)](const http::Request& request) {
                return refuse_presigned(store, request, what);
              });
  }
  http::Route get =
      plain_route(Method::kGet, mount.static_prefix + "/get-artifact", Permission::kRead, "getArtifact");
  get.handler = [&store, places](const http::Request& request) -> Result<http::Response> {
    const bool is_old_name = !request.query_field("run_id");
    const std::string run_id = TRY(query_text(request, is_old_name ? "run_uuid" : "run_id"));
    const std::string text = TRY(query_text(request, "path"));
    const blob::BlobPath path = TRY(blob::BlobPath::parse(text));
    const std::string root_uri = TRY(artifact_uri_of_run(store, run_id));
    return send_below(*places, request, root_uri, path);
  };
  mount.table.add(std::move(get));

  http::Route upload =
      plain_route(Method::kPost, mount.static_prefix + "/ajax-api/2.0/mlflow/upload-artifact",
                  Permission::kEdit, "uploadArtifactOfRun");
  upload.receiver = [&store, places](const http::Request& request) {
    return upload_to_run(store, *places, request);
  };
  mount.table.add(std::move(upload));
}

void add_of_models(const Mount& mount, Store& store, const std::shared_ptr<ArtifactPlaces>& places) {
  http::Route get = plain_route(Method::kGet, mount.static_prefix + "/model-versions/get-artifact",
                                Permission::kRead, "getModelVersionArtifact");
  get.handler = [&store, places](const http::Request& request) -> Result<http::Response> {
    const std::string name = TRY(query_text(request, "name"));
    const std::string version = TRY(query_text(request, "version"));
    const std::string text = TRY(query_text(request, "path"));
    const blob::BlobPath path = TRY(blob::BlobPath::parse(text));
    const std::string root_uri = TRY(artifact_uri_of_version(store, name, version));
    return send_below(*places, request, root_uri, path);
  };
  mount.table.add(std::move(get));

  mount.add("2.0", Method::kGet, "/mlflow/logged-models/{model_id}/artifacts/directories", Permission::kRead,
            kResource, "listLoggedModelArtifacts",
            [&store, places](const http::Request& request) -> Result<http::Response> {
              const Fields fields = TRY(Fields::of(request));
              const std::string path = TRY(fields.text_or("artifact_directory_path", ""));
              TRY(blob::BlobPath::parse(path));
              const std::string root_uri =
                  TRY(artifact_uri_of_logged_model(store, request.parameter("model_id")));
              return list_below(*places, root_uri, path);
            });
  mount.add_ajax(
      "2.0", Method::kGet, "/mlflow/logged-models/{model_id}/artifacts/files", Permission::kRead, kResource,
      "getLoggedModelArtifact", [&store, places](const http::Request& request) -> Result<http::Response> {
        const auto text = request.query_field("artifact_file_path");
        if (!text || text->empty()) {
          return invalid("Request must include the \"artifact_file_path\" query parameter.");
        }
        const blob::BlobPath path = TRY(blob::BlobPath::parse(*text));
        const std::string root_uri = TRY(artifact_uri_of_logged_model(store, request.parameter("model_id")));
        return send_below(*places, request, root_uri, path);
      });
}

}  // namespace

void add_artifact_routes(const Mount& mount, Store& store, blob::BlobStore& served) {
  const auto places = std::make_shared<ArtifactPlaces>(store, served);
  add_served(mount, served);
  add_of_runs(mount, store, places);
  add_of_models(mount, store, places);
}

}  // namespace starcast::tracking::api
