#include "serve/invocation_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "codec/number.h"
#include "core/numeric.h"
#include "core/strings.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using model::Column;
using model::ColumnType;
using model::RowScorer;
using model::Signature;

namespace {

constexpr std::size_t kShownBytes = 100;

Error invalid(std::string_view message) {
  return Error(ErrorCode::kInvalidInput, fmt::format("Invalid input. {}", message));
}

Error too_many_rows(std::size_t rows_max) {
  return Error(ErrorCode::kTooLarge,
               fmt::format("more than {} rows in one request; send them in parts", rows_max));
}

const JsonArray* array_in(const Json& json) {
  return std::get_if<JsonArray>(&json.value());
}
const JsonObject* object_in(const Json& json) {
  return std::get_if<JsonObject>(&json.value());
}
bool is_scalar(const Json& json) {
  return !json.is_array() && !json.is_object();
}

std::string_view python_type(const Json& json) {
  if (json.is_null()) return "NoneType";
  if (json.is_array()) return "list";
  if (json.is_object()) return "dict";
  if (json.is_string()) return "str";
  if (std::holds_alternative<bool>(json.value())) return "bool";
  return std::holds_alternative<double>(json.value()) ? "float" : "int";
}

// As Python prints a text inside of a list.
std::string quoted(std::string_view text) {
  std::string shown(text.substr(0, kShownBytes));
  const char quote =
      shown.find('\'') != std::string::npos && shown.find('"') == std::string::npos ? '"' : '\'';
  std::string result(1, quote);
  for (const char byte : shown) {
    if (byte == quote || byte == '\\') result += '\\';
    result += byte;
  }
  return result + quote;
}

std::string text_of(const std::vector<Label>& labels) {
  std::vector<std::string> texts;
  for (const Label& label : labels) texts.push_back(label.is_number ? label.text : quoted(label.text));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::vector<Label> places(std::size_t count) {
  std::vector<Label> labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back({fmt::format("{}", i), true});
  return labels;
}

Label label_of(const Json& json) {
  if (json.is_string()) return {json.as_string().value(), false};
  return {codec::to_text(json, codec::JsonStyle::kPythonSorted), true};
}

// --- the four forms --------------------------------------------------------------------------------------

// Rows of cells, or single cells, by position. `width`: of the labels that the request gives, else nothing.
Result<Frame> frame_of_lists(const JsonArray& data, std::optional<std::size_t> width, std::string_view form,
                             std::string_view orient) {
  const auto broken = [&](const std::string& why) {
    return invalid(
        fmt::format("Provided {} field is not a valid dataframe representation in '{}' format. Error: '{}'",
                    form, orient, why));
  };
  Frame frame;
  frame.rows = data.size();
  std::size_t cells_max = width && data.empty() ? *width : 0;
  for (std::size_t row = 0; row < data.size(); ++row) {
    const JsonArray* const cells = array_in(data[row]);
    if (cells == nullptr && !is_scalar(data[row]))
      return broken(fmt::format("row {} is no list of cells", row));
    if ((cells == nullptr) != (array_in(data[0]) == nullptr))
      return broken(fmt::format("row {} is a {}, the rows before it are not", row, python_type(data[row])));
    cells_max = std::max(cells_max, cells == nullptr ? 1 : cells->size());
  }
  if (width && *width != cells_max)
    return broken(fmt::format("{} columns passed, passed data had {} columns", *width, cells_max));
  frame.labels = places(cells_max);
  frame.columns.resize(cells_max);
  for (std::vector<const Json*>& column : frame.columns) column.reserve(data.size());
  for (const Json& row : data) {
    const JsonArray* const cells = array_in(row);
    for (std::size_t i = 0; i < cells_max; ++i) {
      if (cells == nullptr) {
        frame.columns[i].push_back(&row);
      } else {
        frame.columns[i].push_back(i < cells->size() ? &(*cells)[i] : nullptr);
      }
    }
  }
  return frame;
}

// Records: columns in the order in which they first appear.
Frame frame_of_records(const JsonArray& records) {
  Frame frame;
  std::map<std::string, std::size_t, std::less<>> place_of;
  frame.rows = records.size();
  for (std::size_t row = 0; row < records.size(); ++row) {
    for (const JsonMember& member : *object_in(records[row])) {
      auto place = place_of.find(member.first);
      if (place == place_of.end()) {
        place = place_of.emplace(member.first, frame.labels.size()).first;
        frame.labels.push_back({member.first, false});
        frame.columns.emplace_back(records.size(), nullptr);
      }
      frame.columns[place->second][row] = &member.second;
    }
  }
  return frame;
}

Result<Frame> records_frame(const Json& json, std::size_t rows_max) {
  const JsonArray* const records = array_in(json);
  if (records == nullptr) {
    const std::string got =
        json.is_object() ? "dictionary" : fmt::format("type <class '{}'>", python_type(json));
    return invalid(fmt::format("Dataframe records format must be a list of records. Got {}.", got));
  }
  if (records->size() > rows_max) return too_many_rows(rows_max);
  const auto is_object = [](const Json& item) { return item.is_object(); };
  if (std::all_of(records->begin(), records->end(), is_object)) return frame_of_records(*records);
  if (std::none_of(records->begin(), records->end(), is_object))
    return frame_of_lists(*records, std::nullopt, "dataframe_records", "records");
  return invalid(
      "Provided dataframe_records field is not a valid dataframe representation in 'records' format. "
      "Error: 'some of its items are records, others not'");
}

Error uneven_lengths() {
  return invalid("The length of values for each input/column name are not the same");
}

// Columns by name, each a list, or one value for all rows.
Result<Frame> frame_of_columns(const JsonObject& columns, const RowScorer& scorer, std::string_view form,
                               std::size_t rows_max) {
  Frame frame;
  frame.kind = Frame::Kind::kArrays;
  std::optional<std::size_t> rows;
  for (const JsonMember& member : columns) {
    if (member.second.is_object())
      return invalid(fmt::format("column '{}' is a dictionary, not a list of values", member.first));
    const JsonArray* const cells = array_in(member.second);
    if (cells == nullptr) continue;
    if (rows && *rows != cells->size()) {
      if (form == "instances") return uneven_lengths();
      return schema_error(
          scorer, *rows, columns.size(),
          "This model contains a column-based signature, which suggests a DataFrame input. There was "
          "an error casting the input data to a DataFrame: All arrays must be of the same length");
    }
    rows = cells->size();
  }
  frame.rows = rows.value_or(columns.empty() ? 0 : 1);
  if (frame.rows > rows_max) return too_many_rows(rows_max);
  for (const JsonMember& member : columns) {
    frame.labels.push_back({member.first, false});
    std::vector<const Json*>& column = frame.columns.emplace_back();
    const JsonArray* const cells = array_in(member.second);
    for (std::size_t row = 0; row < frame.rows; ++row)
      column.push_back(cells == nullptr ? &member.second : &(*cells)[row]);
  }
  return frame;
}

// A list of lists or of single values, without names.
Result<Frame> frame_of_matrix(const JsonArray& data) {
  Frame frame;
  frame.kind = Frame::Kind::kMatrix;
  frame.rows = data.size();
  frame.shape = {data.size()};
  if (data.empty()) return frame;
  const JsonArray* const first = array_in(data.front());
  const std::size_t width = first == nullptr ? 1 : first->size();
  if (first != nullptr) frame.shape.push_back(width);
  frame.labels = places(width);
  frame.columns.resize(width);
  for (const Json& row : data) {
    const JsonArray* const cells = array_in(row);
    if (row.is_object() || (cells == nullptr) != (first == nullptr) ||
        (cells != nullptr && cells->size() != width)) {
      return invalid(
          fmt::format("setting an array element with a sequence. The requested array has an inhomogeneous "
                      "shape after 1 dimensions. The detected shape was ({},) + inhomogeneous part.",
                      data.size()));
    }
    for (std::size_t i = 0; i < width; ++i)
      frame.columns[i].push_back(cells == nullptr ? &row : &(*cells)[i]);
  }
  return frame;
}

bool has_names(const Signature& signature) {
  return signature.input_tensors.empty() && !signature.inputs.empty() &&
         !signature.inputs.front().name.empty();
}

Result<Frame> arrays_frame(const Json& json, const RowScorer& scorer, std::string_view form,
                           std::size_t rows_max) {
  const bool named = scorer.enforces_signature() && has_names(scorer.signature());
  if (const JsonObject* const columns = object_in(json); columns != nullptr) {
    if (scorer.enforces_signature() && !named) {
      return invalid(
          "Failed to parse input data. This model contains an un-named  model signature which expects a "
          "single n-dimensional array or a single value as input, however, an input of type <class 'dict'> "
          "was found.");
    }
    return frame_of_columns(*columns, scorer, form, rows_max);
  }
  const JsonArray* const list = array_in(json);
  if (list == nullptr) {
    Frame frame;
    frame.kind = Frame::Kind::kMatrix;
    frame.rows = 1;
    frame.labels = places(1);
    frame.columns = {{&json}};
    return frame;
  }
  if (list->size() > rows_max) return too_many_rows(rows_max);
  const auto is_object = [](const Json& item) { return item.is_object(); };
  if (!list->empty() && std::all_of(list->begin(), list->end(), is_object)) {
    Frame frame = frame_of_records(*list);
    frame.kind = Frame::Kind::kArrays;
    frame.is_complete = form == "instances";
    return frame;
  }
  Frame frame = TRY(frame_of_matrix(*list));
  const bool is_only_column = named && scorer.signature().inputs.size() == 1;
  if (is_only_column && frame.shape.size() == 1) {
    frame.kind = Frame::Kind::kArrays;
    frame.labels = {{scorer.signature().inputs.front().name, false}};
    frame.columns.resize(1);
  }
  return frame;
}

// --- cells to numbers ------------------------------------------------------------------------------------

std::string_view numpy_name(ColumnType type) {
  switch (type) {
    case ColumnType::kBoolean:
      return "bool";
    case ColumnType::kInteger:
      return "int32";
    case ColumnType::kLong:
      return "int64";
    case ColumnType::kFloat:
      return "float32";
    case ColumnType::kDouble:
      return "float64";
    case ColumnType::kString:
    case ColumnType::kBinary:
    case ColumnType::kDatetime:
    case ColumnType::kAny:
      return "object";
  }
  return "object";
}

// What Python would say, and as which exception.
struct Complaint {
  std::string_view exception;
  std::string text;
};

Complaint value_error(std::string text) {
  return {"ValueError", std::move(text)};
}

Complaint not_exact(std::string_view digits) {
  return value_error(
      fmt::format("the integer {} is beyond what a 64-bit float holds exactly; send it with a decimal "
                  "point if it may be rounded",
                  digits.substr(0, kShownBytes)));
}

std::optional<double> float_in(std::string_view text) {
  const std::string_view trimmed = core::trimmed(text);
  std::string_view digits = trimmed;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (const std::optional<double> number = codec::parse_double(digits); number && !trimmed.starts_with("+-"))
    return number;
  const std::string lower = core::ascii_lower(digits);
  if (lower == "nan" || lower == "-nan") return core::kMissing;
  const double infinity = std::numeric_limits<double>::infinity();
  if (lower == "inf" || lower == "infinity") return infinity;
  if (lower == "-inf" || lower == "-infinity") return -infinity;
  return std::nullopt;
}

// A cell of a column of floats. Nothing: see `complaint`.
std::optional<double> as_float(const Json* cell, Complaint& complaint) {
  if (cell == nullptr || cell->is_null()) return core::kMissing;
  const Json::Value& value = cell->value();
  if (const auto* const number = std::get_if<double>(&value)) return *number;
  if (const auto* const number = std::get_if<std::int64_t>(&value)) {
    const auto rounded = static_cast<double>(*number);
    constexpr double kTooLarge = 9223372036854775808.0;
    if (rounded < kTooLarge && static_cast<std::int64_t>(rounded) == *number) return rounded;
    complaint = not_exact(fmt::format("{}", *number));
    return std::nullopt;
  }
  if (const auto* const flag = std::get_if<bool>(&value)) return *flag ? 1.0 : 0.0;
  if (const auto* const number = std::get_if<codec::JsonBigInteger>(&value)) {
    complaint = not_exact(number->digits);
    return std::nullopt;
  }
  if (const auto* const text = std::get_if<std::string>(&value)) {
    const std::optional<double> number = float_in(*text);
    if (!number) complaint = value_error(fmt::format("could not convert string to float: {}", quoted(*text)));
    return number;
  }
  complaint = value_error("setting an array element with a sequence.");
  return std::nullopt;
}

std::optional<double> as_integer(const Json* cell, ColumnType type, Complaint& complaint) {
  if (cell != nullptr && cell->is_string()) {
    const std::string text = cell->as_string().value();
    const std::optional<std::int64_t> number = codec::parse_int(core::trimmed(text));
    if (!number) {
      complaint = value_error(fmt::format("invalid literal for int() with base 10: {}", quoted(text)));
      return std::nullopt;
    }
    return static_cast<double>(*number);
  }
  std::optional<double> number = as_float(cell, complaint);
  if (!number) return number;
  if (!std::isfinite(*number)) {
    complaint = {"IntCastingNaNError",
                 "Cannot convert non-finite values (NA or inf) to integer. Replace or remove non-finite "
                 "values or cast "
                 "to an integer type that supports these values (e.g. 'Int64')"};
    return std::nullopt;
  }
  const double limit = type == ColumnType::kInteger ? 2147483648.0 : 9223372036854775808.0;
  const double whole = std::trunc(*number);
  if (whole < -limit || whole >= limit) {
    complaint = {"OverflowError",
                 fmt::format("{} is beyond {}", codec::to_shortest(*number), numpy_name(type))};
    return std::nullopt;
  }
  return whole;
}

std::optional<double> as_boolean(const Json* cell, Complaint& complaint) {
  if (cell == nullptr || cell->is_null()) return 0.0;
  if (cell->is_string()) return cell->as_string().value().empty() ? 0.0 : 1.0;
  const std::optional<double> number = as_float(cell, complaint);
  if (!number) return number;
  return *number != 0 ? 1.0 : 0.0;  // a NaN is true, as in Python
}

std::optional<double> as_type(const Json* cell, ColumnType type, Complaint& complaint) {
  switch (type) {
    case ColumnType::kBoolean:
      return as_boolean(cell, complaint);
    case ColumnType::kInteger:
    case ColumnType::kLong:
      return as_integer(cell, type, complaint);
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kString:
    case ColumnType::kBinary:
    case ColumnType::kDatetime:
    case ColumnType::kAny:
      return as_float(cell, complaint);
  }
  return as_float(cell, complaint);
}

// --- the signature ---------------------------------------------------------------------------------------

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The frame's column by column of the signature; kNone where it has none.
using Matches = std::vector<std::size_t>;

class Writer {
 public:
  Writer(const Frame& frame, const RowScorer& scorer)
      : frame_(frame), scorer_(scorer), signature_(scorer.signature()) {}

  Result<void> write(model::Rows& rows) {
    matches_ = TRY(matches());
    TRY(check_matrix());
    TRY(convert());
    TRY(check_required());
    TRY(check_known());
    return fill(rows);
  }

 private:
  std::size_t place_of(const std::string& name) const {
    for (std::size_t i = 0; i < frame_.labels.size(); ++i) {
      if (!frame_.labels[i].is_number && frame_.labels[i].text == name) return i;
    }
    return kNone;
  }

  Error schema(const std::string& reason) const {
    return schema_error(scorer_, frame_.rows, frame_.labels.size(), reason);
  }

  Result<Matches> matches() const {
    if (!scorer_.enforces_signature()) return matches_of_features();
    if (!signature_.input_tensors.empty()) return matches_of_tensor();
    Matches found(signature_.inputs.size(), kNone);
    if (!has_names(signature_)) {
      for (std::size_t i = 0; i < std::min(found.size(), frame_.labels.size()); ++i) found[i] = i;
      if (frame_.labels.size() < found.size()) {
        return schema(
            fmt::format("Model inference is missing inputs. The model signature declares {} inputs  but the "
                        "provided value only has {} inputs. Note: the inputs were not named in the signature "
                        "so we can only verify their count.",
                        found.size(), frame_.labels.size()));
      }
      return found;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i] = place_of(signature_.inputs[i].name);
      if (found[i] == kNone) continue;
      for (std::size_t other = found[i] + 1; other < frame_.labels.size(); ++other) {
        if (!frame_.labels[other].is_number && frame_.labels[other].text == signature_.inputs[i].name)
          return invalid(fmt::format("column {} is there twice", quoted(signature_.inputs[i].name)));
      }
    }
    return found;
  }

  Result<Matches> matches_of_tensor() const {
    const model::Tensor& tensor = signature_.input_tensors.front();
    const std::size_t width = signature_.inputs.size();
    const std::string wanted = fmt::format("(-1, {})", width);
    if (frame_.kind == Frame::Kind::kMatrix && frame_.shape.size() != tensor.shape.size()) {
      return schema(fmt::format("Shape of input ({}{}) does not match expected shape {}.",
                                fmt::join(frame_.shape, ", "), frame_.shape.size() == 1 ? "," : "", wanted));
    }
    if (frame_.labels.size() != width) {
      if (frame_.kind == Frame::Kind::kMatrix) {
        return schema(fmt::format("Shape of input ({}) does not match expected shape {}.",
                                  fmt::join(frame_.shape, ", "), wanted));
      }
      return schema(fmt::format(
          "This model contains a model signature with an unnamed input. Since the input data is a pandas "
          "DataFrame "
          "containing multiple columns, the input shape must be of the structure (-1, "
          "number_of_dataframe_columns). "
          "Instead, the input DataFrame passed had {} columns and an input shape of {} with all values "
          "within the "
          "DataFrame of scalar type. Please adjust the passed in DataFrame to match the expected structure",
          frame_.labels.size(), wanted));
    }
    Matches found(width);
    for (std::size_t i = 0; i < width; ++i) found[i] = i;
    return found;
  }

  // A model that was saved without a signature: LightGBM goes by position, XGBoost by name.
  Result<Matches> matches_of_features() const {
    const std::size_t width = signature_.inputs.size();
    const bool by_name = frame_.kind == Frame::Kind::kArrays ||
                         (frame_.kind == Frame::Kind::kTable && scorer_.flavor() != "lightgbm");
    if (frame_.labels.size() != width) {
      return unexpected_error(
          fmt::format("The number of features in data ({}) is not the same as it was in training "
                      "data ({})",
                      frame_.labels.size(), width));
    }
    if (frame_.kind == Frame::Kind::kMatrix && frame_.shape.size() != 2)
      return unexpected_error("the input must be 2 dimensional");
    Matches found(width);
    for (std::size_t i = 0; i < width; ++i) {
      found[i] = by_name ? place_of(signature_.inputs[i].name) : i;
      if (found[i] == kNone)
        return unexpected_error(
            fmt::format("feature {} is not in the data", quoted(signature_.inputs[i].name)));
    }
    return found;
  }

  // Every column that is there, as numbers of its type; columns of any type are left for later.
  Result<void> convert() {
    numbers_.resize(signature_.inputs.size());
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      const Column& column = signature_.inputs[i];
      if (matches_[i] == kNone || !model::is_number(column.type)) continue;
      const ColumnType type = tensor_type().value_or(column.type);
      const std::vector<const Json*>& cells = frame_.columns[matches_[i]];
      numbers_[i].reserve(cells.size());
      for (const Json* const cell : cells) TRY(convert_cell(cell, type, frame_.labels[matches_[i]], i));
    }
    return {};
  }

