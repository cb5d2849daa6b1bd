// split: which apps train and which test.
#pragma once

#include <string>

#include "app/workspace.h"
#include "core/result.h"
#include "learn/split.h"

namespace starcast::app {

struct SplitOptions {
  std::string listings = kListingsFile;
  std::string out = kSplitFile;
  std::string params = kParamsFile;
};

struct SplitReport {
  std::size_t train = 0;
  std::size_t test = 0;
};

// kNotFound: no listings, with the command that makes them; kInvalidInput: one of the parts would be empty.
core::Result<SplitReport> split(const SplitOptions& options, const Context& context);

// Reads the two files and takes them apart: for train and evaluate.
core::Result<learn::SplitListings> load_split_listings(const std::string& listings, const std::string& split,
                                                       const Context& context);

// The listings of a file that prepare wrote.
core::Result<std::vector<listing::Listing>> load_listings(const std::string& path, const Context& context);

}  // namespace starcast::app
