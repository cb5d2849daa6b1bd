// prepare: the raw file becomes one row an app, in the layout that every later step reads.
#pragma once

#include <string>

#include "app/workspace.h"
#include "core/result.h"
#include "listing/clean.h"

namespace starcast::app {

struct PrepareOptions {
  std::string raw = kRawFile;
  std::string out = kListingsFile;
  std::string report = kDataReportFile;
};

struct PrepareReport {
  listing::ReadReport read;
  listing::CleanReport clean;
};

// Writes `out` and `report`, both or neither. kNotFound: no raw file, with the command that fetches it;
// kInvalidInput: no rated app in it.
core::Result<PrepareReport> prepare(const PrepareOptions& options, const Context& context);

}  // namespace starcast::app