  std::optional<ColumnType> tensor_type() const {
    if (signature_.input_tensors.empty()) return std::nullopt;
    const std::string& dtype = signature_.input_tensors.front().dtype;
    if (dtype == "float32") return ColumnType::kFloat;
    if (dtype == "int64") return ColumnType::kLong;
    if (dtype == "int32") return ColumnType::kInteger;
    if (dtype == "bool") return ColumnType::kBoolean;
    return ColumnType::kDouble;
  }

  Result<void> convert_cell(const Json* cell, ColumnType type, const Label& label, std::size_t column) {
    Complaint complaint;
    if (!scorer_.enforces_signature() && cell != nullptr && cell->is_string()) {
      return unexpected_error(fmt::format(
          "pandas dtypes must be int, float or bool. Fields with bad pandas dtypes: {}: object", label.text));
    }
    if (frame_.kind == Frame::Kind::kArrays)
      TRY(check_array_cell(cell, type, label, signature_.inputs[column]));
    std::optional<double> number = as_type(cell, type, complaint);
    if (number && type == ColumnType::kFloat) number = static_cast<double>(static_cast<float>(*number));
    if (number) {
      numbers_[column].push_back(*number);
      return {};
    }
    if (frame_.kind != Frame::Kind::kTable)
      return invalid(fmt::format("{} (column {})", complaint.text, label.text));
    const bool quotes_double = complaint.text.find('\'') != std::string::npos;
    const char quote = quotes_double ? '"' : '\'';
    return invalid(
        fmt::format("Data is not compatible with model signature. Failed to convert column {} to type '{}'. "
                    "Error: '{}({}{}{})'",
                    label.text, numpy_name(type), complaint.exception, quote, complaint.text, quote));
  }

