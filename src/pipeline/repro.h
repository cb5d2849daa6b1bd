// repro: runs the pipeline stages that are stale, in the order of the graph, and records what they made.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/process.h"
#include "pipeline/repository_lock.h"

namespace starcast::pipeline {

enum class StageOutcome {
  kUnchanged,  // nothing to do
  kRestored,   // outs came out of the run cache
  kRan,
};

struct StageReport {
  std::string name;  // of a .dvc file: its path
  StageOutcome outcome = StageOutcome::kUnchanged;
  std::vector<std::string>
      reasons;  // why it ran: "data/raw/x.csv: md5 1234… is now 5678…", "params.yaml: train.seed 1 -> 2"
  double seconds = 0;
  std::size_t memory_peak_bytes = 0;  // of its commands
};

struct ReproReport {
  std::vector<StageReport> stages;
};

enum class Force { kNo, kYes };
enum class Dry { kNo, kYes };

struct ReproOptions {
  std::string root = ".";            // the workspace: the folder of .dvc and dvc.yaml
  std::vector<std::string> targets;  // pipeline stages, .dvc files or outs; empty = all of dvc.yaml
  Force force = Force::kNo;          // run even what is unchanged
  Dry dry = Dry::kNo;                // say what would run, run nothing
  std::map<std::string, std::string> environment;  // for the commands, beside DVC_ROOT and DVC_STAGE
  LockTaker take_lock = take_lock_file;
  const core::Clock* clock = &core::system_clock();  // borrowed
};

// What happens while it runs: for the screen. `index` counts from 1.
class ReproObserver {
 public:
  virtual ~ReproObserver() = default;
  virtual void stage_unchanged(const std::string& name) = 0;
  // Also in a dry run. A .dvc file has no commands: its data changed and is recorded anew.
  virtual void stage_starts(const std::string& name, const std::vector<std::string>& reasons,
                            const std::vector<std::string>& commands, std::size_t index,
                            std::size_t count) = 0;
  virtual void stage_restored(const std::string& name) = 0;
  virtual void stage_done(const StageReport& report) = 0;
  // Worth a word, but no error: an out is empty.
  virtual void warning(const std::string& text) { static_cast<void>(text); }
};

// Runs what is stale, in DVC's order and by its rules: stale when the command, a dep, a param or an out
// differs from dvc.lock, or an out is not in the cache. A stage that ran before with the same command, deps
// and params gets its outs from the run cache. Outs are removed only once every dep and param of the run is
// known to exist. dvc.lock is written atomically after each pipeline stage; outs go to the cache and to
// .gitignore. DVC's repository lock is held except while a command runs; then the paths it reads and writes
// are locked. .dvc files that the stages need are checked: changed data is recorded anew, as DVC does;
// missing data is an error that says where to get it. Errors: kNotFound (dvc.yaml, a dep, missing data),
// kInvalidInput (cycle, overlapping outs, unknown target, a missing param), kFailedPrecondition (no
// workspace; a command failed: names stage, command and exit status), kUnavailable (another dvc or starcast
// runs here), kCancelled (interrupted; what was finished is recorded).
core::Result<ReproReport> repro(const ReproOptions& options, os::FileSystem& files,
                                os::ProcessRunner& processes, const os::Environment& environment,
                                ReproObserver& observer);

}  // namespace starcast::pipeline
