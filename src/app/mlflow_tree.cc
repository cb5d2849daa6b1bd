#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "app/import_source.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "codec/yaml.h"
#include "core/strings.h"
#include "os/path.h"

namespace starcast::app {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kKeyDepthMax = 64;  // folders in a key: "a/b/c"

// A meta.yaml. What PyYAML writes plain may look like another type to a newer reader, so texts are taken as
// they are written.
class Meta {
 public:
  static Result<Meta> read(const std::string& folder, const os::FileSystem& files) {
    const std::string path = os::joined(folder, "meta.yaml");
    const std::string text = TRY(files.read(path));
    return Meta(TRY(codec::parse_yaml(text), path));
  }

  const codec::YamlNode* find(std::string_view name) const { return root_.find(name); }
  bool has(std::string_view name) const { return is_there(root_.find(name)); }
  std::string text(std::string_view name) const {
    const codec::YamlNode* const node = root_.find(name);
    return is_there(node) ? node->text : std::string();
  }
  std::optional<std::string> optional_text(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    return text(name);
  }
  std::optional<std::int64_t> optional_integer(std::string_view name) const {
    return codec::parse_int(text(name));
  }
  std::int64_t integer(std::string_view name) const { return optional_integer(name).value_or(0); }

  static bool is_there(const codec::YamlNode* node) {
    return node != nullptr && node->kind == codec::YamlNode::Kind::kScalar && !node->scalar.is_null();
  }

