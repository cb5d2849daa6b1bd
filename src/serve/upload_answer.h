// UploadAnswer: the predictions of an uploaded file, written while they are read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/csv.h"
#include "core/bytes.h"
#include "core/result.h"
#include "serve/prediction_answer.h"
#include "serve/service.h"
#include "serve/upload_rows.h"

namespace starcast::serve {

enum class AnswerFormat { kCsv, kJsonLines };

struct UploadAnswerOptions {
  AnswerFormat format = AnswerFormat::kCsv;
  OnBadRow on_bad_row = OnBadRow::kRefuse;
  AnswerOptions answer;
};

// Reads a file to its end without scoring it; the number of its rows. Errors as UploadRows'; then `place`
// says where.
core::Result<std::size_t> check_upload(core::ByteSource& source, UploadKind kind, OnBadRow on_bad_row,
                                       const model::RowScorer& scorer, Place& place);

// One thread. A line a row, in the file's order, in constant memory; what the file's check let pass goes
// through. CSV has the columns of `starcast predict`: the label, the value ("value_0" and so on of several
// classes), low and high of the interval, answered_as, warnings, and reasons where asked for.
class UploadAnswer final : public core::ByteSource {
 public:
  UploadAnswer(Service service, std::shared_ptr<const Version> version, UploadedFile file,
               const UploadAnswerOptions& options);
  ~UploadAnswer() override;
  core::Result<std::size_t> read(std::span<char> buffer) override;

 private:
  // What is written and not yet handed out.
  class Text final : public core::ByteSink {
   public:
    core::Result<void> write(std::string_view bytes) override;
    std::string bytes{};
  };

  core::Result<void> write_block();
  core::Result<void> write_row(std::size_t index);
  core::Result<void> write_csv(const RowAnswer& answer);
  std::vector<std::string> header() const;

  Service service_;
  std::shared_ptr<const Version> version_;
  UploadedFile file_;
  UploadAnswerOptions options_;
  UploadRows rows_;
  model::RowScores scores_;
  Text text_;
  codec::CsvWriter csv_;
  std::size_t taken_ = 0;  // of text_, handed out
  bool has_header_ = false;
  bool is_done_ = false;
  RequestFigures figures_;
  model::ColumnCounts counts_;
};

}  // namespace starcast::serve
