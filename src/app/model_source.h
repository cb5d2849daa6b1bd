// Where served models come from: MLflow's model URIs, looked up in a tracking store, their files brought
// here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/workspace.h"
#include "core/guarded.h"
#include "core/result.h"
#include "os/file_system.h"
#include "serve/slots.h"
#include "tracking/connection.h"

namespace starcast::app {

struct ModelSourceOptions {
  // To the store that "models:/", "runs:/" and "mlflow-artifacts:/" name; called when the first of them is
  // met, and again if it failed.
  std::function<core::Result<std::unique_ptr<tracking::Connection>>()> connect{};
  // Reads and checks a model folder; a LoadedModel without URI and version.
  std::function<core::Result<serve::LoadedModel>(const os::FileSystem&, const std::string&)> read_folder{};
  // An empty folder for a download, which the source removes.
  std::function<core::Result<std::string>()> make_scratch{};
};

// Takes models:/NAME/3, models:/NAME@ALIAS, models:/NAME/STAGE, models:/NAME/latest, models:/m-…,
// runs:/ID/PATH, mlflow-artifacts:/…, a folder, file:/…; and "A|B": the first of them that is there.
class UriModelSource final : public serve::ModelSource {
 public:
  UriModelSource(ModelSourceOptions options, const Context& context);

  // kNotFound also for an alias or a stage that names no version. kUnsupported: "s3://…" and other stores.
  core::Result<std::string> pin(const std::string& uri) override;
  core::Result<serve::LoadedModel> load(const std::string& uri) override;
  // The model's files into `folder`, which is made; not read or checked.
  core::Result<void> copy_files(const std::string& uri, const std::string& folder);

 private:
  core::Result<std::string> pin_one(const std::string& uri);
  core::Result<serve::LoadedModel> load_one(const std::string& uri);

  ModelSourceOptions options_;
  const Context& context_;
  core::Guarded<std::unique_ptr<tracking::Connection>> connection_{};
};

// For a process of its own: `tracking_uri`, else MLFLOW_TRACKING_URI, else the workspace's store, which is
// not made if it is not there.
ModelSourceOptions model_source_options(const std::string& tracking_uri, const Context& context);

}  // namespace starcast::app
