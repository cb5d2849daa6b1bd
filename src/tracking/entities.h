// What the tracking store holds, in MLflow's terms. Plain values; times are milliseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace starcast::tracking {

struct Tag {
  std::string key{};
  std::string value{};
};

struct Param {
  std::string key{};
  std::string value{};
};

struct Metric {
  std::string key{};
  double value = 0;  // may be NaN; infinities are stored as the largest finite double
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  std::string model_id{};  // "" when the point belongs to no logged model
  std::string dataset_name{};
  std::string dataset_digest{};
  std::string run_id{};
};

struct Experiment {
  std::int64_t id = 0;
  std::string name{};
  std::string artifact_location{};
  std::string lifecycle_stage{};  // "active" or "deleted"
  std::int64_t creation_time = 0;
  std::int64_t last_update_time = 0;
  std::vector<Tag> tags{};
};

struct Dataset {
  std::string name{};
  std::string digest{};
  std::string source_type{};
  std::string source{};
  std::optional<std::string> schema{};
  std::optional<std::string> profile{};
};

struct DatasetInput {
  std::vector<Tag> tags{};
  Dataset dataset{};
};

struct ModelOutput {
  std::string model_id{};
  std::int64_t step = 0;
};

struct Run {
  std::string id{};
  std::string name{};
  std::int64_t experiment_id = 0;
  std::string user_id{};
  std::string status{};  // RUNNING, SCHEDULED, FINISHED, FAILED, KILLED
  std::int64_t start_time = 0;
  std::optional<std::int64_t> end_time{};
  std::string artifact_uri{};
  std::string lifecycle_stage{};
  std::vector<Metric> metrics{};  // the latest of each key, by key
  std::vector<Param> params{};    // by key
  std::vector<Tag> tags{};        // by key
  std::vector<DatasetInput> dataset_inputs{};
  std::vector<std::string> model_inputs{};  // model ids
  std::vector<ModelOutput> model_outputs{};
};

// MLflow's LoggedModelStatus; the database holds the number.
enum class LoggedModelStatus { kUnspecified = 0, kPending = 1, kReady = 2, kUploadFailed = 3 };

struct LoggedModel {
  std::string id{};  // "m-" and 32 hexadecimal digits
  std::int64_t experiment_id = 0;
  std::string name{};
  std::string artifact_location{};
  std::int64_t creation_time = 0;
  std::int64_t last_update_time = 0;
  LoggedModelStatus status = LoggedModelStatus::kPending;
  std::string lifecycle_stage{};
  std::string model_type{};
  std::string source_run_id{};
  std::string status_message{};
  std::vector<Tag> tags{};
  std::vector<Param> params{};
  std::vector<Metric> metrics{};
};

struct ModelVersion {
  std::string name{};
  std::int64_t version = 0;
  std::int64_t creation_time = 0;
  std::int64_t last_update_time = 0;
  std::optional<std::string> description{};  // absent is not written, "" is
  std::string user_id{};
  std::string stage{};  // None, Staging, Production, Archived
  std::string source{};
  std::optional<std::string> run_id{};
  std::string status{};  // READY, …
  std::string status_message{};
  std::optional<std::string> run_link{};
  std::string storage_location{};
  std::vector<Tag> tags{};
  std::vector<std::string> aliases{};
};

struct ModelAlias {
  std::string alias{};
  std::int64_t version = 0;
};

struct RegisteredModel {
  std::string name{};
  std::int64_t creation_time = 0;
  std::int64_t last_update_time = 0;
  std::string description{};
  std::vector<ModelVersion> latest_versions{};  // one a registry stage
  std::vector<Tag> tags{};
  std::vector<ModelAlias> aliases{};
};

}  // namespace starcast::tracking
