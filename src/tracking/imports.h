// Takes experiments, runs, logged models and registered models of another store as they are: with their ids,
// times and deletions.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "tracking/entities.h"
#include "tracking/store.h"

namespace starcast::tracking {

struct ImportedPoint {
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  double value = 0;  // NaN and infinities as they are
};

struct ImportedSeries {
  std::string key{};
  std::vector<ImportedPoint> points{};
};

// A dataset that a run used, or a logged model that it used or made.
struct ImportedLink {
  enum class Kind { kDataset, kModelInput, kModelOutput };
  Kind kind = Kind::kDataset;
  std::string dataset_id{};
  Dataset dataset{};
  std::vector<Tag> tags{};
  std::string model_id{};
  std::int64_t step = 0;
};

struct ImportedRun {
  Run run{};  // without metrics, inputs and outputs: they are below
  std::string source_type{};
  std::string source_name{};
  std::string entry_point_name{};
  std::string source_version{};
  std::optional<std::int64_t> deleted_time{};
  std::vector<ImportedSeries> series{};
  std::vector<ImportedLink> links{};

  std::size_t point_count() const;
};

struct ImportedModel {
  LoggedModel model{};
  std::int64_t status_number = 1;
};

// Where an experiment went.
struct ImportedExperiment {
  std::int64_t id = 0;
  std::string artifact_location{};
  bool is_new = false;
};

// What was stored; what was there already is not counted.
struct ImportCounts {
  std::size_t runs = 0;
  std::size_t points = 0;
  std::size_t params = 0;
  std::size_t tags = 0;
  std::size_t models = 0;
  std::size_t registered_models = 0;
  std::size_t versions = 0;
  std::size_t aliases = 0;
  std::size_t versions_there = 0;

  void add(const ImportCounts& other);
};

// Each call is one transaction: a run with all its rows, or nothing of it. What is there already stays as it
// is.
class Imports {
 public:
  explicit Imports(Store& store) : store_(store) {}

  // Into the experiment of that name, if there is one; else under its own id, if that is free, else under a
  // new one. An empty location is below the default artifact root.
  core::Result<ImportedExperiment> add_experiment(const Experiment& experiment);

  // Of these ids, those that are there.
  core::Result<std::set<std::string>> known_runs(std::span<const std::string> ids);
  core::Result<std::set<std::string>> known_models(std::span<const std::string> ids);

  // Their experiment ids and artifact places are those of this store. Statuses and source types that MLflow
  // does not know become FINISHED and UNKNOWN.
  core::Result<ImportCounts> add_runs(std::span<const ImportedRun> runs);
  core::Result<ImportCounts> add_models(std::span<const ImportedModel> models);
  // `latest_versions` holds all versions. A source that lies in the artifacts of a run or logged model of
  // this store is rewritten to where they are.
  core::Result<ImportCounts> add_registered_model(const RegisteredModel& model);

 private:
  Store& store_;
};

}  // namespace starcast::tracking
