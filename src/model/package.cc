#include "model/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "codec/digest.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "core/strings.h"
#include "model/signature.h"
#include "os/path.h"

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using codec::JsonStyle;
using core::Error;
using core::ErrorCode;
using core::Result;
using features::Encoder;
using listing::Field;
using listing::Listing;

// Made from starcast_pyfunc.py by the build.
const std::map<std::string, std::string>& embedded_package_files();

namespace {

constexpr std::string_view kChecksums = "SHA256SUMS";
constexpr std::string_view kMlmodel = "MLmodel";
constexpr std::string_view kApps = "starcast/apps.json";
constexpr double kGoldenTolerance = 1e-9;
// What the metadata says it was written for: the newest MLflow that the packages are tested with.
constexpr std::string_view kMlflowVersion = "3.17.2";
constexpr std::string_view kLightGbmVersion = "4.7.0";
constexpr std::string_view kPythonVersion = "3.11.7";

using FileMap = std::map<std::string, std::string>;  // path in the package -> bytes

// The forests of a case's band, by the names they have in the package.
struct NamedBandForest {
  std::string_view name;
  std::string BandForests::* text;
};
constexpr NamedBandForest kBandForests[] = {{"band-median", &BandForests::median},
                                            {"band-low", &BandForests::low},
                                            {"band-high", &BandForests::high}};

// Folder of a forest; those of the second case carry its name.
std::string forest_folder(LaunchCase launch_case, std::string_view name) {
  switch (launch_case) {
    case LaunchCase::kLaunched:
      return fmt::format("forests/{}", name);
    case LaunchCase::kBeforeLaunch:
      return fmt::format("forests/before-launch-{}", name);
  }
  return {};
}

std::string kernel_file(LaunchCase launch_case) {
  switch (launch_case) {
    case LaunchCase::kLaunched:
      return "starcast/kernel.bin";
    case LaunchCase::kBeforeLaunch:
      return "starcast/before-launch-kernel.bin";
  }
  return {};
}

std::string encoder_file(LaunchCase launch_case) {
  switch (launch_case) {
    case LaunchCase::kLaunched:
      return "starcast/encoder.json";
    case LaunchCase::kBeforeLaunch:
      return "starcast/before-launch-encoder.json";
  }
  return {};
}

void add_environment(FileMap& files, const std::string& folder, std::string_view requirements) {
  files[os::joined(folder, "requirements.txt")] = std::string(requirements);
  files[os::joined(folder, "python_env.yaml")] = fmt::format(
      "python: {}\nbuild_dependencies:\n- pip\n- setuptools\n- wheel\ndependencies:\n- -r requirements.txt\n",
      kPythonVersion);
  std::string conda =
      fmt::format("channels:\n- conda-forge\ndependencies:\n- python={}\n- pip\n- pip:\n", kPythonVersion);
  for (const std::string_view line : core::split(core::trimmed(requirements), '\n'))
    conda += fmt::format("  - {}\n", line);
  files[os::joined(folder, "conda.yaml")] = std::move(conda) + "name: mlflow-env\n";
}

Json environment_files() {
  return JsonObject{{"conda", "conda.yaml"}, {"virtualenv", "python_env.yaml"}};
}

std::string forest_mlmodel(const Encoder& encoder) {
  Signature signature;
  for (const features::FeatureColumn& column : encoder.columns()) {
    signature.inputs.push_back({column.name, ColumnType::kDouble, false});
  }
  signature.outputs.push_back({"rating", ColumnType::kDouble, true});
  return codec::to_yaml(
      JsonObject{{"flavors", JsonObject{{"lightgbm", JsonObject{{"code", nullptr},
                                                                {"data", "model.lgb"},
                                                                {"lgb_version", kLightGbmVersion},
                                                                {"model_class", "lightgbm.basic.Booster"}}},
                                        {"python_function", JsonObject{{"data", "model.lgb"},
                                                                       {"env", environment_files()},
                                                                       {"loader_module", "mlflow.lightgbm"},
                                                                       {"python_version", kPythonVersion}}}}},
                 {"mlflow_version", kMlflowVersion},
                 {"signature", to_mlflow(signature)}});
}

void add_forest(FileMap& files, const RatingCase& rating_case, std::string_view name,
                const std::string& text) {
  const std::string folder = forest_folder(rating_case.launch_case, name);
  files[folder + "/model.lgb"] = text;
  files[folder + "/MLmodel"] = forest_mlmodel(rating_case.encoder);
  add_environment(files, folder, fmt::format("mlflow=={}\nlightgbm=={}\n", kMlflowVersion, kLightGbmVersion));
}

std::string package_mlmodel() {
  return codec::to_yaml(JsonObject{
      {"flavors",
       JsonObject{{"python_function", JsonObject{{"code", "code"},
                                                 {"data", "."},
                                                 {"env", environment_files()},
                                                 {"loader_module", "starcast_pyfunc"},
                                                 {"python_version", kPythonVersion}}},
                  {"starcast",
                   JsonObject{{"data", "starcast"}, {"forests", "forests"}, {"format", kPackageFormat}}}}},
      {"mlflow_version", kMlflowVersion},
      {"saved_input_example_info", JsonObject{{"artifact_path", "input_example.json"},
                                              {"pandas_orient", "split"},
                                              {"serving_input_path", "serving_input_example.json"},
                                              {"type", "dataframe"}}},
      {"signature", to_mlflow(RatingScorer::rating_signature())}});
}

Json to_json(const RatingCase& rating_case) {
  JsonArray groups;
  for (const CalibrationGroup& group : rating_case.calibration.groups) {
    JsonArray levels;
    for (const LevelScale& level : group.levels) {
      levels.push_back(JsonObject{{"level", level.level}, {"scale", level.scale}});
    }
    groups.push_back(JsonObject{{"reviews_min", group.reviews_min}, {"levels", std::move(levels)}});
  }
  JsonArray point;
  for (const PointForest& forest : rating_case.point) {
    point.push_back(JsonObject{{"forest", forest.name}, {"weight", forest.weight}});
  }
  if (rating_case.kernel) {
    point.push_back(
        JsonObject{{"kernel", kernel_file(rating_case.launch_case)}, {"weight", rating_case.kernel->weight}});
  }
  return JsonObject{{"case", name_of(rating_case.launch_case)},
                    {"point", std::move(point)},
                    {"calibration", JsonObject{{"half_width_floor", rating_case.calibration.half_width_floor},
                                               {"groups", std::move(groups)}}}};
}

std::string model_json(const RatingModel& model) {
  JsonArray cases;
  for (const RatingCase& rating_case : model.cases) cases.push_back(to_json(rating_case));
  return codec::to_text(JsonObject{{"format", kPackageFormat},
                                   {"learner", model.learner},
                                   {"seed", static_cast<std::size_t>(model.seed)},
                                   {"objective", model.objective},
                                   {"cases", std::move(cases)},
                                   {"trained_on", JsonObject{{"data_md5", model.trained_on.data_md5},
                                                             {"date_last", model.trained_on.date_last},
                                                             {"apps", model.trained_on.apps},
                                                             {"generated", model.trained_on.generated},
                                                             {"seen", model.trained_on.seen.to_json()}}}},
                        JsonStyle::kPretty);
}

Json cells_of(const Listing& listing) {
  JsonObject cells;
  for (const Field field : listing::all_fields()) {
    if (field == Field::kRating) continue;
    std::string text = listing::text_of(listing, field);
    if (!text.empty()) cells.emplace_back(std::string(listing::name_of(field)), std::move(text));
  }
  return cells;
}

std::string golden_json(const RatingScorer& scorer, std::span<const Listing> examples) {
  JsonArray rows;
  for (const Listing& example : examples) {
    const Prediction prediction = scorer.predict(example).prediction;
    JsonArray intervals;
    for (const Interval& interval : prediction.intervals) {
      intervals.push_back(JsonArray{interval.level, interval.low, interval.high});
    }
    rows.push_back(JsonObject{
        {"listing", cells_of(example)}, {"rating", prediction.value}, {"intervals", std::move(intervals)}});
  }
  return codec::to_text(Json(std::move(rows)), JsonStyle::kPretty);
}

// MLflow's two example files: pandas' "split" form, and the body of a scoring request.
void add_input_example(FileMap& files, const Signature& signature, const Listing& example) {
  JsonArray columns;
  JsonArray cells;
  const Json known = cells_of(example);
  for (const Column& column : signature.inputs) {
    columns.push_back(column.name);
    const Json* const cell = known.find(column.name);
    cells.push_back(cell == nullptr ? Json(nullptr) : *cell);
  }
  const Json split = JsonObject{{"columns", std::move(columns)}, {"data", JsonArray{Json(std::move(cells))}}};
  files["input_example.json"] = codec::to_text(split, JsonStyle::kPretty);
  files["serving_input_example.json"] =
      codec::to_text(JsonObject{{"dataframe_split", split}}, JsonStyle::kPretty);
}

// MLflow's own commands rewrite these: a registered model gets ids, set requirements replace ours. No number
// depends on them; what matters in MLmodel is checked by its meaning.
bool is_left_to_mlflow(std::string_view path) {
  return path == kMlmodel || path == "requirements.txt" || path == "python_env.yaml" || path == "conda.yaml";
}

std::string checksums_of(const FileMap& files) {
  std::string text;
  for (const auto& [path, bytes] : files) {
    if (!is_left_to_mlflow(path)) text += fmt::format("{}  {}\n", codec::sha256_hex(bytes), path);
  }
  return text;
}

// Writes all files into a new folder beside the target and then swaps the two.
Result<void> write_folder(os::FileSystem& disk, const std::string& folder, const FileMap& files) {
  const std::string parent = os::folder_of(folder);
  const std::string fresh = os::joined(parent, fmt::format(".{}.new", os::name_of(folder)));
  const std::string old = os::joined(parent, fmt::format(".{}.old", os::name_of(folder)));
  TRY(disk.remove(fresh));
  for (const auto& [path, bytes] : files) {
    const std::string target = os::joined(fresh, path);
    Result<void> written = disk.make_folders(os::folder_of(target));
    // What a power cut loses can be trained again; a killed process loses nothing of it.
    if (written) written = disk.write(target, bytes, {.mode = 0644, .sync = false});
    if (!written) {
      static_cast<void>(disk.remove(fresh).has_value());  // the first failure is the one to report
      return std::move(written).error();
    }
  }
  TRY(disk.remove(old));
  if (disk.exists(folder)) TRY(disk.rename(folder, old));
  TRY(disk.rename(fresh, folder));
  return disk.remove(old);
}

Error missing_file(const std::string& path) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("{}: the file is missing; train again or fetch the package anew", path));
}

