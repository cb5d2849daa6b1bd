#include "model/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "codec/yaml.h"
#include "model/forest_scorer.h"
#include "model/listing_scorer.h"
#include "model/package.h"
#include "os/path.h"

namespace starcast::model {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view kLightGbmBooster = "lightgbm.basic.Booster";
constexpr std::string_view kXgBoostBooster = "xgboost.core.Booster";

std::string text_or(const Json& object, std::string_view member, std::string_view otherwise) {
  const Json* const text = object.find(member);
  if (text == nullptr || !text->is_string()) return std::string(otherwise);
  return text->as_string().value();
}

bool is_pickle_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEndings = {".pkl",    ".pickle", ".cloudpickle",
                                                        ".joblib", ".skops",  ".dill"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [name](std::string_view ending) { return name.ends_with(ending); });
}

// Of protocol 2 or later, which begins with 0x80 and the protocol's number; and of skops, a zip file.
bool is_pickle(std::string_view bytes) {
  return (bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) ||
         bytes.starts_with("PK\x03\x04");
}

Error pickle_error(const std::string& path, std::string_view instead) {
  return Error(ErrorCode::kUnsupported,
               fmt::format("{} is kept as a pickle, which can run any code and is never opened here; {}",
                           path, instead));
}

constexpr std::string_view kInsteadOfLightGbmWrapper =
    "log the Booster instead: mlflow.lightgbm.log_model(model.booster_, ...)";
constexpr std::string_view kInsteadOfXgBoostPickle =
    "log the model by mlflow.xgboost.log_model(model, ..., model_format=\"ubj\")";

class Reader {
 public:
  Reader(const os::FileSystem& files, const std::string& folder, const ModelFolderOptions& options)
      : files_(files), folder_(folder), options_(options) {}

  Result<ModelFolder> read() {
    const std::string path = os::joined(folder_, "MLmodel");
    if (!files_.exists(path)) {
      return Error(
          ErrorCode::kNotFound,
          fmt::format("{} is not there: a model folder has a file MLmodel, as MLflow writes it", path));
    }
    const std::string text = TRY(files_.read(path, kTextMax));
    mlmodel_ = TRY(codec::parse_yaml(text), path).to_json();
    const Json* const flavors = TRY(mlmodel_.at("flavors"), path);
    ModelFolder model;
    model.scorer = TRY(read_scorer(*flavors), path);
    model.model_id = text_or(mlmodel_, "model_id", "");
    model.run_id = text_or(mlmodel_, "run_id", "");
    model.input_example = TRY(read_example());
    return model;
  }

 private:
  static constexpr std::size_t kTextMax = std::size_t{16} << 20;

  Result<std::shared_ptr<const RowScorer>> read_scorer(const Json& flavors) {
    if (flavors.find("starcast") != nullptr) {
      RatingScorer scorer = TRY(load_package(files_, folder_));
      return std::shared_ptr<const RowScorer>(std::make_shared<const ListingScorer>(std::move(scorer)));
    }
    if (const Json* const flavor = flavors.find("lightgbm"); flavor != nullptr) return read_lightgbm(*flavor);
    if (const Json* const flavor = flavors.find("xgboost"); flavor != nullptr) return read_xgboost(*flavor);
    return refuse(flavors);
  }

  // What can be said of a model that only Python can load.
  static Error refuse(const Json& flavors) {
    std::vector<std::string> names;
    if (flavors.is_object()) {
      for (const codec::JsonMember& member : *flavors.as_object().value()) names.push_back(member.first);
    }
    if (const Json* const flavor = flavors.find("sklearn"); flavor != nullptr) {
      return pickle_error(
          fmt::format("its scikit-learn model '{}'", text_or(*flavor, "pickled_model", "model.pkl")),
          "log a LightGBM or XGBoost model by mlflow.lightgbm or mlflow.xgboost");
    }
    return Error(
        ErrorCode::kUnsupported,
        fmt::format("its flavors are {}; those served without Python are starcast, lightgbm and xgboost",
                    fmt::join(names, ", ")));
  }

