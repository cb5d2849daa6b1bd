// Scoring many rows, in pieces over some threads and within a time.
#pragma once

#include <chrono>
#include <cstddef>

#include "core/clock.h"
#include "core/result.h"
#include "model/row_scorer.h"
#include "serve/service.h"

namespace starcast::serve {

// Rows [first, first + count) into `scores`, the same numbers as one call of RowScorer::score gives, on as
// many threads as the options allow. kDeadlineExceeded once `deadline` is past, looked at between pieces;
// `clock` and `deadline` are elapsed().
core::Result<void> score_rows(const model::RowScorer& scorer, const model::Rows& rows, std::size_t first,
                              std::size_t count, std::size_t threads, const core::Clock& clock,
                              core::Ticks deadline, model::RowScores& scores);

// The scorer's level that was asked for, as its index; of nothing asked 0.8, or the scorer's highest.
// kInvalidInput when it has none such. npos where the model gives no intervals and none was asked for.
inline constexpr std::size_t kNoLevel = static_cast<std::size_t>(-1);
core::Result<std::size_t> level_index(const model::RowScorer& scorer, std::optional<double> level);

// Counts a request that was answered: its figures and how its cells were.
void count_request(const Service& service, const Version& version, std::string_view protocol,
                   const RequestFigures& figures, const model::Rows& rows);

}  // namespace starcast::serve
