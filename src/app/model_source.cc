#include "app/model_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "app/artifact_transfer.h"
#include "app/tracking_connection.h"
#include "codec/digest.h"
#include "codec/number.h"
#include "codec/percent.h"
#include "core/strings.h"
#include "model/model_folder.h"
#include "os/path.h"
#include "os/scratch_folder.h"
#include "tracking/answer.h"
#include "tracking/model_source.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using tracking::array_member;
using tracking::Connection;
using tracking::object_member;
using tracking::text_member;

namespace {

constexpr int kHopsMax = 4;  // from a URI to the files: version -> logged model -> folder
constexpr int kFolderDepthMax = 32;
constexpr std::string_view kRuns = "runs:/";
constexpr std::string_view kServed = "mlflow-artifacts:/";

// Where a model's files are, and what is known of it.
struct Place {
  std::string pinned{};
  std::string version = "1";
  std::string model_id{};
  std::string run_id{};
  std::string location{};  // a folder of this disk, or an artifact URI
};

// The folder that a local URI names; absent for other URIs.
std::optional<std::string> local_folder(const std::string& uri) {
  if (uri.starts_with("file:")) {
    std::string_view path = std::string_view(uri).substr(5);
    if (path.starts_with("//localhost/")) path.remove_prefix(11);
    if (path.starts_with("//")) path.remove_prefix(2);
    return codec::percent_decode(path);
  }
  // A name before ":/" is a scheme; one letter is none.
  const std::size_t colon = uri.find(":/");
  if (colon == std::string::npos || colon < 2 || uri.find('/') < colon) return uri;
  return std::nullopt;
}

Error not_there_yet(const std::string& uri) {
  return Error(
      ErrorCode::kUnsupported,
      fmt::format("{}: starcast reads models from models:/…, runs:/…, mlflow-artifacts:/… and folders; "
                  "other stores are not there yet: download the model (`mlflow artifacts download "
                  "--artifact-uri {}`) and name its folder",
                  uri, uri));
}

// MLflow says INVALID_PARAMETER_VALUE of an alias that is not there.
Error not_found(const Error& error) {
  const bool is_missing = error.code() == ErrorCode::kInvalidInput || error.code() == ErrorCode::kNotFound;
  return Error(is_missing ? ErrorCode::kNotFound : error.code(), error.message());
}

// The newest of some versions, by number; 0: there is none.
std::int64_t newest_of(const JsonArray& versions) {
  std::int64_t newest = 0;
  for (const Json& version : versions) {
    newest = std::max(newest, codec::parse_int(text_member(version, "version")).value_or(0));
  }
  return newest;
}

// Asks a store about one URI; the store is locked as long as this lives.
class Finder {
 public:
  explicit Finder(Connection& connection) : connection_(connection) {}

  // The number that "models:/NAME…" means now.
  Result<std::int64_t> version_of(const tracking::ModelsUri& named) {
    if (named.version) return *named.version;
    if (!named.alias.empty()) {
      const Result<Json> answer = connection_.call(Method::kGet, "2.0/mlflow/registered-models/alias",
                                                   {{"name", named.name}, {"alias", named.alias}});
      if (!answer) return not_found(answer.error());
      return some_version(
          codec::parse_int(text_member(object_member(*answer, "model_version"), "version")).value_or(0),
          fmt::format("alias '{}' of '{}' names no version", named.alias, named.name));
    }
    JsonObject request{{"name", named.name}};
    if (!named.stage.empty()) request.emplace_back("stages", JsonArray{Json(named.stage)});
    const Result<Json> answer =
        connection_.call(Method::kPost, "2.0/mlflow/registered-models/get-latest-versions", request);
    if (!answer) return not_found(answer.error());
    return some_version(newest_of(array_member(*answer, "model_versions")),
                        named.stage.empty()
                            ? fmt::format("'{}' has no version", named.name)
                            : fmt::format("no version of '{}' is in stage '{}'", named.name, named.stage));
  }

  Result<Place> find(const std::string& uri, int hops) {
    if (hops > kHopsMax) {
      return Error(ErrorCode::kCorrupt, fmt::format("{}: models name each other without an end", uri));
    }
    if (tracking::is_models_uri(uri)) {
      const tracking::ModelsUri named = TRY(tracking::parse_models_uri(uri));
      return named.model_id.empty() ? find_version(named, hops) : find_logged_model(named.model_id);
    }
    if (uri.starts_with(kRuns)) return find_of_run(uri);
    Place place;
    place.pinned = uri;
    place.location = uri;
    if (!uri.starts_with(kServed) && !local_folder(uri)) return not_there_yet(uri);
    return place;
  }

 private:
  static Result<std::int64_t> some_version(std::int64_t version, std::string otherwise) {
    if (version > 0) return version;
    return Error(ErrorCode::kNotFound, std::move(otherwise));
  }

