// From the rows of a raw file to one row an app.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "listing/reader.h"

namespace starcast::listing {

struct CleanReport {
  std::size_t rows = 0;                   // read, without the ragged ones
  std::size_t unnamed = 0;                // no name: dropped
  std::size_t unrated = 0;                // no rating: dropped, never learnt
  std::size_t duplicates = 0;             // another row of the same app was kept
  std::size_t apps = 0;                   // what is left
  std::optional<codec::Date> date_first;  // of last_updated among what is left
  std::optional<codec::Date> date_last;
};

struct CleanListings {
  std::vector<Listing> listings;  // in the order of the file
  std::vector<std::size_t> rows;  // the data row each came from
  CleanReport report;
};

// Drops what cannot be learnt from and keeps, of several rows of one app (key_of), the one with most reviews,
// of equals the first.
CleanListings cleaned(ListingFile file);

// Both reports as one JSON object: reports/data.json.
codec::Json to_json(const ReadReport& read, const CleanReport& clean);

}  // namespace starcast::listing
