// RowScorer: anything that turns rows into predictions, as a server sees it. It asks for the signature,
// writes cells into rows, and scores them; it knows neither listings nor trees. A rating model and a plain
// forest answer behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/numeric.h"
#include "core/result.h"
#include "model/calibration.h"
#include "model/signature.h"
#include "model/whatif_options.h"

namespace starcast::model {

// What a scorer answers for some rows, in flat arrays, so that a server keeps one and refills it.
struct RowScores {
  std::size_t rows = 0;
  std::size_t width = 1;            // values a row: 1, or the classes of a multiclass forest
  std::vector<double> values;       // rows x width, row by row
  std::size_t levels = 0;           // intervals a row, those of RowScorer::levels(); 0: it gives none
  std::vector<Interval> intervals;  // rows x levels, ascending in level, each inside the next
  double encode_seconds = 0;        // of the call, what went into features rather than into scoring
};

// What one input column adds to a prediction.
struct Reason {
  std::string column;  // the signature's
  std::string value;   // as the model sees it; empty when missing
  double share = 0;    // in the prediction's unit
};

// A training row that the row resembles.
struct ComparableRow {
  std::string name;
  std::string category;
  double value = core::kMissing;  // what the row was: the app's rating
  double reviews = core::kMissing;
  double similarity = 0;  // 1: alike in all that is looked at
  double pull = 0;        // part of comparable_share
};

// base + all shares + comparable_share == raw, to 1e-9 of their absolute sum.
struct RowExplanation {
  double value = 0;  // the prediction
  double raw = 0;    // before it was clipped or transformed
  double base = 0;
  std::vector<Reason> reasons;  // the largest first, either way
  double comparable_share = 0;
  std::vector<ComparableRow> comparables;  // the most similar first; a few of those in comparable_share
};

// How often each input column was not what the model knows, by column of the signature.
struct ColumnCounts {
  std::vector<std::uint64_t> missing;
  std::vector<std::uint64_t> out_of_range;  // a number beyond what training saw
  std::vector<std::uint64_t> unseen;        // a text that training never saw
};

// Rows being gathered, cell by cell. A cell that is never set is missing. One thread.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual void add_row() = 0;
  // `column` is an index into the signature's inputs; the cell belongs to the row added last. A number that
  // is NaN is missing. kInvalidInput, without the column's name, for what the column cannot take.
  virtual core::Result<void> set_text(std::size_t column, std::string_view text) = 0;
  virtual core::Result<void> set_number(std::size_t column, double number) = 0;
  // A CSV record of the raw file's kind, by the columns of its header (indexes into the signature's inputs;
  // kNoColumn: none): the default calls add_row and set_text, and refuses records of another length; a scorer
  // may know how a broken one is mended.
  static constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);
  virtual core::Result<void> add_record(const std::vector<std::size_t>& columns,
                                        const std::vector<std::string_view>& cells);
  virtual std::size_t size() const = 0;
  virtual void clear() = 0;
  // What could not be used as it stood in row `index`, as sentences.
  virtual std::vector<std::string> notes(std::size_t index) const = 0;
};

// Thread-compatible: calls from several threads at once are fine, each with its own rows and scores.
class RowScorer {
 public:
  virtual ~RowScorer() = default;

  // What is served, for metadata: "starcast", "lightgbm", "xgboost".
  virtual std::string_view flavor() const = 0;
  virtual const Signature& signature() const = 0;
  // Whether the model was saved with its signature, so that requests are held to it. Without one the columns
  // of signature() are only the model's feature names.
  virtual bool enforces_signature() const = 0;
  virtual std::size_t width() const = 0;
  virtual const std::vector<double>& levels() const = 0;
  // Values are class labels, to be written without a point.
  virtual bool answers_integers() const { return false; }
  // For people and programs: what it was trained on, its learner. An object; may be empty.
  virtual codec::Json about() const = 0;

  // What training held, by column: {"ranges": {"Size": [low, high]}, "texts": {"Type": ["Free", "Paid"]}}.
  // Columns of which nothing is known are not there.
  virtual codec::Json seen() const { return codec::JsonObject{}; }

  virtual std::unique_ptr<Rows> make_rows() const = 0;
  // Scores rows [first, first + count). The rows must come from this scorer's make_rows().
  virtual void score(const Rows& rows, std::size_t first, std::size_t count, RowScores& scores) const = 0;
  // Of a multiclass forest: why `output`. kUnsupported, with the reason, where a model has none.
  virtual core::Result<RowExplanation> explain(const Rows& rows, std::size_t index,
                                               std::size_t output) const = 0;
  // What the prediction would be if the row were changed, as `starcast whatif --json` prints it (see
  // model/whatif.h). kUnsupported where nothing is known of changes that make sense.
  virtual core::Result<codec::Json> what_if(const Rows& /*rows*/, std::size_t /*index*/,
                                            const WhatIfOptions& /*options*/) const {
    return core::Error(core::ErrorCode::kUnsupported, "this model knows of no changes to try");
  }
  // Appends for each row the index of the leaf that it falls into, tree by tree; returns the number of trees.
  // kUnsupported where a prediction is made of more than one forest.
  virtual core::Result<std::size_t> leaves(const Rows& /*rows*/, std::size_t /*first*/, std::size_t /*count*/,
                                           std::vector<std::int64_t>& /*leaves*/) const {
    return core::Error(core::ErrorCode::kUnsupported, "this model gives no leaf indexes");
  }
  // Which question was answered ("launched", "before-launch"); "" where there is only one.
  virtual std::string_view answered_as(const Rows& rows, std::size_t index) const = 0;
  // What a reader of the answer has to be warned of, as sentences: fields out of range, nothing known.
  virtual std::vector<std::string> warnings(const Rows& rows, std::size_t index) const = 0;
  // Adds to `counts`, whose vectors have the signature's length.
  virtual void count_columns(const Rows& rows, std::size_t first, std::size_t count,
                             ColumnCounts& counts) const = 0;
};

}  // namespace starcast::model
