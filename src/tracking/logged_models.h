// Logged models: what a run's log_model makes, with params, tags and metrics of its own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/entities.h"
#include "tracking/store.h"

namespace starcast::tracking {

// Those logged models, deleted ones too, with tags, params and metrics, in the order asked; an id that is not
// there is left out, `ids` without repetitions. Few queries for any number of ids.
core::Result<std::vector<LoggedModel>> load_logged_models(sql::Session& session,
                                                          std::span<const std::string> ids);

struct NewLoggedModel {
  std::int64_t experiment_id = 0;
  std::string name{};  // "" becomes a random one
  std::string model_type{};
  std::string source_run_id{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

enum class Deleted { kHidden, kShown };

// Without tags, params and metrics: "Logged model with ID 'm-…' not found."
core::Result<LoggedModel> require_logged_model(sql::Session& session, const std::string& id, Deleted deleted);

// Adds a version of a registered model to the logged model's tag mlflow.modelVersions.
core::Result<void> note_model_version(sql::Session& session, const LoggedModel& model,
                                      const std::string& name, std::int64_t version);

// Thread-safe. Each call is one transaction; errors are MLflow's texts.
class LoggedModels {
 public:
  explicit LoggedModels(Store& store) : store_(store) {}

  core::Result<LoggedModel> create(const NewLoggedModel& model);
  core::Result<LoggedModel> find(const std::string& id, Deleted deleted = Deleted::kHidden);
  core::Result<LoggedModel> finalize(const std::string& id, LoggedModelStatus status);
  // Soft: find() with Deleted::kShown still gives it.
  core::Result<void> remove(const std::string& id);
  core::Result<LoggedModel> set_tags(const std::string& id, const std::vector<Tag>& tags);
  core::Result<void> delete_tag(const std::string& id, const std::string& key);
  core::Result<void> log_params(const std::string& id, const std::vector<Param>& params);

 private:
  Store& store_;
};

}  // namespace starcast::tracking
