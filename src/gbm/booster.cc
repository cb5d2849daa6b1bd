#include "gbm/booster.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "core/strings.h"
#include "gbm/parameters.h"

namespace starcast::gbm {

// LightGBM's C functions, as its documentation describes them. Handles are void*; a status other than 0 is a
// failure, whose words the calling thread then finds in LGBM_GetLastError.
extern "C" {
using LastError = const char* (*)();
using LogCallback = void (*)(const char*);
using RegisterLogCallback = int (*)(LogCallback);
using SetMaxThreads = int (*)(int);
using FreeHandle = int (*)(void*);
using DatasetCreateFromMat = int (*)(const void* data, int type, std::int32_t rows, std::int32_t columns,
                                     int row_major, const char* parameters, const void* reference,
                                     void** dataset);
using DatasetSetField = int (*)(void* dataset, const char* name, const void* data, int count, int type);
using DatasetSetFeatureNames = int (*)(void* dataset, const char** names, int count);
using BoosterCreate = int (*)(const void* dataset, const char* parameters, void** booster);
using BoosterUpdateOneIter = int (*)(void* booster, int* is_finished);
using BoosterSaveModelToString = int (*)(void* booster, int start, int rounds, int importance_type,
                                         std::int64_t capacity, std::int64_t* length, char* text);
using BoosterLoadModelFromString = int (*)(const char* text, int* rounds, void** booster);
using BoosterPredictForMat = int (*)(void* booster, const void* data, int type, std::int32_t rows,
                                     std::int32_t columns, int row_major, int predict_type, int start,
                                     int rounds, const char* parameters, std::int64_t* length,
                                     double* predictions);
using BoosterGetNumFeature = int (*)(void* booster, int* count);
using BoosterFeatureImportance = int (*)(void* booster, int rounds, int importance_type, double* importances);

static void ignore_log(const char*) {}
}  // extern "C"

namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kFloat32 = 0;
constexpr int kFloat64 = 1;
constexpr int kRowMajor = 1;
constexpr int kAllRounds = -1;
constexpr int kNormalPrediction = 0;
constexpr int kContributions = 3;
constexpr int kSplitImportance = 0;
constexpr int kGainImportance = 1;

using Handle = std::unique_ptr<void, FreeHandle>;

constexpr auto kIntMax = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());

Result<void> check_matrix(std::span<const double> values, std::size_t rows, std::size_t columns) {
  if (rows == 0 || columns == 0) {
    return Error(
        ErrorCode::kInvalidInput,
        fmt::format("a table of {} rows and {} columns: at least one of each is needed", rows, columns));
  }
  if (rows > kIntMax || columns > kIntMax) {
    return Error(ErrorCode::kTooLarge,
                 fmt::format("a table of {} rows and {} columns: LightGBM takes at most {} of each", rows,
                             columns, kIntMax));
  }
  if (values.size() / columns != rows || values.size() % columns != 0) {
    return Error(ErrorCode::kInvalidInput, fmt::format("{} values are no table of {} rows and {} columns",
                                                       values.size(), rows, columns));
  }
  return {};
}

// LightGBM would store a NaN label as 0 without a word.
Result<std::vector<float>> to_floats(std::string_view what, std::span<const double> values) {
  std::vector<float> floats(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    floats[i] = static_cast<float>(values[i]);
    if (!std::isfinite(floats[i])) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("the {} of row {} is {}: not a finite number", what, i, values[i]));
    }
  }
  return floats;
}

Result<void> check_names(const std::vector<std::string>& names) {
  constexpr std::string_view kRefused(" \t\r\n\",:[]{}\0", 12);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || names[i].find_first_of(kRefused) != std::string::npos) {
      return Error(
          ErrorCode::kInvalidInput,
          fmt::format("column {} is named '{}': LightGBM takes no spaces, quotes, commas, colons or brackets",
                      i, names[i]));
    }
  }
  return {};
}

Result<void> check_data(const TrainingData& data) {
  TRY(check_matrix(data.values, data.rows, data.columns));
  if (data.labels.size() != data.rows) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{} labels for {} rows", data.labels.size(), data.rows));
  }
  if (!data.weights.empty() && data.weights.size() != data.rows) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{} weights for {} rows", data.weights.size(), data.rows));
  }
  if (data.column_names.size() != data.columns) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{} column names for {} columns", data.column_names.size(), data.columns));
  }
  return check_names(data.column_names);
}

}  // namespace