Result<FileMap> read_verified(const os::FileSystem& disk, const std::string& folder) {
  if (!disk.is_folder(folder)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: no model package there; 'starcast train' makes one", folder));
  }
  const std::string checksums_path = os::joined(folder, kChecksums);
  if (!disk.exists(checksums_path)) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{}: no {} in it, so this is no starcast model package or not all of one",
                             folder, kChecksums));
  }
  FileMap files;
  const std::string checksums = TRY(disk.read(checksums_path));
  std::size_t line_number = 0;
  for (const std::string_view line : core::split(core::trimmed(checksums), '\n')) {
    ++line_number;
    const std::size_t gap = line.find("  ");
    if (gap != 64 || !os::stays_inside(line.substr(gap + 2))) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("{}:{}: not a line of 'sha256sum'", checksums_path, line_number));
    }
    const std::string path(line.substr(gap + 2));
    if (!disk.exists(os::joined(folder, path))) return missing_file(os::joined(folder, path));
    std::string bytes = TRY(disk.read(os::joined(folder, path)), "model package");
    if (codec::sha256_hex(bytes) != line.substr(0, gap)) {
      return Error(
          ErrorCode::kCorrupt,
          fmt::format("{}: its bytes do not match the checksum in {}; train again or fetch the package anew",
                      os::joined(folder, path), kChecksums));
    }
    files.emplace(path, std::move(bytes));
  }
  return files;
}

