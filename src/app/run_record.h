// A finished training as one value: what is sent to a tracking store, or kept in the spool until the store
// answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/workspace.h"
#include "codec/json.h"
#include "core/result.h"
#include "tracking/connection.h"
#include "tracking/entities.h"

namespace starcast::app {

struct RunRecord {
  std::string key{};         // unique: a record that was sent already is known by it
  std::string experiment{};  // its name; made when it is not there
  std::string run_name{};    // "" lets the store choose
  std::string user{};
  std::string status{};  // FINISHED or FAILED
  std::int64_t start_time = 0;
  std::int64_t end_time = 0;
  std::vector<tracking::Param> params{};
  std::vector<tracking::Metric> metrics{};
  std::vector<tracking::Tag> tags{};
  std::vector<tracking::Dataset> datasets{};
  std::string model_name{};      // of the logged model
  std::string package_folder{};  // "" when there is no model to log
};

// The tag that holds RunRecord::key, and the one with the package's sum (package_sum).
inline constexpr const char* kRecordTag = "starcast.record";
inline constexpr const char* kPackageTag = "starcast.package.sha256";

codec::Json to_json(const RunRecord& record);
core::Result<RunRecord> run_record_of(const codec::Json& json);

struct SentRun {
  std::string run_id{};
  std::string experiment_id{};
  std::string model_id{};  // "" when no model was logged
};

// Makes the run with all that belongs to it. A record that the store has whole is not sent again; one that it
// has in part is sent anew and the part deleted.
core::Result<SentRun> send_run(const RunRecord& record, tracking::Connection& connection,
                               const Context& context);

// The SHA-256 of a package's list of checksums: one sum for all its files.
core::Result<std::string> package_sum(const std::string& folder, const Context& context);

}  // namespace starcast::app
