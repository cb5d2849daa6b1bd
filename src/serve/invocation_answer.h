// What /invocations answers: {"predictions": ...} as MLflow's server writes what pyfunc returns.
#pragma once

#include <string>

#include "core/error.h"
#include "http/message.h"
#include "model/row_scorer.h"

namespace starcast::serve {

// A list of numbers; of several values a row a list of lists; of a model with intervals a list of
// {"rating": ..., "low": ..., "high": ...}, the names those of the signature's outputs and the interval the
// one of `level`, an index into RowScorer::levels(). Numbers as Python's json writes them, but for NaN and
// infinities, which are null.
std::string predictions_text(const model::RowScorer& scorer, const model::RowScores& scores,
                             std::size_t level);

// MLflow's answer to an error of read_invocation or of scoring.
http::Response invocation_error(const core::Error& error);

}  // namespace starcast::serve
