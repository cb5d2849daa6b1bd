// Runs: made, changed, softly deleted and restored; their params and tags, and whole batches.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/entities.h"
#include "tracking/store.h"

namespace starcast::tracking {

// The tag that is kept equal to the run's name.
inline constexpr std::string_view kRunNameTag = "mlflow.runName";
// In the order of their numbers, from 1.
inline constexpr std::string_view kRunStatuses[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};

// Those runs, deleted ones too, with metrics, params, tags, inputs and outputs, in the order asked; an id
// that is not there is left out. A fixed number of queries for any number of ids.
core::Result<std::vector<Run>> load_runs(sql::Session& session, std::span<const std::string> run_ids);

struct RunOptions {
  // MLFLOW_TRUNCATE_LONG_VALUES: cut long params and tags instead of refusing them.
  bool truncate_long_values = true;
};

struct NewRun {
  std::string experiment_id{};
  std::string user_id{};
  std::string name{};  // "" is the tag mlflow.runName's, else a random one
  std::int64_t start_time = 0;
  std::vector<Tag> tags{};  // of equal keys the last one counts
};

// What is absent stays as it is.
struct RunChange {
  std::optional<std::string> status{};
  std::optional<std::int64_t> end_time{};
  std::optional<std::string> name{};
};

struct Batch {
  std::vector<Metric> metrics{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

// Refuses a batch that is too large by its counts alone, before anything of it is read.
core::Result<void> check_batch_limits(std::size_t metrics, std::size_t params, std::size_t tags);

// Thread-safe. Each call is one transaction; errors are MLflow's texts. Whatever writes refuses deleted runs.
class Runs {
 public:
  explicit Runs(Store& store, RunOptions options = {}) : store_(store), options_(options) {}

  core::Result<Run> create(const NewRun& run);
  // Deleted ones too.
  core::Result<Run> find(const std::string& run_id);
  // Returns the run without metrics, params and tags.
  core::Result<Run> update(const std::string& run_id, const RunChange& change);
  // Soft.
  core::Result<void> remove(const std::string& run_id);
  core::Result<void> restore(const std::string& run_id);

  core::Result<void> log_param(const std::string& run_id, const Param& param);
  core::Result<void> set_tag(const std::string& run_id, const Tag& tag);
  core::Result<void> delete_tag(const std::string& run_id, const std::string& key);
  // All of it or nothing.
  core::Result<void> log_batch(const std::string& run_id, Batch batch);
  // Appends an MLmodel, as JSON, to the tag mlflow.log-model.history.
  core::Result<void> log_model(const std::string& run_id, const std::string& model_json);

 private:
  Store& store_;
  RunOptions options_;
};

}  // namespace starcast::tracking