  Result<Place> find_version(const tracking::ModelsUri& named, int hops) {
    const std::string version = std::to_string(TRY(version_of(named)));
    const JsonObject request{{"name", named.name}, {"version", version}};
    const Json answer = TRY(connection_.call(Method::kGet, "2.0/mlflow/model-versions/get", request));
    const Json& found = object_member(answer, "model_version");
    const Json where =
        TRY(connection_.call(Method::kGet, "2.0/mlflow/model-versions/get-download-uri", request));
    const std::string location = TRY(where.string_at("artifact_uri"));
    Place place = TRY(find(location, hops + 1));
    place.pinned = fmt::format("models:/{}/{}", named.name, version);
    place.version = version;
    if (const std::string run_id = text_member(found, "run_id"); !run_id.empty()) place.run_id = run_id;
    if (const std::string model_id = text_member(found, "model_id"); !model_id.empty()) {
      place.model_id = model_id;
    }
    return place;
  }

  Result<Place> find_logged_model(const std::string& id) {
    const Json answer = TRY(connection_.call(
        Method::kGet, fmt::format("2.0/mlflow/logged-models/{}", codec::percent_encode(id)), {}));
    return place_of(object_member(object_member(answer, "model"), "info"));
  }

  static Result<Place> place_of(const Json& info) {
    Place place;
    place.model_id = text_member(info, "model_id");
    place.run_id = text_member(info, "source_run_id");
    place.location = TRY(info.string_at("artifact_uri"));
    place.pinned = fmt::format("models:/{}", place.model_id);
    if (!place.location.starts_with(kServed) && !local_folder(place.location)) {
      return not_there_yet(place.location);
    }
    return place;
  }

  // MLflow 3 keeps the models that a run logged beside it, MLflow 2 below its artifacts.
  Result<Place> find_of_run(const std::string& uri) {
    const std::string rest = uri.substr(uri.find_first_not_of('/', kRuns.size() - 1));
    const std::string run_id = rest.substr(0, rest.find('/'));
    const std::string path = rest.size() > run_id.size() ? rest.substr(run_id.size() + 1) : "";
    const Json answer = TRY(connection_.call(Method::kGet, "2.0/mlflow/runs/get", {{"run_id", run_id}}));
    const Json& info = object_member(object_member(answer, "run"), "info");
    const std::string filter =
        fmt::format("source_run_id = '{}' AND name = '{}'", core::replaced(run_id, "'", "''"),
                    core::replaced(path, "'", "''"));
    const Result<Json> models = connection_.call(
        Method::kPost, "2.0/mlflow/logged-models/search",
        {{"experiment_ids", JsonArray{Json(text_member(info, "experiment_id"))}},
         {"filter", filter},
         {"max_results", 1},
         {"order_by",
          JsonArray{Json(JsonObject{{"field_name", "creation_timestamp"}, {"ascending", false}})}}});
    if (models && !array_member(*models, "models").empty()) {
      return place_of(object_member(array_member(*models, "models").front(), "info"));
    }
    Place place;
    place.pinned = uri;
    place.run_id = run_id;
    place.location = artifact_below(TRY(info.string_at("artifact_uri")), path);
    if (!place.location.starts_with(kServed) && !local_folder(place.location)) {
      return not_there_yet(place.location);
    }
    return place;
  }

  Connection& connection_;
};

// Changes with every file's name, size and time.
Result<void> add_to_print(const std::string& folder, int depth, const os::FileSystem& files,
                          std::string& print) {
  if (depth > kFolderDepthMax) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: folders more than {} deep", folder, kFolderDepthMax));
  }
  const std::vector<os::FolderEntry> entries = TRY(files.list(folder));
  for (const os::FolderEntry& entry : entries) {
    const std::string path = os::joined(folder, entry.name);
    const Result<os::FileStatus> status = files.status(path);
    if (!status) continue;  // gone since it was listed, or a link to nothing
    if (status->kind == os::FileKind::kFolder) {
      TRY(add_to_print(path, depth + 1, files, print));
    } else {
      fmt::format_to(std::back_inserter(print), "{}:{}:{}:{}\n", path, status->size_bytes,
                     status->modified_ns, status->inode);
    }
  }
  return {};
}

Result<std::string> print_of(const std::string& folder, const os::FileSystem& files) {
  if (!files.is_folder(folder)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such model folder", folder));
  }
  std::string print;
  TRY(add_to_print(folder, 0, files, print));
  return fmt::format("{}#{}", folder, codec::md5_hex(print));
}

std::vector<std::string> alternatives(const std::string& uri) {
  std::vector<std::string> all;
  for (const std::string_view one : core::split(uri, '|')) all.emplace_back(one);
  return all;
}

// What `action` gives for the first of the URIs that is there.
template <typename T, typename Action>
Result<T> first_of(const std::string& uri, const Action& action) {
  std::string missing;
  for (const std::string& one : alternatives(uri)) {
    Result<T> result = action(one);
    if (result || result.error().code() != ErrorCode::kNotFound) return result;
    missing += fmt::format("{}{}", missing.empty() ? "" : "; ", result.error().message());
  }
  return Error(ErrorCode::kNotFound, std::move(missing));
}

}  // namespace

UriModelSource::UriModelSource(ModelSourceOptions options, const Context& context)
    : options_(std::move(options)), context_(context) {}

