// A model as MLflow keeps it: a folder with the file MLmodel. Reads those that need no Python.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codec/json.h"
#include "core/result.h"
#include "forest/forest.h"
#include "model/row_scorer.h"
#include "os/file_system.h"

namespace starcast::model {

struct ModelFolder {
  std::shared_ptr<const RowScorer> scorer;
  std::string model_id;  // "" where MLmodel has none
  std::string run_id;
  // The body of a scoring request that MLflow kept beside the model, as /invocations takes it, or null.
  codec::Json input_example;
};

struct ModelFolderOptions {
  std::optional<forest::ForestKernel> kernel{};  // of plain forests, see forest::ParseOptions
};

// Flavors: starcast (verified, see load_package), lightgbm with a Booster's text, xgboost with a Booster or
// one of its scikit-learn wrappers, whose classifiers answer with labels as under pyfunc. kNotFound: no such
// folder, no MLmodel in it, a file that it names is not there. kUnsupported: other flavors, and what is kept
// as a pickle, which is never opened: the message names the file and what to log instead. kCorrupt and
// kInvalidInput, with the file: what does not fit together.
core::Result<ModelFolder> read_model_folder(const os::FileSystem& files, const std::string& folder,
                                            const ModelFolderOptions& options = {});

}  // namespace starcast::model
