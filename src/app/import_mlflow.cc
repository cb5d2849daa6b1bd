#include "app/import_mlflow.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "blob/blob_store.h"
#include "core/bytes.h"
#include "core/strings.h"
#include "os/path.h"
#include "os/terminal.h"
#include "sql/database.h"
#include "tracking/artifact_location.h"
#include "tracking/run_artifacts.h"
#include "tracking/service.h"
#include "tracking/uri.h"

namespace starcast::app {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kRunsPerWrite = 100;
constexpr std::size_t kPointsPerWrite = 200'000;
constexpr int kFolderDepthMax = 128;

std::string absolute(const std::string& path) {
  if (os::is_absolute(path)) return os::normalized(path);
  const std::unique_ptr<char, void (*)(void*)> here(::getcwd(nullptr, 0), &::free);
  return os::normalized(os::joined(here == nullptr ? "/" : here.get(), path));
}

// The local path that a place names; absent for what is not on this disk.
std::optional<std::string> local_path(std::string_view place) {
  const tracking::Uri uri = tracking::split_uri(place);
  if (uri.scheme.empty()) return std::string(place);
  if (uri.scheme == "file" && (uri.authority.empty() || uri.authority == "localhost")) return uri.path;
  return std::nullopt;
}

class Import {
 public:
  Import(const ImportOptions& options, const Context& context, ImportSource& source,
         tracking::Service& service, std::string artifacts_from)
      : options_(options),
        context_(context),
        source_(source),
        imports_(service.store()),
        places_(service.store(), service.artifacts()),
        artifacts_from_(std::move(artifacts_from)),
        destination_(absolute(service.artifacts().uri())) {}

  Result<ImportReport> run() {
    const std::vector<tracking::Experiment> experiments = TRY(source_.experiments());
    std::vector<Work> work;
    std::size_t total = 0;
    for (const tracking::Experiment& experiment : experiments) {
      Work one{experiment};
      one.runs = TRY(source_.run_ids(experiment));
      one.models = TRY(source_.model_ids(experiment));
      total += one.runs.size() + one.models.size();
      work.push_back(std::move(one));
    }
    {
      os::Progress progress(context_.progress, context_.clock,
                            os::ProgressOptions{"importing", "runs and models", static_cast<double>(total)});
      progress_ = &progress;
      for (Work& one : work) TRY(place_experiment(one));
      for (const Work& one : work) TRY(take_runs(one));
      for (const Work& one : work) TRY(take_models(one));
      progress_ = nullptr;
    }
    const std::vector<tracking::RegisteredModel> registered = TRY(source_.registered_models());
    for (const tracking::RegisteredModel& model : registered) {
      report_.stored.add(TRY(imports_.add_registered_model(model), model.name));
    }
    const std::vector<LeftOut> left = source_.left_out();
    report_.left_out.insert(report_.left_out.end(), left.begin(), left.end());
    return std::move(report_);
  }

 private:
  struct Work {
    tracking::Experiment experiment;  // as the source has it
    tracking::ImportedExperiment placed{};
    std::vector<std::string> runs{};
    std::vector<std::string> models{};
  };

  void leave(std::string what, std::string id, std::string reason) {
    report_.left_out.push_back({std::move(what), std::move(id), std::move(reason)});
  }

  Result<void> place_experiment(Work& work) {
    tracking::Experiment wanted = work.experiment;
    // A place that this machine copies from is not the new experiment's: it gets one of this store.
    const bool is_ours = local_path(wanted.artifact_location).has_value() ||
                         wanted.artifact_location.starts_with("mlflow-artifacts:");
    if (!options_.keep_artifacts_in_place && is_ours) wanted.artifact_location.clear();
    work.placed = TRY(imports_.add_experiment(wanted), wanted.name);
    (work.placed.is_new ? report_.experiments : report_.experiments_merged) += 1;
    return {};
  }

