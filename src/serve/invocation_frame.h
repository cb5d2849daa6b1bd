// Frame: the table that an MLflow scoring request describes, and how it is held to the model's signature,
// with MLflow's rules and texts (mlflow.md 10). The careful way: see invocation_quick.h for the fast one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "model/row_scorer.h"

namespace starcast::serve {

// A column's label: a name, or its place where the request gives no names.
struct Label {
  std::string text;
  bool is_number = false;
};

// Cells are borrowed from the request's JSON; null stands for a cell that is not there.
struct Frame {
  enum class Kind {
    kTable,   // dataframe_split, dataframe_records: the cells of a column become its type first
    kArrays,  // instances, inputs: by name
    kMatrix,  // instances, inputs: one array, without names
  };
  Kind kind = Kind::kTable;
  std::vector<Label> labels;
  std::vector<std::vector<const codec::Json*>> columns;  // by label, then by row
  std::size_t rows = 0;
  std::vector<std::size_t> shape;  // kMatrix: of the array, (rows) or (rows, columns)
  bool is_complete = false;        // instances: a required column has to have every cell
};

// The frame under the one of `dataframe_split`, `dataframe_records`, `instances`, `inputs` that `body` has.
// `signature` says whether a plain list is the only column. Errors are kInvalidInput with MLflow's text,
// which it answers as 400 BAD_REQUEST; kTooLarge: more than `rows_max` rows.
core::Result<Frame> frame_of(const codec::Json& body, const model::RowScorer& scorer, std::size_t rows_max);
// The frame of {"columns": ..., "data": ..., "index": ...}.
core::Result<Frame> split_frame(const codec::Json& split, std::size_t rows_max);

// Writes the frame's cells into `rows`. kInvalidInput as above; kFailedPrecondition: the signature is not
// met, which MLflow answers as 400 INVALID_PARAMETER_VALUE.
core::Result<void> write_rows(const Frame& frame, const model::RowScorer& scorer, model::Rows& rows);

// MLflow's texts, of which parts come back in several places.
std::string required_format();
std::string protocol_change();
std::string signature_text(const model::Signature& signature);
core::Error unexpected_error(const std::string& reason);
// The error of an input column that is not as the signature says; `rows` and `columns` are the data's.
core::Error schema_error(const model::RowScorer& scorer, std::size_t rows, std::size_t columns,
                         const std::string& reason);

}  // namespace starcast::serve
