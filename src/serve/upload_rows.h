// UploadRows: an uploaded file as rows, block by block.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "codec/csv.h"
#include "codec/lines.h"
#include "core/bytes.h"
#include "core/result.h"
#include "serve/api_errors.h"
#include "serve/prediction_rows.h"
#include "serve/upload.h"

namespace starcast::serve {

enum class OnBadRow {
  kRefuse,  // an error, with its line
  kNote,    // answered without a value, by a warning
};

// One thread. Source and scorer outlive it.
class UploadRows {
 public:
  UploadRows(core::ByteSource& source, UploadKind kind, OnBadRow on_bad_row, const model::RowScorer& scorer);

  // Replaces rows() by the next ones, at most `rows_max`; how many there are, 0 at the end. Errors are
  // kInvalidInput and kTooLarge; place() then names line and field.
  core::Result<std::size_t> next(std::size_t rows_max);

  const PredictionRows& rows() const { return rows_; }
  const Place& place() const { return place_; }

 private:
  core::Result<void> read_header();
  core::Result<std::size_t> next_records(std::size_t rows_max);
  core::Result<std::size_t> next_lines(std::size_t rows_max);

  PredictionRows rows_;
  OnBadRow on_bad_row_;
  Place place_;
  std::unique_ptr<codec::CsvReader> csv_;  // one of the two
  std::unique_ptr<codec::LineReader> lines_;
  bool has_header_ = false;
};

}  // namespace starcast::serve
