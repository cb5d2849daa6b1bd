// Reads a file of listings, whichever of the known layouts it has, and reports what was repaired, dropped,
// missing.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/csv.h"
#include "core/bytes.h"
#include "core/result.h"
#include "listing/listing.h"

namespace starcast::listing {

// Recognised by the header's names, in any order; further columns are ignored and named in the report.
enum class Layout {
  kPlayStore2018,  // App, Category, Rating, Reviews, ...: googleplaystore.csv, and our own listings.csv
  kPlayStore2019,  // App Name, ..., Minimum Version, Latest Version: unrounded ratings, dates as 29-Mar-19;
                   // no Type, no Genres; names whose letters were lost ("????") are made missing
  kPlayStore2021,  // App Name, App Id, ..., Scraped Time: an unrated app carries Rating 0
};
std::string_view name_of(Layout layout);

struct RowNote {
  std::size_t line;  // of the file, from 1
  std::string app;   // may be empty
  std::string text;
};

// What happened to a file's rows. A field's cells are counted for the columns that the file has. Counts are
// of all rows; notes are kept up to `notes_max`, in order of the file.
struct ReadReport {
  Layout layout = Layout::kPlayStore2018;
  std::size_t rows = 0;  // data rows
  std::size_t shifted_repaired =
      0;                   // a row without its Category cell, as the 2018 file has one (the category is then
                           // missing), or one whose name was cut at a comma, as the 2019 file has two
  std::size_t ragged = 0;  // another number of cells than the header: the row is dropped
  std::size_t broken_utf8 = 0;      // rows mended with U+FFFD
  std::size_t unrated_as_zero = 0;  // Rating 0 where nobody rated, as the 2021 layout has it: made missing
  std::array<std::size_t, kFieldCount>
      missing{};  // cells that say nothing, and those counted in unrated_as_zero
  std::array<std::size_t, kFieldCount> repaired{};
  std::array<std::size_t, kFieldCount> dropped{};  // cells that made no sense, made missing
  std::vector<std::string> ignored_columns;
  std::vector<RowNote> notes;
  std::size_t notes_dropped = 0;  // beyond notes_max
};

struct ReaderOptions {
  std::string file_name = {};  // for messages: "data/raw/googleplaystore.csv"
  std::size_t notes_max = 200;
  bool rating_required = true;  // false for scoring: a file without the Rating column is fine
};

enum class ListingRead { kListing, kEnd };

// One thread. The source is borrowed. Errors (kInvalidInput, with file and line): empty file, a header that
// is no known layout (the message names the columns that are missing from the nearest one), a binary file, a
// quote that never closes. A ragged row is no error: it is dropped, counted and noted; more than half of the
// rows ragged is an error.
class ListingReader {
 public:
  static core::Result<ListingReader> open(core::ByteSource& source, ReaderOptions options);
  ~ListingReader();
  ListingReader(ListingReader&&) noexcept;
  ListingReader& operator=(ListingReader&&) noexcept;

  core::Result<ListingRead> next(Listing& listing);

  std::size_t line() const;  // of the listing handed out last
  std::size_t row() const;   // its data row, from 0, ragged rows counted
  std::size_t bytes_read() const;
  const ReadReport& report() const;

 private:
  struct State;
  explicit ListingReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writes listings in the 2018 layout, header first, LF line ends, so that ListingReader reads back the same
// values.
class ListingWriter {
 public:
  explicit ListingWriter(core::ByteSink& sink);
  core::Result<void> write(const Listing& listing);
  core::Result<void> flush();  // also writes the header of an empty file

 private:
  core::Result<void> write_header();

  codec::CsvWriter csv_;
  bool header_written_ = false;
};

// A whole file in memory.
struct ListingFile {
  std::vector<Listing> listings;
  std::vector<std::size_t> rows;  // listings[i] was data row rows[i] of the file
  ReadReport report;
};
core::Result<ListingFile> read_listings(core::ByteSource& source, ReaderOptions options);

}  // namespace starcast::listing