// The signature is what tells MLflow, and who asks it, which columns to send.
Result<void> check_mlmodel(const os::FileSystem& disk, const std::string& folder) {
  const std::string path = os::joined(folder, kMlmodel);
  if (!disk.exists(path)) return missing_file(path);
  const std::string text = TRY(disk.read(path), "model package");
  const codec::YamlNode mlmodel = TRY(codec::parse_yaml(text), path);
  const Json json = mlmodel.to_json();
  const Json* const signature_json = TRY(json.at("signature"), path);
  const Signature signature = TRY(signature_from_mlflow(*signature_json), path);
  if (signature == RatingScorer::rating_signature()) return {};
  return Error(
      ErrorCode::kCorrupt,
      fmt::format("{}: its signature is not that of a rating model; train again or fetch the package anew",
                  path));
}

Result<Json> json_file(const FileMap& files, const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end())
    return Error(ErrorCode::kCorrupt, fmt::format("{} is missing from {}", path, kChecksums));
  return TRY(codec::parse_json(found->second), path);
}

// Moves the text out of the map: forests are most of a package's bytes.
Result<std::string> take_forest(FileMap& files, LaunchCase launch_case, std::string_view name) {
  const std::string path = forest_folder(launch_case, name) + "/model.lgb";
  auto node = files.extract(path);
  if (node.empty()) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} is missing from {}, or is used twice", path, kChecksums));
  }
  return std::move(node.mapped());
}