Result<std::string> UriModelSource::pin(const std::string& uri) {
  return first_of<std::string>(uri, [this](const std::string& one) { return pin_one(one); });
}

Result<serve::LoadedModel> UriModelSource::load(const std::string& uri) {
  return first_of<serve::LoadedModel>(uri, [this](const std::string& one) { return load_one(one); });
}

Result<std::string> UriModelSource::pin_one(const std::string& uri) {
  if (const std::optional<std::string> folder = local_folder(uri)) return print_of(*folder, context_.files);
  if (!tracking::is_models_uri(uri)) {
    if (uri.starts_with(kRuns) || uri.starts_with(kServed)) return uri;  // what was logged stays
    return not_there_yet(uri);
  }
  const tracking::ModelsUri named = TRY(tracking::parse_models_uri(uri));
  if (!named.model_id.empty() || named.version) return uri;
  auto connection = connection_.lock();
  if (!*connection) *connection = TRY(options_.connect(), uri);
  const std::int64_t version = TRY(Finder(**connection).version_of(named), uri);
  return fmt::format("models:/{}/{}", named.name, version);
}

Result<void> UriModelSource::copy_files(const std::string& uri, const std::string& folder) {
  if (const std::optional<std::string> local = local_folder(uri)) {
    if (!context_.files.is_folder(*local)) {
      return Error(ErrorCode::kNotFound, fmt::format("{}: no such model folder", uri));
    }
    return copy_tree(*local, folder, context_);
  }
  auto connection = connection_.lock();
  if (!*connection) *connection = TRY(options_.connect(), uri);
  const Place place = TRY(Finder(**connection).find(uri, 0), uri);
  return download_artifacts(place.location, folder, **connection, context_);
}

Result<serve::LoadedModel> UriModelSource::load_one(const std::string& uri) {
  Place place;
  std::string scratch;
  if (const std::optional<std::string> folder = local_folder(uri)) {
    place.pinned = uri;
    place.location = *folder;
    if (!context_.files.is_folder(*folder)) {
      return Error(ErrorCode::kNotFound, fmt::format("{}: no such model folder", uri));
    }
  } else {
    if (!tracking::is_models_uri(uri) && !uri.starts_with(kRuns) && !uri.starts_with(kServed))
      return not_there_yet(uri);
    auto connection = connection_.lock();
    if (!*connection) *connection = TRY(options_.connect(), uri);
    place = TRY(Finder(**connection).find(uri, 0), uri);
    if (const std::optional<std::string> local = local_folder(place.location)) {
      place.location = *local;
    } else {
      scratch = TRY(options_.make_scratch());
      const Result<void> brought = download_artifacts(place.location, scratch, **connection, context_);
      if (!brought) {
        static_cast<void>(context_.files.remove(scratch).has_value());  // what failed before matters more
        return Error(brought.error()).with_context(uri);
      }
    }
  }
  const std::string& folder = scratch.empty() ? place.location : scratch;
  Result<serve::LoadedModel> read = options_.read_folder(context_.files, folder);
  if (!scratch.empty()) {
    if (const Result<void> removed = context_.files.remove(scratch); !removed) {
      context_.log.warning("{}", removed.error().message());
    }
  }
  if (!read) {
    // The scratch folder's name says nothing to anybody.
    const std::string& message = read.error().message();
    if (message.find(folder) == std::string::npos) return Error(read.error()).with_context(uri);
    return Error(read.error().code(), scratch.empty() ? message : core::replaced(message, scratch, uri));
  }
  serve::LoadedModel model = std::move(*read);
  model.uri = place.pinned;
  model.version = place.version;
  if (!place.model_id.empty()) model.model_id = place.model_id;
  if (!place.run_id.empty()) model.run_id = place.run_id;
  return model;
}

ModelSourceOptions model_source_options(const std::string& tracking_uri, const Context& context) {
  ModelSourceOptions options;
  options.connect = [tracking_uri, &context]() -> Result<std::unique_ptr<Connection>> {
    std::string chosen = tracking_uri;
    if (chosen.empty()) chosen = context.environment.find("MLFLOW_TRACKING_URI").value_or("");
    if (chosen.starts_with("http://") || chosen.starts_with("https://")) {
      return connect_tracking(chosen, context);
    }
    LocalStoreOptions store;
    store.tracking_uri = chosen;
    store.create = false;
    return tracking::connect_local(TRY(open_local_store(store, context)));
  };
  options.read_folder = [](const os::FileSystem& files,
                           const std::string& folder) -> Result<serve::LoadedModel> {
    model::ModelFolder read = TRY(model::read_model_folder(files, folder));
    serve::LoadedModel loaded;
    loaded.scorer = std::move(read.scorer);
    loaded.model_id = std::move(read.model_id);
    loaded.run_id = std::move(read.run_id);
    loaded.input_example = std::move(read.input_example);
    return loaded;
  };
  options.make_scratch = [&context] { return os::make_scratch_folder("model", context.environment); };
  return options;
}

}  // namespace starcast::app
