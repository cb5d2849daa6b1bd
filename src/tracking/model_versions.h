// The registry's model versions: numbers, stages, sources and tags.
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
#include "tracking/model_source.h"
#include "tracking/store.h"

namespace starcast::tracking {

// The stage of a deleted version, whose row stays so that its number is not given again. Never shown.
inline constexpr std::string_view kDeletedStage = "Deleted_Internal";
// In this order.
inline constexpr std::string_view kStages[] = {"None", "Staging", "Production", "Archived"};

struct VersionKey {
  std::string name{};
  std::int64_t version = 0;
  bool operator==(const VersionKey&) const = default;
};

// Those versions with their tags, in the order asked, `keys` without repetitions; one that is not there (or
// deleted) is left out. Few queries for any number of keys. Without aliases, as MLflow's searches answer.
core::Result<std::vector<ModelVersion>> load_versions(sql::Session& session,
                                                      std::span<const VersionKey> keys);

// The canonical name of a stage, given in any case: "Invalid Model Version stage: …".
core::Result<std::string> canonical_stage(std::string_view stage);

struct NewModelVersion {
  std::string name{};
  std::string source{};
  std::optional<std::string> run_id{};  // absent: taken from the version that a source models:/name/1 names
  std::optional<std::string> model_id{};
  std::string run_link{};
  std::string description{};
  std::vector<Tag> tags{};  // of equal keys the last one counts
};

enum class ArchiveOthers { kNo, kYes };

// Thread-safe. Each call is one transaction; errors are MLflow's texts.
class ModelVersions {
 public:
  explicit ModelVersions(Store& store, SourceOptions options = {})
      : store_(store), options_(std::move(options)) {}

  core::Result<ModelVersion> create(const NewModelVersion& version);
  core::Result<ModelVersion> find(const std::string& name, const std::string& version);
  // An absent description takes the old one away, as MLflow does.
  core::Result<ModelVersion> describe(const std::string& name, const std::string& version,
                                      const std::optional<std::string>& description);
  core::Result<ModelVersion> transition(const std::string& name, const std::string& version,
                                        const std::string& stage, ArchiveOthers archive);
  core::Result<void> remove(const std::string& name, const std::string& version);
  // Where its files are: the storage location, else the source.
  core::Result<std::string> download_uri(const std::string& name, const std::string& version);

  core::Result<void> set_tag(const std::string& name, const std::string& version, const Tag& tag);
  core::Result<void> delete_tag(const std::string& name, const std::string& version, const std::string& key);

 private:
  Store& store_;
  SourceOptions options_;
};

}  // namespace starcast::tracking