Result<RatingCase> take_case(FileMap& files, const Json& json,
                             const std::shared_ptr<const TrainingApps>& apps) {
  const std::string name = TRY(json.string_at("case"));
  const std::optional<LaunchCase> launch_case = launch_case_named(name);
  if (!launch_case)
    return Error(ErrorCode::kUnsupported, fmt::format("the package answers an unknown case '{}'", name));
  const Json encoder_json = TRY(json_file(files, encoder_file(*launch_case)));
  RatingCase rating_case{*launch_case, TRY(Encoder::from_json(encoder_json, names_of(apps))), {}, {}, {}, {}};
  const Json* const calibration = TRY(json.at("calibration"));
  rating_case.calibration.half_width_floor = TRY(calibration->double_at("half_width_floor"));
  for (const Json& group_json : *TRY(calibration->array_at("groups"))) {
    CalibrationGroup group;
    group.reviews_min = TRY(group_json.double_at("reviews_min"));
    for (const Json& level : *TRY(group_json.array_at("levels"))) {
      group.levels.push_back({TRY(level.double_at("level")), TRY(level.double_at("scale"))});
    }
    rating_case.calibration.groups.push_back(std::move(group));
  }
  for (const Json& forest : *TRY(json.array_at("point"))) {
    if (forest.find("kernel") != nullptr) {
      auto bytes = files.extract(kernel_file(*launch_case));
      if (bytes.empty()) {
        return Error(ErrorCode::kCorrupt,
                     fmt::format("{} is missing from {}", kernel_file(*launch_case), kChecksums));
      }
      rating_case.kernel = KernelPart{TRY(forest.double_at("weight")), std::move(bytes.mapped())};
      continue;
    }
    PointForest point;
    point.name = TRY(forest.string_at("forest"));
    point.weight = TRY(forest.double_at("weight"));
    point.text = TRY(take_forest(files, *launch_case, point.name));
    rating_case.point.push_back(std::move(point));
  }
  for (const NamedBandForest& named : kBandForests) {
    rating_case.band.*named.text = TRY(take_forest(files, *launch_case, named.name));
  }
  return rating_case;
}

Result<RatingModel> take_model(FileMap& files) {
  const Json json = TRY(json_file(files, "starcast/model.json"));
  const std::int64_t format = TRY(json.int_at("format"), "starcast/model.json");
  if (format != kPackageFormat) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("the package has format {}, and this starcast reads format {}; "
                             "train again, or use the version that wrote it",
                             format, kPackageFormat));
  }
  RatingModel model;
  model.learner = TRY(json.string_at("learner"));
  model.seed = static_cast<std::uint64_t>(TRY(json.int_at("seed")));
  model.objective = TRY(json.string_at("objective"));
  if (files.contains(std::string(kApps))) {
    const Json apps = TRY(json_file(files, std::string(kApps)));
    model.apps = std::make_shared<const TrainingApps>(TRY(TrainingApps::from_json(apps), kApps));
  }
  for (const Json& case_json : *TRY(json.array_at("cases")))
    model.cases.push_back(TRY(take_case(files, case_json, model.apps)));
  const Json* const trained_on = TRY(json.at("trained_on"));
  model.trained_on.data_md5 = TRY(trained_on->string_at("data_md5"));
  model.trained_on.date_last = TRY(trained_on->string_at("date_last"));
  model.trained_on.apps = static_cast<std::size_t>(TRY(trained_on->int_at("apps")));
  const Json* const generated = TRY(trained_on->at("generated"));
  model.trained_on.generated = *generated == Json(true);
  if (const Json* const seen = trained_on->find("seen"); seen != nullptr)
    model.trained_on.seen = TRY(SeenFields::from_json(*seen), "seen");
  return model;
}

