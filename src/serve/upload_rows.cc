#include "serve/upload_rows.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "codec/json.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kRecordBytesMax = std::size_t{1} << 20;

}  // namespace

UploadRows::UploadRows(core::ByteSource& source, UploadKind kind, OnBadRow on_bad_row,
                       const model::RowScorer& scorer)
    : rows_(scorer), on_bad_row_(on_bad_row) {
  if (kind == UploadKind::kJsonLines) {
    lines_ = std::make_unique<codec::LineReader>(source);
    return;
  }
  codec::CsvOptions options;
  options.record_bytes_max = kRecordBytesMax;
  csv_ = std::make_unique<codec::CsvReader>(source, options);
}

Result<std::size_t> UploadRows::next(std::size_t rows_max) {
  rows_.clear();
  place_ = {};
  if (lines_ != nullptr) return next_lines(rows_max);
  if (!has_header_) TRY(read_header());
  return next_records(rows_max);
}

Result<void> UploadRows::read_header() {
  codec::CsvRecord record;
  if (TRY(csv_->next(record)) == codec::CsvRead::kEnd)
    return Error(ErrorCode::kInvalidInput, "the file is empty; its first line names the columns");
  place_.line = record.line;
  TRY(rows_.take_header(record.fields), fmt::format("line {}", record.line));
  has_header_ = true;
  return {};
}

Result<std::size_t> UploadRows::next_records(std::size_t rows_max) {
  codec::CsvRecord record;
  while (rows_.size() < rows_max) {
    // The reader's own messages name the line.
    place_.line.reset();
    if (TRY(csv_->next(record)) == codec::CsvRead::kEnd) break;
    place_.line = record.line;
    const Result<void> added = rows_.add_record(record.fields);
    if (!added && on_bad_row_ == OnBadRow::kRefuse)
      return Error(added.error()).with_context(fmt::format("line {}", record.line));
  }
  return rows_.size();
}

Result<std::size_t> UploadRows::next_lines(std::size_t rows_max) {
  while (rows_.size() < rows_max) {
    Result<std::optional<std::string_view>> line = lines_->next();
    place_.line = lines_->line();
    const std::string where = fmt::format("line {}", lines_->line());
    const std::optional<std::string_view> text = TRY(std::move(line), where);
    if (!text) break;
    const Result<codec::Json> listing = codec::parse_json(*text);
    std::size_t before = rows_.size();
    const Result<void> added = listing ? rows_.add(*listing, place_) : Result<void>(Error(listing.error()));
    if (added) continue;
    if (on_bad_row_ == OnBadRow::kRefuse) return Error(added.error()).with_context(where);
    if (rows_.size() == before) {
      rows_.add_broken(added.error().message());
    } else {
      rows_.mark_broken(added.error().message());
    }
    place_ = {};
  }
  return rows_.size();
}

}  // namespace starcast::serve
