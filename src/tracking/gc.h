// Permanent removal of what is marked as deleted: runs, logged models and experiments, with their artifacts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/blob_store.h"
#include "core/result.h"
#include "os/file_system.h"
#include "tracking/store.h"

namespace starcast::tracking {

struct GcOptions {
  // Only what was deleted at least so long ago.
  std::optional<std::int64_t> older_than_ms{};
  // When any of these names something, nothing else goes. An experiment takes its runs, logged models and
  // traces with it.
  std::vector<std::string> run_ids{};
  std::vector<std::string> experiment_ids{};
  std::vector<std::string> model_ids{};
  bool dry_run = false;  // say what would go, and change nothing
};

struct GcKept {
  std::string what{};  // "run", "experiment", "artifacts"
  std::string id{};
  std::string reason{};
};

struct GcReport {
  std::vector<std::string> runs{};
  std::vector<std::string> models{};
  std::vector<std::string> experiments{};       // ids
  std::vector<std::string> experiment_names{};  // free to be used again
  std::size_t traces = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of the artifacts
  std::vector<GcKept> kept{};
  // "name/3": registered versions that were made of what goes, so that their artifacts go too.
  std::vector<std::string> versions{};
};

// The tag that a run or logged model has while it is being removed. Should it be restored after a removal
// that was cut off, the tag says that its artifacts may be incomplete.
inline constexpr std::string_view kGcTag = "starcast.gc";

// Marks, removes the artifacts, then the rows: a removal that is cut off leaves rows that are still marked as
// deleted, and the next one finishes it. (Rows first would leave artifacts that nothing points to any more.)
// What is named and not there, not deleted or too young is an error, before anything is changed. Artifacts
// that this machine cannot reach stay and are reported, as with `mlflow gc`. `progress` is told of each thing
// done and of how many there are.
core::Result<GcReport> collect_garbage(Store& store, blob::BlobStore& served, os::FileSystem& files,
                                       const GcOptions& options,
                                       const std::function<void(std::size_t, std::size_t)>& progress);

// "7d", "1d2h3m4s", "1.5h" as milliseconds. kInvalidInput for anything else.
core::Result<std::int64_t> parse_age(std::string_view text);

}  // namespace starcast::tracking
