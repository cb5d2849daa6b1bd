// data fetch: brings the declared raw file into the workspace, from wherever it can be had.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/workspace.h"
#include "core/result.h"

namespace starcast::app {

enum class Accept {
  kDeclared,  // only the file that data/raw/*.csv.dvc declares by its md5
  kAny,       // declare the file that was given instead
};

struct DataFetchOptions {
  std::string root = ".";  // the workspace
  std::string from;        // a file, a folder or a URL; empty: STARCAST_RAW, then the search path
  Accept accept = Accept::kDeclared;
  bool terminal = false;  // curl may draw its progress bar
};

struct DataFetchReport {
  std::string path;    // "data/raw/googleplaystore.csv"
  std::string source;  // where it came from; empty: it was there already
  std::string md5;
  bool carriage_returns_restored = false;
};

// Looks, in this order: what is in place; `from`, or STARCAST_RAW; data/external and ../shared/data; DVC's
// cache; Kaggle's public download by curl and unzip (with KAGGLE_USERNAME and KAGGLE_KEY, or the token file
// of Kaggle's own client, when there is one). What is found has to match the md5 that
// data/raw/googleplaystore.csv.dvc declares; a copy whose lines end in LF is given its CRs back. The file is
// placed atomically and put into DVC's cache. A download is resumed where it broke off. Errors: kUnavailable
// when nothing can be reached (the message lists every place that was tried and why not), kCorrupt for a
// `from` of another md5, kUnauthenticated when the server asks for a token, kNotFound without the .dvc file,
// kFailedPrecondition when another file lies there already or this is no workspace.
core::Result<DataFetchReport> fetch_data(const DataFetchOptions& options, const Context& context);

}  // namespace starcast::app
