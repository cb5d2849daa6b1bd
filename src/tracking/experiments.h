// Experiments: made, renamed, tagged, softly deleted and restored with their runs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/entities.h"
#include "tracking/model_source.h"
#include "tracking/store.h"

namespace starcast::tracking {

// Those experiments, deleted ones too, with their tags, in the order asked; an id that is not there is left
// out. A fixed number of queries for any number of ids.
core::Result<std::vector<Experiment>> load_experiments(sql::Session& session,
                                                       std::span<const std::int64_t> ids);

struct NewExperiment {
  std::string name{};
  std::string artifact_location{};  // "" is below the store's default artifact root
  std::vector<Tag> tags{};          // of equal keys the last one counts
};

// Thread-safe. Each call is one transaction; errors are MLflow's texts. Ids are given as clients send them.
class Experiments {
 public:
  explicit Experiments(Store& store, SourceOptions options = {})
      : store_(store), options_(std::move(options)) {}

  core::Result<std::int64_t> create(const NewExperiment& experiment);
  // Deleted ones too.
  core::Result<Experiment> find(const std::string& id);
  core::Result<Experiment> find_by_name(const std::string& name);
  // Soft, with the experiment's active runs; its name stays taken.
  core::Result<void> remove(const std::string& id);
  // With all runs of the experiment.
  core::Result<void> restore(const std::string& id);
  core::Result<void> rename(const std::string& id, const std::string& name);
  core::Result<void> set_tag(const std::string& id, const Tag& tag);
  core::Result<void> delete_tag(const std::string& id, const std::string& key);

 private:
  Store& store_;
  SourceOptions options_;
};

}  // namespace starcast::tracking
