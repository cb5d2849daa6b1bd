// A training's report to the tracking store: the server of MLFLOW_TRACKING_URI, or the workspace's own. A
// store that is away never loses it: the report waits in the spool and goes with the next one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/run_record.h"
#include "app/workspace.h"
#include "learn/run_log.h"

namespace starcast::app {

// Reports that no store has taken yet: a folder each, with record.json and a copy of the package.
inline constexpr const char* kSpoolFolder = ".starcast/spool";

struct ReportedRun {
  std::string run_id{};  // "" while it waits in the spool
  std::string store{};
};

// Collects in memory, sends at the end; one thread. MLFLOW_EXPERIMENT_NAME names the experiment ("rating"
// else), MLFLOW_RUN_NAME the run. With STARCAST_TRACKING=off nothing is sent or kept.
class TrainingRun final : public learn::RunLog {
 public:
  explicit TrainingRun(const Context& context);

  void log_param(std::string_view name, std::string_view value) override;
  void log_metric(std::string_view name, double value, long step) override;
  // A file that was read, by its content.
  void add_dep(const std::string& path, const std::string& md5);
  bool has_read_data() const { return !record_.datasets.empty(); }

  // The training is over: FINISHED with its package, or FAILED without one (""). What cannot be sent is
  // warned of and kept; a report never fails a training.
  ReportedRun finish(const std::string& status, const std::string& package_folder);

 private:
  const Context& context_;
  RunRecord record_;
};

// Sends what waits, oldest first, and returns how many were sent; stops at the first that cannot be.
core::Result<std::size_t> send_spooled(tracking::Connection& connection, const Context& context);

}  // namespace starcast::app
