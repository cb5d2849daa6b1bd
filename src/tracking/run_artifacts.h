// Where the artifacts of runs, logged models and model versions lie, and which store keeps them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "blob/blob_store.h"
#include "core/guarded.h"
#include "core/result.h"
#include "tracking/store.h"

namespace starcast::tracking {

// As stored. kNotFound with MLflow's text.
core::Result<std::string> artifact_uri_of_run(Store& store, std::string_view run_id);
core::Result<std::string> artifact_uri_of_logged_model(Store& store, std::string_view model_id);
// What the version was registered from; "runs:/…" and "models:/…" are followed to what they name.
core::Result<std::string> artifact_uri_of_version(Store& store, std::string_view name,
                                                  std::string_view version);

// Thread-safe. `served` outlives it.
class ArtifactPlaces {
 public:
  ArtifactPlaces(const Store& store, blob::BlobStore& served);

  struct Place {
    blob::BlobStore* store;
    blob::BlobPath path;
  };
  // "mlflow-artifacts:/x", "mlflow-artifacts://host/x" and
  // "http(s)://host/api/2.0/mlflow-artifacts/artifacts/x" are `x` of the served artifacts. Paths and file:
  // URIs are read when they lie below the default artifact root or the folder of the served artifacts, else
  // kInvalidInput. Other schemes are kUnsupported.
  core::Result<Place> find(std::string_view uri);

 private:
  core::Result<Place> find_local(std::string_view path);

  blob::BlobStore& served_;
  std::string served_folder_;  // absolute; "" when it is no folder
  std::string default_folder_;
  core::Guarded<std::unique_ptr<blob::BlobStore>> default_store_{};  // opened when first needed
};

}  // namespace starcast::tracking
