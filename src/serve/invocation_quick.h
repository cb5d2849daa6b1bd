// The fast way from a scoring request's JSON to rows: the usual shapes in one pass, cell by cell, without a
// value made. Whatever is unusual is left to invocation_frame.h, which also knows what is wrong.
#pragma once

#include <cstddef>
#include <string_view>

#include "model/row_scorer.h"

namespace starcast::serve {

enum class QuickRead {
  kDone,  // the rows are those that write_rows(frame_of(body)) writes
  kLeft,  // not for this way; some rows may have been added
};
QuickRead read_quickly(std::string_view body, const model::RowScorer& scorer, std::size_t rows_max,
                       model::Rows& rows);

}  // namespace starcast::serve
