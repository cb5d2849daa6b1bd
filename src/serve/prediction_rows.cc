#include "serve/prediction_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::serve {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kShownBytesMax = 60;
constexpr std::size_t kLikeMax = 2;  // edits between what was written and what was meant

// For messages: no longer than people read.
std::string shown(std::string_view name) {
  std::vector<char32_t> points = codec::code_points(name);
  if (points.size() <= kShownBytesMax) return codec::from_code_points(points);
  points.resize(kShownBytesMax);
  return codec::from_code_points(points) + "...";
}

// "content_rating" and "Content Rating" are alike.
std::string plain(std::string_view name) {
  std::string letters;
  for (const char c : core::ascii_lower(name)) {
    if (c != ' ' && c != '_' && c != '-') letters.push_back(c);
  }
  return letters;
}

}  // namespace

PredictionRows::PredictionRows(const model::RowScorer& scorer) : scorer_(scorer), rows_(scorer.make_rows()) {
  const std::vector<model::Column>& inputs = scorer.signature().inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    columns_.emplace(inputs[i].name.empty() ? std::to_string(i) : inputs[i].name, i);
  if (!inputs.empty() && !model::is_number(inputs.front().type)) label_column_ = inputs.front().name;
}

std::string PredictionRows::unknown_field(std::string_view name) const {
  std::string_view like;
  std::size_t least = kLikeMax + 1;
  for (const auto& [known, column] : columns_) {
    const std::size_t distance = core::edit_distance(plain(known), plain(name));
    if (distance < std::min(least, known.size())) {
      least = distance;
      like = known;
    }
  }
  if (like.empty()) return fmt::format("unknown field '{}' was left out", shown(name));
  return fmt::format("unknown field '{}' was left out; is '{}' meant?", shown(name), like);
}

void PredictionRows::begin_row() {
  labels_.emplace_back();
  own_warnings_.emplace_back();
  broken_.push_back(0);
}

Result<void> PredictionRows::set(std::size_t column, const Json& value) {
  if (value.is_null()) return {};
  if (const std::string* const text = std::get_if<std::string>(&value.value())) {
    if (column == 0 && !label_column_.empty()) labels_.back() = *text;
    return rows_->set_text(column, *text);
  }
  if (const bool* const flag = std::get_if<bool>(&value.value())) {
    if (scorer_.signature().inputs[column].type == model::ColumnType::kBoolean)
      return rows_->set_number(column, *flag ? 1 : 0);
    return Error(ErrorCode::kInvalidInput, fmt::format("a text or a number is needed, not {}", *flag));
  }
  if (value.is_array() || value.is_object())
    return Error(ErrorCode::kInvalidInput, "a text or a number is needed, not a list or an object");
  const double number = TRY(value.as_double());
  if (column == 0 && !label_column_.empty())
    labels_.back() = codec::to_text(value, codec::JsonStyle::kCompact);
  return rows_->set_number(column, number);
}

Result<void> PredictionRows::add(const Json& listing, Place& place) {
  const auto* const members = std::get_if<codec::JsonObject>(&listing.value());
  if (members == nullptr) return Error(ErrorCode::kInvalidInput, "a listing is an object of its fields");
  begin_row();
  rows_->add_row();
  for (const codec::JsonMember& member : *members) {
    const auto column = columns_.find(member.first);
    if (column == columns_.end()) {
      own_warnings_.back().push_back(unknown_field(member.first));
      continue;
    }
    if (const Result<void> is_set = set(column->second, member.second); !is_set) {
      place.field = member.first;
      return Error(is_set.error()).with_context(fmt::format("field '{}'", member.first));
    }
  }
  return {};
}

Result<void> PredictionRows::take_header(const std::vector<std::string_view>& names) {
  header_.clear();
  bool is_known = false;
  for (const std::string_view name : names) {
    const auto column = columns_.find(core::trimmed(name));
    if (column == columns_.end()) {
      header_.push_back(model::Rows::kNoColumn);
      ignored_columns_.push_back(shown(name));
      continue;
    }
    if (std::find(header_.begin(), header_.end(), column->second) != header_.end())
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("column '{}' stands in the header twice", column->first));
    header_.push_back(column->second);
    is_known = true;
  }
  if (is_known) return {};
  std::vector<std::string> known;
  for (const model::Column& column : scorer_.signature().inputs) known.push_back(column.name);
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("no column of the header is one of the model's; these are {}", fmt::join(known, ", ")));
}

Result<void> PredictionRows::add_record(const std::vector<std::string_view>& cells) {
  const std::size_t before = rows_->size();
  if (const Result<void> added = rows_->add_record(header_, cells); !added) {
    // Half a row may be there: it is completed, so that a caller who goes on keeps his count.
    if (rows_->size() == before) rows_->add_row();
    begin_row();
    mark_broken(added.error().message());
    return added.error();
  }
  begin_row();
  if (label_column_.empty()) return {};
  for (std::size_t i = 0; i < cells.size() && i < header_.size(); ++i) {
    if (header_[i] == 0) labels_.back() = cells[i];
  }
  return {};
}

void PredictionRows::add_broken(std::string warning) {
  rows_->add_row();
  begin_row();
  mark_broken(std::move(warning));
}

void PredictionRows::mark_broken(std::string warning) {
  broken_.back() = 1;
  own_warnings_.back().assign(1, std::move(warning));
}

void PredictionRows::clear() {
  rows_->clear();
  labels_.clear();
  own_warnings_.clear();
  broken_.clear();
}

std::vector<std::string> PredictionRows::warnings(std::size_t index) const {
  std::vector<std::string> all = own_warnings_[index];
  if (is_broken(index)) return all;
  for (std::string& note : rows_->notes(index)) all.push_back(std::move(note));
  for (std::string& warning : scorer_.warnings(*rows_, index)) all.push_back(std::move(warning));
  return all;
}

}  // namespace starcast::serve
