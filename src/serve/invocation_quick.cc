#include "serve/invocation_quick.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "codec/json_scan.h"
#include "core/numeric.h"

namespace starcast::serve {

using codec::JsonScanner;
using codec::ScannedNumber;
using model::Column;
using model::ColumnType;
using model::Rows;
using model::RowScorer;

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
using Kind = JsonScanner::Kind;

// Each step says whether it went as usual.
class Reader {
 public:
  Reader(std::string_view body, const RowScorer& scorer, std::size_t rows_max, Rows& rows)
      : json_(body),
        scorer_(scorer),
        signature_(scorer.signature()),
        columns_(signature_.inputs),
        rows_(rows),
        rows_max_(rows_max) {
    for (const Column& column : columns_) required_ += column.required ? 1U : 0U;
    const bool is_tensor = !signature_.input_tensors.empty();
    by_place_ = is_tensor || (!columns_.empty() && columns_.front().name.empty());
    if (!scorer.enforces_signature()) by_place_ = scorer.flavor() == "lightgbm";
    is_usual_ = !columns_.empty() && (!is_tensor || signature_.input_tensors.front().dtype == "float64");
  }

  bool read() {
    if (!is_usual_ || !json_.open_object()) return false;
    bool has_form = false;
    while (true) {
      bool more = false;
      std::string_view name;
      if (!json_.next_member(more, name)) return false;
      if (!more) break;
      if (name == "params") {
        if (signature_.has_parameters || !json_.null()) return false;
        continue;
      }
      if (has_form) return false;
      has_form = true;
      if (!read_form(name)) return false;
    }
    return has_form && json_.end() && rows_.size() > 0;
  }

 private:
  bool read_form(std::string_view name) {
    if (name == "dataframe_split") return read_split();
    if (name == "dataframe_records") return read_records();
    if (name != "instances" && name != "inputs") return false;
    if (!json_.open_array()) return false;
    bool more = false;
    if (!json_.next_item(more) || !more) return false;
    if (json_.peek() == Kind::kObject) return !by_place_ && read_items_of_records();
    if (json_.peek() != Kind::kArray) return false;
    const bool takes_matrix = by_place_ || !scorer_.enforces_signature();
    if (!takes_matrix) return false;
    places_.resize(columns_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) places_[i] = i;
    return read_items_of_lists();
  }

  bool read_split() {
    if (!json_.open_object()) return false;
    bool has_columns = false;
    bool has_data = false;
    std::size_t index_size = kNone;
    while (true) {
      bool more = false;
      std::string_view name;
      if (!json_.next_member(more, name)) return false;
      if (!more) break;
      if (name == "columns" && !has_columns) {
        has_columns = true;
        if (!read_names()) return false;
      } else if (name == "data" && has_columns && !has_data) {
        has_data = true;
        if (!json_.open_array() || !json_.next_item(more) || !more || !read_items_of_lists()) return false;
      } else if (name == "index" && index_size == kNone) {
        if (!read_index(index_size)) return false;
      } else {
        return false;
      }
    }
    return has_data && (index_size == kNone || index_size == rows_.size());
  }

  // Which column of the signature each name is.
  bool read_names() {
    if (!json_.open_array()) return false;
    std::vector<bool> seen(columns_.size());
    std::size_t required = 0;
    while (true) {
      bool more = false;
      if (!json_.next_item(more)) return false;
      if (!more) break;
      std::string_view name;
      if (!json_.text(name)) return false;
      if (by_place_) {
        places_.push_back(places_.size());
        continue;
      }
      // Names mostly come in the signature's order.
      const std::size_t place = place_of(name, places_.size());
      places_.push_back(place);
      if (place == kNone) continue;
      if (seen[place]) return false;
      seen[place] = true;
      known_ += 1;
      required += columns_[place].required ? 1U : 0U;
    }
    if (by_place_) return places_.size() == columns_.size();
    if (!scorer_.enforces_signature() && places_.size() != columns_.size()) return false;
    return required == required_ && known_ > 0;
  }

