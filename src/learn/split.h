// The split into a training and a test part, by the app's key: an app never changes sides, whatever else is
// in the file.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "listing/listing.h"

namespace starcast::learn {

enum class Part { kTrain, kTest };
std::string_view name_of(Part part);  // "train", "test"

struct SplitOptions {
  double test_share = 0.2;
  std::uint64_t seed = 1;
};

// Test if the key's stable hash, as a share of the unit interval, is below test_share.
Part part_of(std::string_view key, const SplitOptions& options);

// data/processed/split.csv: one row an app, columns app (its key) and part, in the order of the listings.
core::Result<void> write_split(core::ByteSink& sink, std::span<const listing::Listing> listings,
                               const SplitOptions& options);

// key -> part. kInvalidInput with file and line: another header, a part that is neither, an app listed twice.
core::Result<std::map<std::string, Part>> read_split(core::ByteSource& source, const std::string& file_name);

struct SplitListings {
  std::vector<listing::Listing> train;
  std::vector<listing::Listing> test;
};
// kFailedPrecondition when a listing is not in the split: 'starcast split' has to run again.
core::Result<SplitListings> apply_split(std::vector<listing::Listing> listings,
                                        const std::map<std::string, Part>& parts);

// Fold 0 .. folds-1 for each of `count` items: a seeded shuffle dealt out in turn, so the sizes differ by one
// at most.
std::vector<std::size_t> deal_folds(std::size_t count, std::size_t folds, std::uint64_t seed);

}  // namespace starcast::learn