  // What numpy and pandas make of the values of one column before the signature is looked at.
  Result<void> check_array_cell(const Json* cell, ColumnType type, const Label& label,
                                const Column& column) const {
    if (cell == nullptr && frame_.is_complete && column.required) return uneven_lengths();
    const bool is_integer = type == ColumnType::kLong || type == ColumnType::kInteger;
    if (cell == nullptr ? is_integer : cell->is_array()) {
      return schema(fmt::format("Incompatible input types for column {}. Can not safely convert {} to {}.",
                                label.text, cell == nullptr ? "float64" : "object", numpy_name(type)));
    }
    return {};
  }

  // An array without names becomes one of the first column's type, whatever comes of it then.
  Result<void> check_matrix() const {
    if (frame_.kind != Frame::Kind::kMatrix || !scorer_.enforces_signature() || !has_names(signature_))
      return {};
    const ColumnType type = signature_.inputs.front().type;
    if (!model::is_number(type)) return {};
    for (const std::vector<const Json*>& column : frame_.columns) {
      for (const Json* const cell : column) {
        Complaint complaint;
        if (!as_type(cell, type, complaint)) return invalid(complaint.text);
      }
    }
    return {};
  }

  Result<void> check_required() const {
    if (!scorer_.enforces_signature()) return {};
    std::vector<Label> missing;
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      if (matches_[i] == kNone && signature_.inputs[i].required)
        missing.push_back({signature_.inputs[i].name, false});
    }
    if (missing.empty()) return {};
    std::string message = fmt::format("Model is missing inputs {}.", text_of(missing));
    const std::vector<Label> extra = unused_labels();
    if (!extra.empty()) message += fmt::format(" Note that there were extra inputs: {}.", text_of(extra));
    return schema(message);
  }

  // A row of which every field may be missing still has to name one of them.
  Result<void> check_known() const {
    const bool known =
        std::any_of(matches_.begin(), matches_.end(), [](std::size_t place) { return place != kNone; });
    if (known || matches_.empty()) return {};
    std::vector<std::string> names;
    for (const Column& column : signature_.inputs) names.push_back(column.name);
    return unexpected_error(fmt::format("none of the columns {} is known; there are {}",
                                        text_of(frame_.labels), fmt::join(names, ", ")));
  }

  std::vector<Label> unused_labels() const {
    std::vector<Label> unused;
    for (std::size_t i = 0; i < frame_.labels.size(); ++i) {
      if (std::find(matches_.begin(), matches_.end(), i) == matches_.end())
        unused.push_back(frame_.labels[i]);
    }
    return unused;
  }

  Result<void> fill(model::Rows& rows) const {
    for (std::size_t row = 0; row < frame_.rows; ++row) {
      rows.add_row();
      for (std::size_t i = 0; i < matches_.size(); ++i) {
        if (matches_[i] == kNone) continue;
        const Result<void> set = model::is_number(signature_.inputs[i].type)
                                     ? rows.set_number(i, numbers_[i][row])
                                     : set_any(rows, i, frame_.columns[matches_[i]][row]);
        if (!set) {
          return unexpected_error(fmt::format("row {}, column {}: {}", row, quoted(signature_.inputs[i].name),
                                              set.error().message()));
        }
      }
    }
    return {};
  }

  static Result<void> set_any(model::Rows& rows, std::size_t column, const Json* cell) {
    if (cell == nullptr || cell->is_null()) return {};
    const Json::Value& value = cell->value();
    if (const auto* const text = std::get_if<std::string>(&value)) return rows.set_text(column, *text);
    if (const auto* const number = std::get_if<double>(&value)) return rows.set_number(column, *number);
    if (const auto* const number = std::get_if<std::int64_t>(&value))
      return rows.set_text(column, fmt::format("{}", *number));
    if (const auto* const flag = std::get_if<bool>(&value))
      return rows.set_text(column, *flag ? "True" : "False");
    return rows.set_text(column, codec::to_text(*cell, codec::JsonStyle::kPythonSorted));
  }

  const Frame& frame_;
  const RowScorer& scorer_;
  const Signature& signature_;
  Matches matches_;
  std::vector<std::vector<double>> numbers_;  // by column of the signature, then by row
};

}  // namespace