  std::size_t place_of(std::string_view name, std::size_t guess) const {
    if (guess < columns_.size() && columns_[guess].name == name) return guess;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name == name) return i;
    }
    return kNone;
  }

  bool read_index(std::size_t& size) {
    if (!json_.open_array()) return false;
    size = 0;
    while (true) {
      bool more = false;
      if (!json_.next_item(more)) return false;
      if (!more) return true;
      if (!json_.skip()) return false;
      ++size;
    }
  }

  // Behind the array's start and its first comma: rows of cells, in the order of places_.
  bool read_items_of_lists() {
    while (true) {
      if (rows_.size() >= rows_max_ || !json_.open_array()) return false;
      rows_.add_row();
      bool more = false;
      for (const std::size_t place : places_) {
        if (!json_.next_item(more) || !more) return false;
        if (place == kNone ? !json_.skip() : !read_cell(place)) return false;
      }
      if (!json_.next_item(more) || more) return false;
      if (!json_.next_item(more)) return false;
      if (!more) return true;
    }
  }

  bool read_records() {
    bool more = false;
    return !by_place_ && json_.open_array() && json_.next_item(more) && more && read_items_of_records();
  }

  bool read_items_of_records() {
    std::vector<std::size_t> row_of_column(columns_.size(), 0);
    while (true) {
      if (rows_.size() >= rows_max_ || !json_.open_object()) return false;
      rows_.add_row();
      std::size_t required = 0;
      std::size_t guess = 0;
      bool more = false;
      while (true) {
        std::string_view name;
        if (!json_.next_member(more, name)) return false;
        if (!more) break;
        const std::size_t place = place_of(name, guess);
        if (place == kNone || row_of_column[place] == rows_.size()) return false;
        row_of_column[place] = rows_.size();
        required += columns_[place].required ? 1U : 0U;
        guess = place + 1;
        if (!read_cell(place)) return false;
      }
      if (required != required_ || guess == 0) return false;
      if (!json_.next_item(more)) return false;
      if (!more) return true;
    }
  }

  bool read_cell(std::size_t column) {
    const ColumnType type = columns_[column].type;
    switch (json_.peek()) {
      case Kind::kNumber: {
        ScannedNumber number;
        return json_.number(number) && takes(type, number) &&
               rows_.set_number(column, number.value).has_value();
      }
      case Kind::kNull:
        return (type == ColumnType::kDouble || type == ColumnType::kFloat || type == ColumnType::kAny) &&
               json_.null();
      case Kind::kText: {
        std::string_view text;
        return type == ColumnType::kAny && scorer_.flavor() == "starcast" && json_.text(text) &&
               rows_.set_text(column, text).has_value();
      }
      case Kind::kTrue:
      case Kind::kFalse: {
        bool flag = false;
        return type == ColumnType::kBoolean && json_.boolean(flag) &&
               rows_.set_number(column, flag ? 1 : 0).has_value();
      }
      case Kind::kObject:
      case Kind::kArray:
      case Kind::kOther:
        return false;
    }
    return false;
  }

  static bool takes(ColumnType type, const ScannedNumber& number) {
    constexpr double kIntegerMax = 2147483647;
    constexpr double kPlainMax = 1e15;
    switch (type) {
      case ColumnType::kDouble:
      case ColumnType::kFloat:
        return true;
      case ColumnType::kLong:
        return number.is_integer && std::abs(number.value) < kPlainMax;
      case ColumnType::kInteger:
        return number.is_integer && std::abs(number.value) <= kIntegerMax;
      case ColumnType::kAny:
        return std::abs(number.value) < kPlainMax;  // and no NaN
      case ColumnType::kBoolean:
      case ColumnType::kString:
      case ColumnType::kBinary:
      case ColumnType::kDatetime:
        return false;
    }
    return false;
  }

  JsonScanner json_;
  const RowScorer& scorer_;
  const model::Signature& signature_;
  const std::vector<Column>& columns_;
  Rows& rows_;
  std::size_t rows_max_;
  std::size_t required_ = 0;
  std::size_t known_ = 0;
  bool by_place_ = false;
  bool is_usual_ = false;
  std::vector<std::size_t> places_;  // of the cells of a list: the signature's column, kNone for another
};

}  // namespace

QuickRead read_quickly(std::string_view body, const RowScorer& scorer, std::size_t rows_max, Rows& rows) {
  return Reader(body, scorer, rows_max, rows).read() ? QuickRead::kDone : QuickRead::kLeft;
}

}  // namespace starcast::serve