struct LightGbm::Functions {
  os::DynamicLibrary library;
  LastError last_error = nullptr;
  RegisterLogCallback register_log_callback = nullptr;
  SetMaxThreads set_max_threads = nullptr;
  DatasetCreateFromMat dataset_create = nullptr;
  DatasetSetField dataset_set_field = nullptr;
  DatasetSetFeatureNames dataset_set_names = nullptr;
  FreeHandle dataset_free = nullptr;
  BoosterCreate booster_create = nullptr;
  BoosterUpdateOneIter booster_update = nullptr;
  BoosterSaveModelToString booster_save = nullptr;
  BoosterLoadModelFromString booster_load = nullptr;
  BoosterPredictForMat booster_predict = nullptr;
  BoosterGetNumFeature booster_feature_count = nullptr;
  BoosterFeatureImportance booster_importance = nullptr;
  FreeHandle booster_free = nullptr;

  static Result<std::shared_ptr<const Functions>> find(os::DynamicLibrary library) {
    auto found = std::make_shared<Functions>(Functions{.library = std::move(library)});
    Functions& all = *found;
    all.last_error = TRY(all.library.function<LastError>("LGBM_GetLastError"));
    all.register_log_callback = TRY(all.library.function<RegisterLogCallback>("LGBM_RegisterLogCallback"));
    all.set_max_threads = TRY(all.library.function<SetMaxThreads>("LGBM_SetMaxThreads"));
    all.dataset_create = TRY(all.library.function<DatasetCreateFromMat>("LGBM_DatasetCreateFromMat"));
    all.dataset_set_field = TRY(all.library.function<DatasetSetField>("LGBM_DatasetSetField"));
    all.dataset_set_names = TRY(all.library.function<DatasetSetFeatureNames>("LGBM_DatasetSetFeatureNames"));
    all.dataset_free = TRY(all.library.function<FreeHandle>("LGBM_DatasetFree"));
    all.booster_create = TRY(all.library.function<BoosterCreate>("LGBM_BoosterCreate"));
    all.booster_update = TRY(all.library.function<BoosterUpdateOneIter>("LGBM_BoosterUpdateOneIter"));
    all.booster_save = TRY(all.library.function<BoosterSaveModelToString>("LGBM_BoosterSaveModelToString"));
    all.booster_load =
        TRY(all.library.function<BoosterLoadModelFromString>("LGBM_BoosterLoadModelFromString"));
    all.booster_predict = TRY(all.library.function<BoosterPredictForMat>("LGBM_BoosterPredictForMat"));
    all.booster_feature_count = TRY(all.library.function<BoosterGetNumFeature>("LGBM_BoosterGetNumFeature"));
    all.booster_importance =
        TRY(all.library.function<BoosterFeatureImportance>("LGBM_BoosterFeatureImportance"));
    all.booster_free = TRY(all.library.function<FreeHandle>("LGBM_BoosterFree"));
    TRY(all.check(all.set_max_threads(1), "set the number of threads"));
    return std::shared_ptr<const Functions>(std::move(found));
  }

  Result<void> check(int status, std::string_view action) const {
    if (status == 0) return {};
    return Error(ErrorCode::kInternal,
                 fmt::format("LightGBM could not {}: {}", action, core::trimmed(last_error())));
  }

  // The callback is one per thread; without it, LightGBM prints to stdout, which belongs to our commands'
  // output.
  Result<void> silence() const { return check(register_log_callback(&ignore_log), "take a log callback"); }

  Result<Handle> create_dataset(const TrainingData& data, const std::string& parameters) const {
    const std::vector<float> labels = TRY(to_floats("label", data.labels));
    const std::vector<float> weights = TRY(to_floats("weight", data.weights));
    const int rows = static_cast<int>(data.rows);
    const int columns = static_cast<int>(data.columns);
    void* raw = nullptr;
    TRY(check(dataset_create(data.values.data(), kFloat64, rows, columns, kRowMajor, parameters.c_str(),
                             nullptr, &raw),
              "take the training data"));
    Handle dataset(raw, dataset_free);
    TRY(check(dataset_set_field(raw, "label", labels.data(), rows, kFloat32), "take the labels"));
    if (!weights.empty()) {
      TRY(check(dataset_set_field(raw, "weight", weights.data(), rows, kFloat32), "take the weights"));
    }
    std::vector<const char*> names;
    for (const std::string& name : data.column_names) names.push_back(name.c_str());
    TRY(check(dataset_set_names(raw, names.data(), columns), "take the column names"));
    return dataset;
  }

  Result<Handle> load_booster(const std::string& model_text) const {
    void* raw = nullptr;
    int rounds = 0;
    TRY(check(booster_load(model_text.c_str(), &rounds, &raw), "read the model text"));
    return Handle(raw, booster_free);
  }

