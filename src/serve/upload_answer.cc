#include "serve/upload_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "codec/utf8.h"

namespace starcast::serve {

using core::Result;

namespace {

constexpr std::string_view kProtocol = "v1-file";
constexpr std::size_t kBlockRows = 512;  // a thread
constexpr std::size_t kShownReasons = 3;
constexpr core::Ticks kNoDeadline = core::Ticks::max();  // the server's own limits hold

std::string number_text(const Version& version, double value) {
  if (version.model.scorer->answers_integers()) return fmt::format("{:.0f}", value);
  return std::isnan(value) ? std::string() : codec::to_shortest(value);
}

std::string reasons_text(const model::RowExplanation& explanation) {
  std::string text;
  for (std::size_t i = 0; i < explanation.reasons.size() && i < kShownReasons; ++i) {
    if (!text.empty()) text += "; ";
    text += sentence_of(explanation.reasons[i]);
  }
  if (const std::string comparables = sentence_of_comparables(explanation); !comparables.empty()) {
    if (!text.empty()) text += "; ";
    text += comparables;
  }
  return text;
}

}  // namespace

Result<void> UploadAnswer::Text::write(std::string_view written) {
  bytes += written;
  return {};
}

Result<std::size_t> check_upload(core::ByteSource& source, UploadKind kind, OnBadRow on_bad_row,
                                 const model::RowScorer& scorer, Place& place) {
  UploadRows rows(source, kind, on_bad_row, scorer);
  std::size_t total = 0;
  while (true) {
    const Result<std::size_t> read = rows.next(kBlockRows);
    if (!read) {
      place = rows.place();
      return read.error();
    }
    if (*read == 0) return total;
    total += *read;
  }
}

UploadAnswer::UploadAnswer(Service service, std::shared_ptr<const Version> version, UploadedFile file,
                           const UploadAnswerOptions& options)
    : service_(std::move(service)),
      version_(std::move(version)),
      file_(std::move(file)),
      options_(options),
      rows_(*file_.answered, file_.kind, options.on_bad_row, *version_->model.scorer),
      csv_(text_) {
  const std::size_t columns = version_->model.scorer->signature().inputs.size();
  counts_.missing.resize(columns);
  counts_.out_of_range.resize(columns);
  counts_.unseen.resize(columns);
}

UploadAnswer::~UploadAnswer() = default;

Result<std::size_t> UploadAnswer::read(std::span<char> buffer) {
  while (taken_ == text_.bytes.size() && !is_done_) {
    text_.bytes.clear();
    taken_ = 0;
    TRY(write_block());
  }
  const std::size_t count = std::min(buffer.size(), text_.bytes.size() - taken_);
  std::copy_n(text_.bytes.data() + taken_, count, buffer.data());
  taken_ += count;
  return count;
}

Result<void> UploadAnswer::write_block() {
  if (!has_header_ && options_.format == AnswerFormat::kCsv) {
    const std::vector<std::string> names = header();
    TRY(csv_.write({names.begin(), names.end()}));
  }
  has_header_ = true;
  const model::RowScorer& scorer = *version_->model.scorer;
  const std::size_t threads = std::max<std::size_t>(service_.options.threads, 1);
  const core::Ticks start = service_.clock.elapsed();
  const std::size_t count = TRY(rows_.next(kBlockRows * threads));
  const core::Ticks decoded = service_.clock.elapsed();
  if (count == 0) {
    is_done_ = true;
    service_.metrics.count(*version_, kProtocol, figures_);
    service_.metrics.count(*version_, counts_);
    return csv_.flush();
  }
  TRY(score_rows(scorer, rows_.rows().rows(), 0, count, threads, service_.clock, kNoDeadline, scores_));
  const core::Ticks scored = service_.clock.elapsed();
  for (std::size_t i = 0; i < count; ++i) TRY(write_row(i));
  TRY(csv_.flush());
  scorer.count_columns(rows_.rows().rows(), 0, count, counts_);
  const core::Ticks written = service_.clock.elapsed();
  figures_.rows += count;
  figures_.seconds[0] += core::seconds_between(start, decoded);
  figures_.seconds[1] += scores_.encode_seconds;
  figures_.seconds[2] += std::max(0.0, core::seconds_between(decoded, scored) - scores_.encode_seconds);
  figures_.seconds[3] += core::seconds_between(scored, written);
  return {};
}

Result<void> UploadAnswer::write_row(std::size_t index) {
  const RowAnswer answer = TRY(answer_of(*version_, rows_.rows(), index, scores_, index, options_.answer));
  if (options_.format == AnswerFormat::kCsv) return write_csv(answer);
  text_.bytes += codec::to_text(to_json(answer, *version_, rows_.rows()), codec::JsonStyle::kCompact);
  text_.bytes += '\n';
  return {};
}

std::vector<std::string> UploadAnswer::header() const {
  const model::RowScorer& scorer = *version_->model.scorer;
  std::vector<std::string> names;
  if (!rows_.rows().label_column().empty()) names.push_back(rows_.rows().label_column());
  if (scorer.width() == 1) {
    names.emplace_back(value_name(scorer));
  } else {
    for (std::size_t i = 0; i < scorer.width(); ++i)
      names.push_back(fmt::format("{}_{}", value_name(scorer), i));
  }
  if (options_.answer.level != kNoLevel) names.insert(names.end(), {"low", "high"});
  names.insert(names.end(), {"answered_as", "warnings"});
  if (options_.answer.reasons) names.emplace_back("reasons");
  return names;
}

Result<void> UploadAnswer::write_csv(const RowAnswer& answer) {
  std::vector<std::string> cells;
  if (!rows_.rows().label_column().empty()) cells.push_back(codec::mended_utf8(answer.label));
  for (std::size_t i = 0; i < version_->model.scorer->width(); ++i)
    cells.push_back(answer.values.empty() ? std::string() : number_text(*version_, answer.values[i]));
  if (options_.answer.level != kNoLevel) {
    cells.push_back(answer.interval ? codec::to_shortest(answer.interval->low) : std::string());
    cells.push_back(answer.interval ? codec::to_shortest(answer.interval->high) : std::string());
  }
  cells.push_back(answer.answered_as);
  cells.push_back(codec::mended_utf8(fmt::format("{}", fmt::join(answer.warnings, "; "))));
  if (options_.answer.reasons) cells.push_back(answer.explanation ? reasons_text(*answer.explanation) : "");
  return csv_.write({cells.begin(), cells.end()});
}

}  // namespace starcast::serve
