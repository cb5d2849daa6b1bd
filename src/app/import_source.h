// What an import reads from: an MLflow FileStore tree, or an MLflow database of any head.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "os/file_system.h"
#include "tracking/entities.h"
#include "tracking/imports.h"

namespace starcast::app {

// Something that is not taken, and why.
struct LeftOut {
  std::string what{};  // "run", "traces", "experiment"
  std::string id{};    // "" for many at once
  std::string reason{};
  std::size_t count = 1;
};

// One thread. An error of a single thing is kCorrupt: it is left out, and the import goes on.
class ImportSource {
 public:
  virtual ~ImportSource() = default;

  // With their tags.
  virtual core::Result<std::vector<tracking::Experiment>> experiments() = 0;
  virtual core::Result<std::vector<std::string>> run_ids(const tracking::Experiment& experiment) = 0;
  virtual core::Result<tracking::ImportedRun> run(const tracking::Experiment& experiment,
                                                  const std::string& id) = 0;
  virtual core::Result<std::vector<std::string>> model_ids(const tracking::Experiment& experiment) = 0;
  virtual core::Result<tracking::ImportedModel> model(const tracking::Experiment& experiment,
                                                      const std::string& id) = 0;
  // `latest_versions` holds all versions.
  virtual core::Result<std::vector<tracking::RegisteredModel>> registered_models() = 0;
  // What was met and is not taken; complete once all else was read.
  virtual std::vector<LeftOut> left_out() = 0;
  // The folder beside the rows of a run or logged model that may hold its artifacts, wherever its URI points;
  // "" when there is none.
  virtual std::string own_folder(const tracking::Experiment& experiment, const std::string& id) = 0;
};

// A FileStore tree ("./mlruns"): its experiments, also those in .trash, and models/, its registry.
std::unique_ptr<ImportSource> open_mlflow_tree(std::string folder, const os::FileSystem& files);

// A SQLite database that mlflow made; its columns are looked up, so that its head does not matter. Only
// workspace "default" is taken. kInvalidInput when it is no database of MLflow.
core::Result<std::unique_ptr<ImportSource>> open_mlflow_database(const std::string& path);

}  // namespace starcast::app