  Result<std::string> text_of(void* booster) const {
    constexpr std::size_t kFirstGuess = std::size_t{1} << 20;
    std::string text(kFirstGuess, '\0');
    while (true) {
      std::int64_t length = 0;  // with the closing NUL
      TRY(check(booster_save(booster, 0, kAllRounds, kSplitImportance, static_cast<std::int64_t>(text.size()),
                             &length, text.data()),
                "write the model text"));
      const auto needed = static_cast<std::size_t>(length);
      const bool fits = needed <= text.size();
      text.resize(fits ? needed - 1 : needed);
      if (fits) return text;
    }
  }
};

Result<LightGbm> LightGbm::load(const os::Environment& environment, const std::string& executable_folder) {
  std::vector<std::string> places;
  if (const auto chosen = environment.find("STARCAST_LIGHTGBM"); chosen && !chosen->empty()) {
    places = {*chosen};
  } else {
    places = {executable_folder + "/../_deps/lightgbm/lib_lightgbm.so",
              executable_folder + "/../lib/starcast/lib_lightgbm.so"};
  }
  for (const std::string& place : places) {
    auto library = os::DynamicLibrary::open(place);
    if (library) return LightGbm(TRY(Functions::find(std::move(library).value()), place));
    if (library.error().code() != ErrorCode::kNotFound) return std::move(library).error();
  }
  return Error(ErrorCode::kNotFound,
               fmt::format("LightGBM's library is not at {}; bring it by tools/fetch-lightgbm, or name it in "
                           "STARCAST_LIGHTGBM",
                           core::join(places, " or ")));
}

Result<std::string> LightGbm::train(const TrainingData& data, const TrainOptions& options) const {
  TRY(check_data(data));
  const std::string parameters = TRY(parameter_text(options));
  TRY(functions_->silence());
  const Handle dataset = TRY(functions_->create_dataset(data, parameters));
  void* raw = nullptr;
  TRY(functions_->check(functions_->booster_create(dataset.get(), parameters.c_str(), &raw),
                        "start the training"));
  const Handle booster(raw, functions_->booster_free);
  for (int done = 1; done <= options.rounds; ++done) {
    int is_finished = 0;
    TRY(functions_->check(functions_->booster_update(raw, &is_finished), fmt::format("train tree {}", done)));
    if (is_finished != 0) break;
    if (options.on_round && options.on_round(done) == TrainOptions::Continue::kNo) {
      return Error(ErrorCode::kCancelled,
                   fmt::format("training was called off after {} of {} trees", done, options.rounds));
    }
  }
  return functions_->text_of(raw);
}

struct LightGbm::Prediction {
  int type = kNormalPrediction;
  std::size_t values_a_row = 1;
};

Result<std::vector<double>> LightGbm::predict(const std::string& model_text, std::span<const double> values,
                                              std::size_t rows, std::size_t columns) const {
  return predict_as({}, model_text, values, rows, columns);
}

Result<std::vector<double>> LightGbm::contributions(const std::string& model_text,
                                                    std::span<const double> values, std::size_t rows,
                                                    std::size_t columns) const {
  return predict_as({.type = kContributions, .values_a_row = columns + 1}, model_text, values, rows, columns);
}

Result<std::vector<double>> LightGbm::predict_as(const Prediction& prediction, const std::string& model_text,
                                                 std::span<const double> values, std::size_t rows,
                                                 std::size_t columns) const {
  TRY(check_matrix(values, rows, columns));
  TRY(functions_->silence());
  const Handle booster = TRY(functions_->load_booster(model_text));
  std::vector<double> predictions(rows * prediction.values_a_row);
  std::int64_t length = 0;
  TRY(functions_->check(
      functions_->booster_predict(booster.get(), values.data(), kFloat64, static_cast<std::int32_t>(rows),
                                  static_cast<std::int32_t>(columns), kRowMajor, prediction.type, 0,
                                  kAllRounds, "num_threads=1 verbosity=-1", &length, predictions.data()),
      "predict"));
  if (length != static_cast<std::int64_t>(predictions.size())) {
    return Error(ErrorCode::kInternal, fmt::format("LightGBM gave {} values for {} rows of {}", length, rows,
                                                   prediction.values_a_row));
  }
  return predictions;
}

Result<std::vector<double>> LightGbm::gains(const std::string& model_text) const {
  TRY(functions_->silence());
  const Handle booster = TRY(functions_->load_booster(model_text));
  int count = 0;
  TRY(functions_->check(functions_->booster_feature_count(booster.get(), &count), "count the features"));
  std::vector<double> gains(static_cast<std::size_t>(count));
  TRY(functions_->check(
      functions_->booster_importance(booster.get(), kAllRounds, kGainImportance, gains.data()),
      "tell the gains"));
  return gains;
}

}  // namespace starcast::gbm
