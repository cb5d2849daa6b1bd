// PredictionRows: listings of a request, with what is to be said of them.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "model/row_scorer.h"
#include "serve/api_errors.h"

namespace starcast::serve {

// One thread. The scorer outlives it.
class PredictionRows {
 public:
  explicit PredictionRows(const model::RowScorer& scorer);

  // A row from a JSON object: texts and numbers as they are; null and absent are missing; fields that the
  // model does not know are left out and named in the row's warnings. kInvalidInput: no object, or a value
  // that a column cannot take; then `place` names the field.
  core::Result<void> add(const codec::Json& listing, Place& place);
  // The columns of a CSV file by its header; those that the model does not know are kNoColumn. kInvalidInput
  // when it knows none of them or a name stands there twice.
  core::Result<void> take_header(const std::vector<std::string_view>& names);
  // A row from a record of that file.
  core::Result<void> add_record(const std::vector<std::string_view>& cells);
  // A row of which nothing could be read: it is answered by nothing but the warning.
  void add_broken(std::string warning);
  // Makes the row added last such a row.
  void mark_broken(std::string warning);

  void clear();
  std::size_t size() const { return labels_.size(); }
  const model::Rows& rows() const { return *rows_; }
  bool is_broken(std::size_t index) const { return broken_[index] != 0; }
  // What identifies the row to its reader: the text of the first column, if it is no number; else "".
  const std::string& label(std::size_t index) const { return labels_[index]; }
  // That column's name, or "".
  const std::string& label_column() const { return label_column_; }
  // All that the row's reader has to be warned of.
  std::vector<std::string> warnings(std::size_t index) const;
  // Names in the header that the model does not know.
  const std::vector<std::string>& ignored_columns() const { return ignored_columns_; }

 private:
  core::Result<void> set(std::size_t column, const codec::Json& value);
  std::string unknown_field(std::string_view name) const;
  void begin_row();

  const model::RowScorer& scorer_;
  std::unique_ptr<model::Rows> rows_;
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::string label_column_;
  std::vector<std::string> labels_;
  std::vector<std::vector<std::string>> own_warnings_;
  std::vector<char> broken_;
  std::vector<std::size_t> header_;
  std::vector<std::string> ignored_columns_;
};

}  // namespace starcast::serve