 private:
  explicit Meta(codec::YamlNode root) : root_(std::move(root)) {}
  codec::YamlNode root_;
};

// The protocol's numbers, which FileStore writes, or the names themselves.
std::string name_at(const std::string& text, const std::map<std::int64_t, std::string_view>& names) {
  const std::optional<std::int64_t> number = codec::parse_int(text);
  if (!number) return text;
  const auto found = names.find(*number);
  return found == names.end() ? std::string() : std::string(found->second);
}

std::string run_status(const std::string& text) {
  return name_at(text, {{1, "RUNNING"}, {2, "SCHEDULED"}, {3, "FINISHED"}, {4, "FAILED"}, {5, "KILLED"}});
}

std::string source_type(const std::string& text) {
  return name_at(text, {{1, "NOTEBOOK"}, {2, "JOB"}, {3, "PROJECT"}, {4, "LOCAL"}, {1000, "UNKNOWN"}});
}

std::optional<double> metric_value(std::string_view text) {
  const std::string lower = core::ascii_lower(text);
  const std::string_view bare = std::string_view(lower).substr(lower.starts_with('-') ? 1 : 0);
  if (bare == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (bare == "inf" || bare == "infinity") {
    const double infinity = std::numeric_limits<double>::infinity();
    return lower.starts_with('-') ? -infinity : infinity;
  }
  return codec::parse_double(text);
}

class MlflowTree final : public ImportSource {
 public:
  MlflowTree(std::string folder, const os::FileSystem& files) : root_(std::move(folder)), files_(files) {}

  Result<std::vector<tracking::Experiment>> experiments() override {
    std::vector<tracking::Experiment> found;
    for (const std::string& parent : {root_, os::joined(root_, ".trash")}) {
      const std::vector<std::string> names = TRY(folders_in(parent));
      for (const std::string& name : names) {
        const std::string folder = os::joined(parent, name);
        if (!codec::parse_int(name) || !files_.exists(os::joined(folder, "meta.yaml"))) continue;
        auto experiment = read_experiment(folder, *codec::parse_int(name));
        if (!experiment) {
          leave("experiment", name, experiment.error().message());
          continue;
        }
        folders_[experiment->id] = folder;
        found.push_back(std::move(*experiment));
      }
    }
    return found;
  }

  Result<std::vector<std::string>> run_ids(const tracking::Experiment& experiment) override {
    const std::vector<std::string> names = TRY(folders_in(folders_.at(experiment.id)));
    std::vector<std::string> ids;
    for (const std::string& name : names) {
      const std::string folder = os::joined(folders_.at(experiment.id), name);
      if (name == "traces") {
        const std::size_t traces = TRY(folders_in(folder)).size();
        if (traces > 0) left_.push_back({"traces", experiment.name, "traces are not imported", traces});
      }
      if (name == "tags" || name == "datasets" || name == "traces" || name == "models") continue;
      if (name.starts_with('.')) continue;
      if (files_.exists(os::joined(folder, "meta.yaml"))) {
        ids.push_back(name);
      } else {
        leave("run", name, "it has no meta.yaml");
      }
    }
    return ids;
  }

  Result<tracking::ImportedRun> run(const tracking::Experiment& experiment, const std::string& id) override {
    const std::string folder = os::joined(folders_.at(experiment.id), id);
    const Meta meta = TRY(Meta::read(folder, files_));
    tracking::ImportedRun imported;
    tracking::Run& run = imported.run;
    run.id = id;
    run.name = meta.text(meta.has("run_name") ? "run_name" : "name");
    run.experiment_id = experiment.id;
    run.user_id = meta.text("user_id");
    run.status = run_status(meta.text("status"));
    run.start_time = meta.integer("start_time");
    run.end_time = meta.optional_integer("end_time");
    run.artifact_uri = meta.text("artifact_uri");
    run.lifecycle_stage = meta.text("lifecycle_stage");
    imported.deleted_time = meta.optional_integer("deleted_time");
    imported.source_type = source_type(meta.text("source_type"));
    imported.source_name = meta.text("source_name");
    imported.entry_point_name = meta.text("entry_point_name");
    imported.source_version = meta.text("source_version");
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "params"))))
      run.params.push_back({key, value});
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "tags")))) run.tags.push_back({key, value});
    for (const auto& [key, text] : TRY(keyed_texts(os::joined(folder, "metrics")))) {
      tracking::ImportedSeries series{key};
      for (const std::string_view line : core::split(text, '\n')) {
        const std::vector<std::string_view> words = words_of(line);
        if (words.empty()) continue;
        const auto point = read_point(words);
        if (point) {
          series.points.push_back(*point);
        } else {
          leave("metric point", fmt::format("{}/{}", id, key), "the line is not 'time value step'");
        }
      }
      imported.series.push_back(std::move(series));
    }
    TRY(read_links(folder, experiment, imported));
    return imported;
  }

  Result<std::vector<std::string>> model_ids(const tracking::Experiment& experiment) override {
    const std::string folder = os::joined(folders_.at(experiment.id), "models");
    std::vector<std::string> names = TRY(folders_in(folder));
    std::erase_if(names, [&](const std::string& name) {
      return !files_.exists(os::joined(os::joined(folder, name), "meta.yaml"));
    });
    return names;
  }

  Result<tracking::ImportedModel> model(const tracking::Experiment& experiment,
                                        const std::string& id) override {
    const std::string folder = os::joined(os::joined(folders_.at(experiment.id), "models"), id);
    const Meta meta = TRY(Meta::read(folder, files_));
    tracking::ImportedModel imported;
    imported.status_number = meta.optional_integer("status").value_or(1);
    tracking::LoggedModel& model = imported.model;
    model.id = id;
    model.experiment_id = experiment.id;
    model.name = meta.text("name");
    model.artifact_location = meta.text("artifact_location");
    model.creation_time = meta.integer("creation_timestamp");
    model.last_update_time = meta.integer("last_updated_timestamp");
    model.lifecycle_stage = meta.text("lifecycle_stage");
    model.model_type = meta.text("model_type");
    model.source_run_id = meta.text("source_run_id");
    model.status_message = meta.text("status_message");
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "params"))))
      model.params.push_back({key, value});
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "tags"))))
      model.tags.push_back({key, value});
    for (const auto& [key, text] : TRY(keyed_texts(os::joined(folder, "metrics")))) {
      for (const std::string_view line : core::split(text, '\n')) {
        const std::vector<std::string_view> words = words_of(line);
        if (words.empty()) continue;
        const auto point = read_point(words);
        if (!point || words.size() < 4) {
          leave("metric point", fmt::format("{}/{}", id, key), "the line is not 'time value step run'");
          continue;
        }
        tracking::Metric metric{key, point->value, point->timestamp, point->step};
        metric.model_id = id;
        metric.run_id = std::string(words[3]);
        if (words.size() >= 6) {
          metric.dataset_name = std::string(words[4]);
          metric.dataset_digest = std::string(words[5]);
        }
        model.metrics.push_back(std::move(metric));
      }
    }
    return imported;
  }

  Result<std::vector<tracking::RegisteredModel>> registered_models() override {
    const std::string parent = os::joined(root_, "models");
    std::vector<tracking::RegisteredModel> found;
    const std::vector<std::string> names = TRY(folders_in(parent));
    for (const std::string& name : names) {
      auto model = read_registered(os::joined(parent, name), name);
      if (model) {
        found.push_back(std::move(*model));
      } else {
        leave("registered model", name, model.error().message());
      }
    }
    return found;
  }

  std::vector<LeftOut> left_out() override { return left_; }

  std::string own_folder(const tracking::Experiment& experiment, const std::string& id) override {
    const std::string& folder = folders_.at(experiment.id);
    for (const std::string& parent : {folder, os::joined(folder, "models")}) {
      std::string own = os::joined(os::joined(parent, id), "artifacts");
      if (files_.is_folder(own)) return own;
    }
    return {};
  }

 private:
  void leave(std::string what, std::string id, std::string reason) {
    left_.push_back({std::move(what), std::move(id), std::move(reason)});
  }

  // Sorted; none where there is no such folder.
  Result<std::vector<std::string>> folders_in(const std::string& parent) const {
    std::vector<std::string> names;
    if (!files_.is_folder(parent)) return names;
    const std::vector<os::FolderEntry> entries = TRY(files_.list(parent));
    for (const os::FolderEntry& entry : entries) {
      if (entry.kind == os::FileKind::kFolder) names.push_back(entry.name);
    }
    return names;
  }

  Result<tracking::Experiment> read_experiment(const std::string& folder, std::int64_t id) const {
    const Meta meta = TRY(Meta::read(folder, files_));
    tracking::Experiment experiment;
    experiment.id = id;
    experiment.name = meta.has("name") ? meta.text("name") : fmt::format("experiment_{}", id);
    experiment.artifact_location = meta.text("artifact_location");
    experiment.lifecycle_stage = meta.text("lifecycle_stage");
    experiment.creation_time = meta.integer("creation_time");
    experiment.last_update_time = meta.integer("last_update_time");
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "tags"))))
      experiment.tags.push_back({key, value});
    return experiment;
  }

  // A file a key; folders are parts of keys.
  Result<std::map<std::string, std::string>> keyed_texts(const std::string& folder) const {
    std::map<std::string, std::string> texts;
    TRY(add_keyed_texts(folder, "", 0, texts));
    return texts;
  }

  Result<void> add_keyed_texts(const std::string& folder, const std::string& prefix, int depth,
                               std::map<std::string, std::string>& texts) const {
    if (!files_.is_folder(folder) || depth > kKeyDepthMax) return {};
    const std::vector<os::FolderEntry> entries = TRY(files_.list(folder));
    for (const os::FolderEntry& entry : entries) {
      const std::string path = os::joined(folder, entry.name);
      if (entry.kind == os::FileKind::kFolder) {
        TRY(add_keyed_texts(path, prefix + entry.name + "/", depth + 1, texts));
      } else if (entry.kind == os::FileKind::kFile) {
        std::string text = TRY(files_.read(path));
        if (!codec::is_utf8(text) || !codec::is_utf8(entry.name)) {
          return Error(ErrorCode::kCorrupt, fmt::format("{}: it is no UTF-8 text", path));
        }
        texts.emplace(prefix + entry.name, std::move(text));
      }
    }
    return {};
  }

  static std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (const std::string_view word : core::split(core::trimmed(line), ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    return words;
  }

  static std::optional<tracking::ImportedPoint> read_point(const std::vector<std::string_view>& words) {
    if (words.size() < 2) return std::nullopt;
    const auto time = codec::parse_int(words[0]);
    const auto value = metric_value(words[1]);
    const auto step = words.size() > 2 ? codec::parse_int(words[2]) : std::optional<std::int64_t>(0);
    if (!time || !value || !step) return std::nullopt;
    return tracking::ImportedPoint{*time, *step, *value};
  }

  Result<void> read_links(const std::string& folder, const tracking::Experiment& experiment,
                          tracking::ImportedRun& imported) {
    const std::vector<std::string> inputs = TRY(folders_in(os::joined(folder, "inputs")));
    for (const std::string& name : inputs) {
      const Meta meta = TRY(Meta::read(os::joined(os::joined(folder, "inputs"), name), files_));
      tracking::ImportedLink link;
      if (meta.text("source_type") != "DATASET") {
        link.kind = tracking::ImportedLink::Kind::kModelInput;
        link.model_id = meta.text("source_id");
        imported.links.push_back(std::move(link));
        continue;
      }
      link.dataset_id = meta.text("source_id");
      if (link.dataset_id.empty() || !os::stays_inside(link.dataset_id)) {
        leave("dataset", link.dataset_id, "its id leads out of the folder of datasets");
        continue;
      }
      const std::string parent = os::joined(folders_.at(experiment.id), "datasets");
      const auto dataset = Meta::read(os::joined(parent, link.dataset_id), files_);
      if (!dataset) {
        leave("dataset", link.dataset_id, "its meta.yaml cannot be read");
        continue;
      }
      link.dataset.name = dataset->text("name");
      link.dataset.digest = dataset->text("digest");
      link.dataset.source_type = dataset->text("source_type");
      link.dataset.source = dataset->text("source");
      link.dataset.schema = dataset->optional_text("schema");
      link.dataset.profile = dataset->optional_text("profile");
      if (const codec::YamlNode* const tags = meta.find("tags")) {
        for (const auto& [key, value] : tags->members) link.tags.push_back({key.text, value.text});
      }
      imported.links.push_back(std::move(link));
    }
    const std::vector<std::string> outputs = TRY(folders_in(os::joined(folder, "outputs")));
    for (const std::string& name : outputs) {
      const Meta meta = TRY(Meta::read(os::joined(os::joined(folder, "outputs"), name), files_));
      tracking::ImportedLink link;
      link.kind = tracking::ImportedLink::Kind::kModelOutput;
      link.model_id = name;
      link.step = meta.integer("step");
      imported.links.push_back(std::move(link));
    }
    return {};
  }

  Result<tracking::RegisteredModel> read_registered(const std::string& folder, const std::string& name) {
    const Meta meta = TRY(Meta::read(folder, files_));
    tracking::RegisteredModel model;
    model.name = meta.has("name") ? meta.text("name") : name;
    model.creation_time = meta.integer("creation_timestamp");
    model.last_update_time = meta.integer("last_updated_timestamp");
    model.description = meta.text("description");
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "tags"))))
      model.tags.push_back({key, value});
    for (const auto& [alias, value] : TRY(keyed_texts(os::joined(folder, "aliases")))) {
      const auto version = codec::parse_int(core::trimmed(value));
      if (version) model.aliases.push_back({alias, *version});
    }
    const std::vector<std::string> versions = TRY(folders_in(folder));
    for (const std::string& version : versions) {
      if (!version.starts_with("version-")) continue;
      auto read = read_version(os::joined(folder, version), model.name);
      if (!read) {
        leave("model version", fmt::format("{}/{}", model.name, version), read.error().message());
      } else if (read->stage == "Deleted_Internal") {
        leave("model version", fmt::format("{}/{}", model.name, read->version), "it is deleted");
      } else {
        model.latest_versions.push_back(std::move(*read));
      }
    }
    return model;
  }

  Result<tracking::ModelVersion> read_version(const std::string& folder, const std::string& name) const {
    const Meta meta = TRY(Meta::read(folder, files_));
    tracking::ModelVersion version;
    version.name = name;
    const auto number = meta.optional_integer("version");
    if (!number) return Error(ErrorCode::kCorrupt, "its meta.yaml names no version");
    version.version = *number;
    version.creation_time = meta.integer("creation_timestamp");
    version.last_update_time = meta.integer("last_updated_timestamp");
    version.description = meta.optional_text("description");
    version.user_id = meta.text("user_id");
    version.stage = meta.has("current_stage") ? meta.text("current_stage") : "None";
    version.source = meta.text("source");
    version.storage_location = meta.text("storage_location");
    version.run_id = meta.optional_text("run_id");
    version.run_link = meta.optional_text("run_link");
    version.status = meta.has("status") ? meta.text("status") : "READY";
    version.status_message = meta.text("status_message");
    for (auto& [key, value] : TRY(keyed_texts(os::joined(folder, "tags"))))
      version.tags.push_back({key, value});
    return version;
  }

  std::string root_;
  const os::FileSystem& files_;
  std::map<std::int64_t, std::string> folders_{};  // of experiments, by id
  std::vector<LeftOut> left_{};
};

}  // namespace

std::unique_ptr<ImportSource> open_mlflow_tree(std::string folder, const os::FileSystem& files) {
  return std::make_unique<MlflowTree>(std::move(folder), files);
}

}  // namespace starcast::app