std::string required_format() {
  return "The input must be a JSON dictionary with exactly one of the input fields {'dataframe_split', "
         "'dataframe_records', 'instances', 'inputs'}";
}

std::string protocol_change() {
  return "IMPORTANT: The MLflow Model scoring protocol has changed in MLflow version 2.0. If you are seeing "
         "this error, "
         "you are likely using an outdated scoring request format. To resolve the error, either update your "
         "request "
         "format or adjust your MLflow Model's requirements file to specify an older version of MLflow (for "
         "example, "
         "change the 'mlflow' requirement specifier to 'mlflow==1.30.0'). If you are making a request using "
         "the MLflow "
         "client (e.g. via `mlflow.pyfunc.spark_udf()`), upgrade your MLflow client to a version >= 2.0 in "
         "order to "
         "use the new request format. For more information about the updated MLflow Model scoring protocol "
         "in MLflow "
         "2.0, see https://mlflow.org/docs/latest/models.html#deploy-mlflow-models.";
}

std::string signature_text(const Signature& signature) {
  std::vector<std::string> parts;
  for (const model::Tensor& tensor : signature.input_tensors) {
    parts.push_back(fmt::format("Tensor('{}', ({}))", tensor.dtype, fmt::join(tensor.shape, ", ")));
  }
  if (parts.empty()) {
    for (const Column& column : signature.inputs) {
      const std::string_view need = column.required ? "required" : "optional";
      parts.push_back(column.name.empty()
                          ? fmt::format("{} ({})", name_of(column.type), need)
                          : fmt::format("'{}': {} ({})", column.name, name_of(column.type), need));
    }
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

Error unexpected_error(const std::string& reason) {
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format(
          "Encountered an unexpected error while evaluating the model. Verify that the serialized input "
          "Dataframe is compatible with the model for inference. Error: '{}'",
          reason));
}

Error schema_error(const RowScorer& scorer, std::size_t rows, std::size_t columns,
                   const std::string& reason) {
  const std::string data = fmt::format("[{} rows x {} columns]", rows, columns);
  return Error(
      ErrorCode::kFailedPrecondition,
      fmt::format("Failed to predict data '{}'. \nError: Failed to enforce schema of data '{}' with schema "
                  "'{}'. Error: {}",
                  data, data, signature_text(scorer.signature()), reason));
}

Result<Frame> split_frame(const Json& split, std::size_t rows_max) {
  const JsonObject* const members = object_in(split);
  if (members == nullptr) {
    const std::string got = split.is_array() ? "list" : fmt::format("type <class '{}'>", python_type(split));
    return invalid(fmt::format("Dataframe split format must be a dictionary. Got {}.", got));
  }
  std::vector<std::string> names;
  bool is_strange = split.find("data") == nullptr;
  for (const JsonMember& member : *members) {
    names.push_back(quoted(member.first));
    is_strange =
        is_strange || (member.first != "columns" && member.first != "data" && member.first != "index");
  }
  if (is_strange) {
    return invalid(
        fmt::format("Dataframe split format must have 'data' field and optionally 'columns' and 'index' "
                    "fields. Got {{{}}}.'",
                    fmt::join(names, ", ")));
  }
  constexpr std::string_view kForm = "dataframe_split";
  constexpr std::string_view kOrient = "split";
  const auto broken = [](std::string_view why) {
    return invalid(
        fmt::format("Provided dataframe_split field is not a valid dataframe representation in 'split' "
                    "format. Error: '{}'",
                    why));
  };
  const JsonArray* const data = array_in(*split.find("data"));
  if (data == nullptr)
    return broken(fmt::format("data is a {}, not a list of rows", python_type(*split.find("data"))));
  if (data->size() > rows_max) return too_many_rows(rows_max);
  std::vector<Label> labels;
  const Json* const columns = split.find("columns");
  const bool has_columns = columns != nullptr && !columns->is_null();
  if (has_columns) {
    const JsonArray* const list = array_in(*columns);
    if (list == nullptr)
      return broken(fmt::format("columns is a {}, not a list of names", python_type(*columns)));
    for (const Json& name : *list) {
      if (!is_scalar(name)) return broken("columns holds something that is no name");
      labels.push_back(label_of(name));
    }
  }
  Frame frame;
  const auto is_object = [](const Json& item) { return item.is_object(); };
  if (!data->empty() && std::all_of(data->begin(), data->end(), is_object)) {
    frame = frame_of_records(*data);
  } else {
    frame =
        TRY(frame_of_lists(*data, has_columns ? std::optional(labels.size()) : std::nullopt, kForm, kOrient));
    if (has_columns) frame.labels = std::move(labels);
  }
  if (const Json* const index = split.find("index"); index != nullptr && !index->is_null()) {
    const JsonArray* const list = array_in(*index);
    if (list == nullptr || list->size() != frame.rows) {
      return broken(fmt::format("Shape of passed values is ({}, {}), indices imply ({}, {})", frame.rows,
                                frame.labels.size(), list == nullptr ? 0 : list->size(),
                                frame.labels.size()));
    }
  }
  return frame;
}

Result<Frame> frame_of(const Json& body, const RowScorer& scorer, std::size_t rows_max) {
  std::vector<std::string> found;
  for (const JsonMember& member : *object_in(body)) {
    if (member.first == "dataframe_split" || member.first == "dataframe_records" ||
        member.first == "instances" || member.first == "inputs")
      found.push_back(member.first);
  }
  if (found.size() != 1) {
    std::vector<std::string> names;
    for (const std::string& name : found) names.push_back(quoted(name));
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}. Received dictionary with input fields: [{}]. {}", required_format(),
                             fmt::join(names, ", "), protocol_change()));
  }
  const Json& content = *body.find(found.front());
  if (found.front() == "dataframe_split") return split_frame(content, rows_max);
  if (found.front() == "dataframe_records") return records_frame(content, rows_max);
  return arrays_frame(content, scorer, found.front(), rows_max);
}

Result<void> write_rows(const Frame& frame, const RowScorer& scorer, model::Rows& rows) {
  return Writer(frame, scorer).write(rows);
}

}  // namespace starcast::serve