Result<void> check_golden(const RatingScorer& scorer, const FileMap& files) {
  const Json golden = TRY(json_file(files, "starcast/golden.json"));
  const JsonArray& rows = *TRY(golden.as_array());
  for (std::size_t index = 0; index < rows.size(); ++index) {
    Listing listing;
    std::vector<listing::FieldNote> notes;
    const Json* const listing_json = TRY(rows[index].at("listing"));
    for (const codec::JsonMember& cell : *TRY(listing_json->as_object())) {
      const std::optional<Field> field = listing::field_named(cell.first);
      if (!field)
        return Error(ErrorCode::kCorrupt,
                     fmt::format("golden row {} has an unknown field '{}'", index, cell.first));
      const std::string text = TRY(cell.second.as_string());
      listing::set_field(listing, *field, text, notes);
    }
    listing::fill_implied(listing, notes);
    const Prediction prediction = scorer.predict(listing).prediction;
    const double stored = TRY(rows[index].double_at("rating"));
    double difference = std::abs(prediction.value - stored);
    const JsonArray& intervals = *TRY(rows[index].array_at("intervals"));
    if (intervals.size() != prediction.intervals.size()) {
      return Error(ErrorCode::kCorrupt, fmt::format("golden row {} has {} intervals, the model gives {}",
                                                    index, intervals.size(), prediction.intervals.size()));
    }
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      const JsonArray& numbers = *TRY(intervals[i].as_array());
      if (numbers.size() != 3)
        return Error(ErrorCode::kCorrupt, fmt::format("golden row {}: an interval is three numbers", index));
      difference = std::max({difference, std::abs(TRY(numbers[1].as_double()) - prediction.intervals[i].low),
                             std::abs(TRY(numbers[2].as_double()) - prediction.intervals[i].high)});
    }
    if (!(difference <= kGoldenTolerance)) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("golden row {} is predicted {} here, but {} where the package was made", index,
                               prediction.value, stored));
    }
  }
  return {};
}

}  // namespace

Result<void> save_package(os::FileSystem& disk, const std::string& folder, const RatingModel& model,
                          std::span<const Listing> examples) {
  CHECK(!examples.empty());
  FileMap files;
  files["starcast/model.json"] = model_json(model);
  if (model.apps) files[std::string(kApps)] = codec::to_text(model.apps->to_json(), JsonStyle::kCompact);
  for (const RatingCase& rating_case : model.cases) {
    files[encoder_file(rating_case.launch_case)] =
        codec::to_text(rating_case.encoder.to_json(), JsonStyle::kCompact);
    if (rating_case.kernel) files[kernel_file(rating_case.launch_case)] = rating_case.kernel->bytes;
    for (const PointForest& point : rating_case.point) add_forest(files, rating_case, point.name, point.text);
    for (const NamedBandForest& named : kBandForests) {
      add_forest(files, rating_case, named.name, rating_case.band.*named.text);
    }
  }
  // The golden answers come from what a reader will have: the encoders and the forests as they were written.
  FileMap written = files;
  RatingModel stored = TRY(take_model(written));
  const RatingScorer scorer = TRY(RatingScorer::create(std::move(stored)));
  files["starcast/golden.json"] = golden_json(scorer, examples);
  files[std::string(kMlmodel)] = package_mlmodel();
  add_environment(files, "", fmt::format("mlflow=={}\npandas\n", kMlflowVersion));
  add_input_example(files, scorer.signature(), examples.front());
  files["code/starcast_pyfunc.py"] = embedded_package_files().at("starcast_pyfunc.py");
  files[std::string(kChecksums)] = checksums_of(files);
  return write_folder(disk, folder, files);
}

Result<RatingScorer> load_package(const os::FileSystem& disk, const std::string& folder) {
  FileMap files = TRY(read_verified(disk, folder));
  RatingModel model = TRY(take_model(files), folder);
  RatingScorer scorer = TRY(RatingScorer::create(std::move(model)), folder);
  TRY(check_mlmodel(disk, folder));
  TRY(check_golden(scorer, files), folder);
  return scorer;
}

Result<std::shared_ptr<const TrainingApps>> load_training_apps(const os::FileSystem& disk,
                                                               const std::string& folder) {
  const std::string path = os::joined(folder, kApps);
  if (!disk.exists(path)) return std::shared_ptr<const TrainingApps>();
  const std::string text = TRY(disk.read(path));
  const Json json = TRY(codec::parse_json(text), path);
  TrainingApps apps = TRY(TrainingApps::from_json(json), path);
  return std::make_shared<const TrainingApps>(std::move(apps));
}

}  // namespace starcast::model
