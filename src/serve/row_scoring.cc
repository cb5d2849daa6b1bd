#include "serve/row_scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/parallel.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kPieceRows = 128;
constexpr double kUsualLevel = 0.8;

}  // namespace

Result<void> score_rows(const model::RowScorer& scorer, const model::Rows& rows, std::size_t first,
                        std::size_t count, std::size_t threads, const core::Clock& clock,
                        core::Ticks deadline, model::RowScores& scores) {
  const auto late = [&clock, deadline] { return clock.elapsed() > deadline; };
  const Error too_late(ErrorCode::kDeadlineExceeded, "request processing time exceeded limit");
  if (count <= kPieceRows) {
    if (late()) return too_late;
    scorer.score(rows, first, count, scores);
    return {};
  }
  const std::size_t pieces = (count + kPieceRows - 1) / kPieceRows;
  std::vector<model::RowScores> parts(pieces);
  TRY(core::parallel_for(pieces, std::max<std::size_t>(threads, 1), [&](std::size_t piece) -> Result<void> {
    if (late()) return too_late;
    const std::size_t begin = piece * kPieceRows;
    scorer.score(rows, first + begin, std::min(kPieceRows, count - begin), parts[piece]);
    return {};
  }));
  scores.rows = count;
  scores.width = parts.front().width;
  scores.levels = parts.front().levels;
  scores.encode_seconds = 0;
  scores.values.clear();
  scores.intervals.clear();
  for (const model::RowScores& part : parts) {
    scores.values.insert(scores.values.end(), part.values.begin(), part.values.end());
    scores.intervals.insert(scores.intervals.end(), part.intervals.begin(), part.intervals.end());
    scores.encode_seconds += part.encode_seconds;
  }
  return {};
}

Result<std::size_t> level_index(const model::RowScorer& scorer, std::optional<double> level) {
  const std::vector<double>& levels = scorer.levels();
  if (levels.empty()) {
    if (!level) return kNoLevel;
    return Error(ErrorCode::kInvalidInput, "level: this model gives no intervals");
  }
  const double wanted = level.value_or(kUsualLevel);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (std::abs(levels[i] - wanted) < 1e-9) return i;
  }
  if (!level) return levels.size() - 1;
  return Error(ErrorCode::kInvalidInput,
               fmt::format("level: the model has no intervals at level {}; it has {}", wanted,
                           fmt::join(levels, ", ")));
}

void count_request(const Service& service, const Version& version, std::string_view protocol,
                   const RequestFigures& figures, const model::Rows& rows) {
  service.metrics.count(version, protocol, figures);
  const std::size_t columns = version.model.scorer->signature().inputs.size();
  model::ColumnCounts counts;
  counts.missing.resize(columns);
  counts.out_of_range.resize(columns);
  counts.unseen.resize(columns);
  version.model.scorer->count_columns(rows, 0, rows.size(), counts);
  service.metrics.count(version, counts);
}

}  // namespace starcast::serve