  Result<void> take_runs(const Work& work) {
    std::vector<tracking::ImportedRun> batch;
    std::size_t points = 0;
    const std::set<std::string> known = TRY(imports_.known_runs(work.runs));
    for (const std::string& id : work.runs) {
      progress_->advance();
      if (known.contains(id)) {
        report_.runs_there += 1;
        continue;
      }
      Result<tracking::ImportedRun> read = source_.run(work.experiment, id);
      if (!read) {
        if (!is_of_one(read.error())) return read.error();
        leave("run", id, read.error().message());
        continue;
      }
      read->run.experiment_id = work.placed.id;
      read->run.artifact_uri = TRY(take_artifacts(work, id, read->run.artifact_uri, id), id);
      points += read->point_count();
      batch.push_back(std::move(*read));
      if (batch.size() >= kRunsPerWrite || points >= kPointsPerWrite) {
        TRY(store_runs(batch));
        points = 0;
      }
    }
    return store_runs(batch);
  }

  Result<void> store_runs(std::vector<tracking::ImportedRun>& batch) {
    if (batch.empty()) return {};
    report_.stored.add(TRY(imports_.add_runs(batch)));
    batch.clear();
    return {};
  }

  Result<void> take_models(const Work& work) {
    std::vector<tracking::ImportedModel> batch;
    const std::set<std::string> known = TRY(imports_.known_models(work.models));
    for (const std::string& id : work.models) {
      progress_->advance();
      if (known.contains(id)) {
        report_.models_there += 1;
        continue;
      }
      Result<tracking::ImportedModel> read = source_.model(work.experiment, id);
      if (!read) {
        if (!is_of_one(read.error())) return read.error();
        leave("logged model", id, read.error().message());
        continue;
      }
      read->model.experiment_id = work.placed.id;
      read->model.artifact_location =
          TRY(take_artifacts(work, id, read->model.artifact_location, "models/" + id), id);
      batch.push_back(std::move(*read));
      if (batch.size() >= kRunsPerWrite) TRY(store_models(batch));
    }
    return store_models(batch);
  }

  Result<void> store_models(std::vector<tracking::ImportedModel>& batch) {
    if (batch.empty()) return {};
    report_.stored.add(TRY(imports_.add_models(batch)));
    batch.clear();
    return {};
  }

  // Whether an error is of one thing, so that the others can still be taken.
  static bool is_of_one(const Error& error) {
    return error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kInvalidInput ||
           error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kTooLarge ||
           error.code() == ErrorCode::kUnsupported;
  }

  // The folder on this disk; absent when the place is elsewhere.
  std::optional<std::string> folder_of(const Work& work, const std::string& id, const std::string& place) {
    const std::string own = source_.own_folder(work.experiment, id);
    if (!own.empty()) return own;  // a tree that was moved has its artifacts with it
    if (const auto path = local_path(place)) return absolute(*path);
    const tracking::Uri uri = tracking::split_uri(place);
    if (uri.scheme != "mlflow-artifacts" || artifacts_from_.empty()) return std::nullopt;
    std::string_view below = uri.path;
    while (below.starts_with('/')) below.remove_prefix(1);
    if (!below.empty() && !os::stays_inside(below)) return std::nullopt;
    return absolute(os::joined(artifacts_from_, below));
  }

  // Copies what is on this disk, and returns where the artifacts are from now on.
  Result<std::string> take_artifacts(const Work& work, const std::string& id, const std::string& place,
                                     const std::string& below) {
    if (options_.keep_artifacts_in_place) return place;
    const std::optional<std::string> folder = folder_of(work, id, place);
    if (!folder) {
      leave("artifacts", place,
            place.starts_with("mlflow-artifacts:")
                ? "left where they are: name the folder that served them by --artifacts-from"
                : "left where they are: they are not on this disk");
      return place;
    }
    const std::string wanted = tracking::location_below(work.placed.artifact_location, below + "/artifacts");
    const auto target = places_.find(wanted);
    if (!target) {
      leave("artifacts", place, fmt::format("left where they are: {}", target.error().message()));
      return place;
    }
    if (place.starts_with("mlflow-artifacts:") && absolute(artifacts_from_) == destination_) return place;
    if (context_.files.is_folder(*folder)) TRY(copy_folder(*folder, *target->store, target->path.text(), 0));
    return wanted;
  }

