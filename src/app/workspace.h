// The workspace: where everything lies, relative to its root, and the context that every command works in.
#pragma once

#include <functional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "gbm/booster.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/process.h"
#include "os/terminal.h"

namespace starcast::app {

// The folders of design.md 6. All paths are relative to the workspace's root, which is the working directory.
inline constexpr const char* kRawFile = "data/raw/googleplaystore.csv";
inline constexpr const char* kListingsFile = "data/interim/listings.csv";
inline constexpr const char* kSplitFile = "data/processed/split.csv";
inline constexpr const char* kPredictionsFile = "data/processed/predictions.csv";
inline constexpr const char* kPackageFolder = "models/rating";
inline constexpr const char* kDataReportFile = "reports/data.json";
inline constexpr const char* kMetricsFile = "reports/metrics.json";
inline constexpr const char* kFiguresFolder = "reports/figures";
inline constexpr const char* kReportFile = "reports/report.html";
inline constexpr const char* kModelCardFile = "docs/model-card.md";
inline constexpr const char* kParamsFile = "params.yaml";
inline constexpr const char* kExternalFolder = "data/external";
inline constexpr const char* kExampleListingsFile = "references/example-listings.csv";
// A folder that a team keeps beside its checkout.
inline constexpr const char* kSharedDataFolder = "../shared/data";

// What the commands are given instead of reaching for it. Borrowed; outlives every command.
struct Context {
  os::FileSystem& files;
  os::ProcessRunner& processes;
  const os::Environment& environment;
  const core::Clock& clock;
  core::Log& log;
  os::ProgressScreen& progress;
};

// LightGBM's library, looked for by gbm::LightGbm::load from the running executable's folder.
core::Result<gbm::LightGbm> load_lightgbm(const Context& context);

}  // namespace starcast::app
