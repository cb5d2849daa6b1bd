// The model package: an MLflow model folder with all that a scorer needs. Format:
// docs/formats/model-package.md.
#pragma once

#include <string>

#include "core/result.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"
#include "os/file_system.h"

namespace starcast::model {

// Stored: raised when a reader of the old number could not read the new files.
inline constexpr int kPackageFormat = 2;

// Writes the package as FOLDER, replacing what is there. The new folder is complete, checksums included,
// before the old one goes; the same model gives the same bytes. `examples` become golden rows (answers that a
// loaded package has to repeat) and the input example; at least one.
core::Result<void> save_package(os::FileSystem& files, const std::string& folder, const RatingModel& model,
                                std::span<const listing::Listing> examples);

// Reads and verifies a package: checksums of every file but those that MLflow rewrites, format, signature,
// and the golden rows' predictions, which may differ by 1e-9 at most (another processor's logarithm).
// kNotFound: no such folder, with the command that makes it; kCorrupt: names the file; kUnsupported: another
// format, names both numbers.
core::Result<RatingScorer> load_package(const os::FileSystem& files, const std::string& folder);

// The package's apps alone, for who reads its encoders by himself: not verified. Null if it has none.
core::Result<std::shared_ptr<const TrainingApps>> load_training_apps(const os::FileSystem& files,
                                                                     const std::string& folder);

}  // namespace starcast::model