  Result<std::shared_ptr<const RowScorer>> read_lightgbm(const Json& flavor) {
    const std::string path = TRY(data_path(flavor, "model.lgb"));
    const std::string model_class = text_or(flavor, "model_class", kLightGbmBooster);
    if (model_class != kLightGbmBooster || is_pickle_name(path)) {
      return pickle_error(fmt::format("{} (a {})", path, model_class), kInsteadOfLightGbmWrapper);
    }
    const std::string text = TRY(files_.read(path));
    if (is_pickle(text)) return pickle_error(path, kInsteadOfLightGbmWrapper);
    forest::Forest forest = TRY(forest::parse_lightgbm(text, {.kernel = options_.kernel}), path);
    return finish({std::move(forest)});
  }

  Result<std::shared_ptr<const RowScorer>> read_xgboost(const Json& flavor) {
    const std::string path = TRY(data_path(flavor, "model.ubj"));
    const std::string model_class = text_or(flavor, "model_class", kXgBoostBooster);
    if (is_pickle_name(path)) return pickle_error(path, kInsteadOfXgBoostPickle);
    const bool is_booster = model_class == kXgBoostBooster;
    const bool is_classifier =
        model_class == "xgboost.sklearn.XGBClassifier" || model_class == "xgboost.sklearn.XGBRFClassifier";
    const bool is_regressor =
        model_class == "xgboost.sklearn.XGBRegressor" || model_class == "xgboost.sklearn.XGBRFRegressor" ||
        model_class == "xgboost.sklearn.XGBRanker" || model_class == "xgboost.sklearn.XGBModel";
    if (!is_booster && !is_classifier && !is_regressor) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("models of class {} are not served without Python; log its Booster instead: "
                               "mlflow.xgboost.log_model(model.get_booster(), ...)",
                               model_class));
    }
    const std::string bytes = TRY(files_.read(path));
    if (is_pickle(bytes)) return pickle_error(path, kInsteadOfXgBoostPickle);
    forest::Forest forest = TRY(
        forest::parse_xgboost(bytes, {.kernel = options_.kernel, .best_iteration_only = !is_booster}), path);
    return finish({std::move(forest), is_classifier ? ForestAnswer::kLabels : ForestAnswer::kValues});
  }

  Result<std::shared_ptr<const RowScorer>> finish(ForestModel model) {
    if (const Json* const signature = mlmodel_.find("signature");
        signature != nullptr && !signature->is_null())
      model.signature = TRY(signature_from_mlflow(*signature));
    std::shared_ptr<const ForestScorer> scorer = TRY(ForestScorer::create(std::move(model)));
    return std::shared_ptr<const RowScorer>(std::move(scorer));
  }

  Result<std::string> data_path(const Json& flavor, std::string_view otherwise) const {
    const std::string name = text_or(flavor, "data", otherwise);
    if (!os::stays_inside(name))
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("its data file '{}' is not inside the folder", name));
    std::string path = os::joined(folder_, name);
    if (!files_.exists(path)) return Error(ErrorCode::kNotFound, fmt::format("{} is not there", path));
    return path;
  }

  // An example is no more than documentation: one that is not there, or no JSON, is none.
  Result<Json> read_example() const {
    const Json* const info = mlmodel_.find("saved_input_example_info");
    if (info == nullptr) return Json();
    const std::string name = text_or(*info, "serving_input_path", "serving_input_example.json");
    const std::string path = os::joined(folder_, name);
    if (!os::stays_inside(name) || !files_.exists(path)) return Json();
    const std::string text = TRY(files_.read(path, kTextMax));
    Result<Json> example = codec::parse_json(text, {codec::JsonDialect::kPython});
    return example ? std::move(example).value() : Json();
  }

  const os::FileSystem& files_;
  const std::string& folder_;
  const ModelFolderOptions& options_;
  Json mlmodel_;
};

}  // namespace

Result<ModelFolder> read_model_folder(const os::FileSystem& files, const std::string& folder,
                                      const ModelFolderOptions& options) {
  return Reader(files, folder, options).read();
}

}  // namespace starcast::model
