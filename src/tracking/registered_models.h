// The registry's models: names, descriptions, tags, aliases and the newest version of each stage.
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

// A registered model with this tag set to "true" is a prompt (mlflow.md 2.6).
inline constexpr std::string_view kIsPromptTag = "mlflow.prompt.is_prompt";

// The models of those names with tags, aliases and latest versions, in the order asked; a name that is not
// there is left out, `names` without repetitions. Few queries for any number of names. The latest versions
// come without aliases, as in MLflow.
core::Result<std::vector<RegisteredModel>> load_models(sql::Session& session,
                                                       std::span<const std::string> names);

struct NewRegisteredModel {
  std::string name{};
  std::string description{};
  std::vector<Tag> tags{};  // of equal keys the last one counts
};

// Thread-safe. Each call is one transaction; errors are MLflow's texts.
class RegisteredModels {
 public:
  explicit RegisteredModels(Store& store) : store_(store) {}

  core::Result<RegisteredModel> create(const NewRegisteredModel& model);
  core::Result<RegisteredModel> find(const std::string& name);
  // Versions, tags and aliases go with it.
  core::Result<RegisteredModel> rename(const std::string& name, const std::string& new_name);
  core::Result<RegisteredModel> describe(const std::string& name, const std::string& description);
  // With its versions, tags and aliases.
  core::Result<void> remove(const std::string& name);
  // One a stage; no stages means all of them.
  core::Result<std::vector<ModelVersion>> latest_versions(const std::string& name,
                                                          const std::vector<std::string>& stages);

  core::Result<void> set_tag(const std::string& name, const Tag& tag);
  core::Result<void> delete_tag(const std::string& name, const std::string& key);

  core::Result<void> set_alias(const std::string& name, const std::string& alias, const std::string& version);
  core::Result<void> delete_alias(const std::string& name, const std::string& alias);
  // The alias "latest" is the newest version.
  core::Result<ModelVersion> version_by_alias(const std::string& name, const std::string& alias);

 private:
  Store& store_;
};

}  // namespace starcast::tracking