  Result<void> copy_folder(const std::string& from, blob::BlobStore& store, const std::string& to,
                           int depth) {
    if (depth > kFolderDepthMax) {
      leave("artifacts", from, "folders are nested too deep");
      return {};
    }
    const std::vector<os::FolderEntry> entries = TRY(context_.files.list(from));
    for (const os::FolderEntry& entry : entries) {
      const std::string path = os::joined(from, entry.name);
      const std::string target = fmt::format("{}/{}", to, entry.name);
      switch (entry.kind) {
        case os::FileKind::kFolder:
          TRY(copy_folder(path, store, target, depth + 1));
          break;
        case os::FileKind::kFile:
          TRY(copy_file(path, store, target));
          break;
        case os::FileKind::kLink:
        case os::FileKind::kOther:
          leave("artifact", path, "it is no plain file; links are not followed");
          break;
      }
    }
    return {};
  }

  Result<void> copy_file(const std::string& from, blob::BlobStore& store, const std::string& to) {
    const auto target = blob::BlobPath::parse(to);
    if (!target) {
      leave("artifact", from, "its name is not allowed here");
      return {};
    }
    const os::FileStatus status = TRY(context_.files.status(from));
    // Blobs appear whole, so one of this size was copied by an import that was cut off.
    const auto there = store.status(*target);
    if (there && !there->is_folder && there->size_bytes == status.size_bytes) return {};
    const std::unique_ptr<core::ByteSource> source = TRY(context_.files.open(from));
    const std::unique_ptr<blob::BlobWriter> writer = TRY(store.create(*target));
    std::array<char, 65536> buffer{};
    std::uint64_t bytes = 0;
    for (;;) {
      const std::size_t count = TRY(source->read(buffer));
      if (count == 0) break;
      TRY(writer->write(std::string_view(buffer.data(), count)));
      bytes += count;
    }
    TRY(writer->finish());
    report_.artifact_files += 1;
    report_.artifact_bytes += bytes;
    return {};
  }

  const ImportOptions& options_;
  const Context& context_;
  ImportSource& source_;
  tracking::Imports imports_;
  tracking::ArtifactPlaces places_;
  std::string artifacts_from_;
  std::string destination_;
  os::Progress* progress_ = nullptr;
  ImportReport report_{};
};

}  // namespace

Result<ImportReport> import_mlflow(const ImportOptions& options, const Context& context) {
  std::unique_ptr<ImportSource> source;
  std::string artifacts_from = options.artifacts_from;
  const bool is_uri = options.source.starts_with("sqlite:");
  const std::string path =
      is_uri ? TRY(sql::sqlite_path(options.source)) : local_path(options.source).value_or(std::string());
  if (path.empty()) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("'{}': an import reads a folder or a sqlite:///… database", options.source));
  }
  if (!context.files.exists(path)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such file or folder", path));
  }
  if (context.files.is_folder(path)) {
    if (is_uri) return Error(ErrorCode::kInvalidInput, fmt::format("{} is a folder, no database", path));
    source = open_mlflow_tree(path, context.files);
    const std::vector<tracking::Experiment> found = TRY(source->experiments());
    if (found.empty()) {
      return Error(
          ErrorCode::kInvalidInput,
          fmt::format("{} holds no experiments: name the folder that mlflow wrote, as ./mlruns", path));
    }
    source = open_mlflow_tree(path, context.files);
  } else {
    source = TRY(open_mlflow_database(path), path);
    const std::string beside = os::joined(os::folder_of(path), "mlartifacts");
    if (artifacts_from.empty() && context.files.is_folder(beside)) artifacts_from = beside;
  }
  if (!options.artifacts_from.empty() && !context.files.is_folder(artifacts_from)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("--artifacts-from: there is no folder {}", artifacts_from));
  }
  const std::unique_ptr<tracking::Service> service = TRY(open_local_store(options.store, context));
  return Import(options, context, *source, *service, std::move(artifacts_from)).run();
}

}  // namespace starcast::app
