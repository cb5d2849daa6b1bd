// A scoring request's body as rows, whatever its content type.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "model/row_scorer.h"

namespace starcast::serve {

struct InvocationOptions {
  bool strict = false;  // see ServiceOptions
  std::size_t rows_max = 0;
};

struct InvocationBody {
  bool is_deprecated = false;  // the form of MLflow 1
};

// Adds the body's rows. Errors as MLflow words them: kUnsupported: the content type, 415 in plain text;
// kInvalidInput: 400 BAD_REQUEST; kFailedPrecondition: the signature is not met, 400 INVALID_PARAMETER_VALUE;
// kTooLarge. After an error the rows are of no use.
core::Result<InvocationBody> read_invocation(std::string_view content_type, std::string_view body,
                                             const model::RowScorer& scorer, const InvocationOptions& options,
                                             model::Rows& rows);

}  // namespace starcast::serve
