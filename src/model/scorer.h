// Scorer: anything that turns rows into predictions. A front end asks for the signature, writes cells into
// rows, and scores them; it knows neither listings nor trees.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/calibration.h"
#include "model/signature.h"

namespace starcast::model {

struct Prediction {
  double value = 0;
  std::vector<Interval> intervals;  // ascending in level, each inside the next; empty for a plain forest
};

// Rows being gathered, cell by cell. A cell that is never set is missing. One thread.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual void add_row() = 0;
  // `column` is an index into the signature's inputs; the cell belongs to the row added last.
  virtual void set_text(std::size_t column, std::string_view text) = 0;
  virtual void set_number(std::size_t column, double number) = 0;
  virtual std::size_t size() const = 0;
  virtual void clear() = 0;
  // What could not be used as it stood in row `index`, as sentences.
  virtual std::vector<std::string> notes(std::size_t index) const = 0;
};

// Thread-compatible: score() from several threads at once is fine, each with its own rows.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual const Signature& signature() const = 0;
  virtual std::unique_ptr<Rows> make_rows() const = 0;
  // One prediction a row. The rows must come from this scorer's make_rows().
  virtual std::vector<Prediction> score(const Rows& rows) const = 0;
};

}  // namespace starcast::model
