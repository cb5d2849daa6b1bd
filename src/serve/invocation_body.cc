#include "serve/invocation_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "codec/csv.h"
#include "codec/json.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "core/numeric.h"
#include "core/strings.h"
#include "serve/invocation_frame.h"
#include "serve/invocation_quick.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using model::Column;
using model::ColumnType;
using model::Rows;
using model::RowScorer;

namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kCsv = "text/csv";

Error unsupported(std::string message) {
  return Error(ErrorCode::kUnsupported, std::move(message));
}

// The media type, if its parameters are as MLflow takes them; those of MLflow 1 (format=pandas-split) too,
// unless strict.
Result<std::string> media_type(std::string_view content_type, bool strict) {
  const std::vector<std::string_view> parts = core::split(content_type, ';');
  std::vector<std::string> strange;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = core::trimmed(parts[i]);
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const std::string value =
        equals == std::string_view::npos ? std::string() : core::ascii_lower(part.substr(equals + 1));
    if (key == "charset") {
      if (value != "utf-8") return unsupported("The scoring server only supports UTF-8");
    } else if (strict || key != "format" || !value.starts_with("pandas-")) {
      strange.emplace_back(key);
    }
  }
  if (!strange.empty()) {
    return unsupported(fmt::format("Unrecognized content type parameters: {}. {}", fmt::join(strange, ", "),
                                   protocol_change()));
  }
  return std::string(core::trimmed(parts.front()));
}

// --- JSON ------------------------------------------------------------------------------------------------

Error not_json(const std::string& reason) {
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("Invalid input. Ensure that input is a valid JSON formatted string. Error: '{}'", reason));
}

// Parameters change no prediction of trees; they are held to their schema all the same.
Result<void> check_parameters(const Json& body, const RowScorer& scorer) {
  const Json* const given = body.find("params");
  if (given == nullptr || given->is_null() || !scorer.signature().has_parameters) return {};
  if (!given->is_object()) {
    return Error(ErrorCode::kFailedPrecondition,
                 "Failed to predict data. \nError: Parameters must be a dictionary.");
  }
  for (const model::Parameter& parameter : scorer.signature().parameters) {
    const Json* const value = given->find(parameter.name);
    if (value == nullptr || value->is_null()) continue;
    const bool fits = parameter.is_list ? value->is_array() : !value->is_array() && !value->is_object();
    const bool wants_text = parameter.type == "string";
    const bool wants_number = parameter.type == "double" || parameter.type == "float" ||
                              parameter.type == "long" || parameter.type == "integer";
    const bool is_wrong = !parameter.is_list && ((wants_text && !value->is_string()) ||
                                                 (wants_number && !value->as_double().has_value()));
    if (!fits || is_wrong) {
      return Error(
          ErrorCode::kFailedPrecondition,
          fmt::format("Failed to predict data. \nError: Invalid parameters found: {{('{}', 'Can not safely "
                      "convert the value to `DataType.{}`')}}",
                      parameter.name, parameter.type));
    }
  }
  return {};
}

Result<InvocationBody> read_json(std::string_view text, const RowScorer& scorer,
                                 const InvocationOptions& options, Rows& rows) {
  if (read_quickly(text, scorer, options.rows_max, rows) == QuickRead::kDone) return InvocationBody{};
  rows.clear();
  constexpr std::size_t kDepthMax = 32;
  const Result<Json> parsed = codec::parse_json(
      text, {.dialect = codec::JsonDialect::kPython, .depth_max = kDepthMax, .unique_names = true});
  if (!parsed) return not_json(parsed.error().message());
  const Json& body = parsed.value();
  if (body.is_array())
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("Invalid input. {}. Received a list.", required_format()));
  if (!body.is_object()) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("Invalid input. {}. Received unexpected input type, neither object nor list.",
                             required_format()));
  }
  InvocationBody read;
  Frame frame;
  const bool is_old = body.find("data") != nullptr && body.find("dataframe_split") == nullptr &&
                      body.find("dataframe_records") == nullptr && body.find("instances") == nullptr &&
                      body.find("inputs") == nullptr;
  if (is_old && !options.strict) {
    frame = TRY(split_frame(body, options.rows_max));
    read.is_deprecated = true;
  } else {
    frame = TRY(frame_of(body, scorer, options.rows_max));
  }
  TRY(write_rows(frame, scorer, rows));
  TRY(check_parameters(body, scorer));
  return read;
}

// --- CSV -------------------------------------------------------------------------------------------------

Error not_a_table(std::string_view reason) {
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid "
                  "CSV-formatted Pandas DataFrame produced using the `pandas.DataFrame.to_csv()` method. "
                  "Error: '{}'",
                  reason));
}

// What pandas.read_csv takes for missing.
bool is_missing(std::string_view cell) {
  static const std::vector<std::string_view> kTexts = {
      "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
      "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null"};
  return std::find(kTexts.begin(), kTexts.end(), cell) != kTexts.end();
}

class CsvTable {
 public:
  CsvTable(std::string_view text, const RowScorer& scorer, const InvocationOptions& options, Rows& rows)
      : scorer_(scorer), options_(options), rows_(rows), source_(std::string(text)), csv_(source_, {}) {}

  Result<void> read() {
    codec::CsvRecord record;
    const Result<codec::CsvRead> header = csv_.next(record);
    if (!header) return not_a_table(header.error().message());
    if (*header == codec::CsvRead::kEnd) return not_a_table("No columns to parse from file");
    TRY(read_header(record));
    while (true) {
      const Result<codec::CsvRead> next = csv_.next(record);
      if (!next) return not_a_table(next.error().message());
      if (*next == codec::CsvRead::kEnd) return {};
      if (rows_.size() >= options_.rows_max) {
        return Error(ErrorCode::kTooLarge,
                     fmt::format("more than {} rows in one request; send them in parts", options_.rows_max));
      }
      TRY(read_record(record));
    }
  }

 private:
  Result<void> read_header(const codec::CsvRecord& record) {
    const std::vector<Column>& inputs = scorer_.signature().inputs;
    const bool is_tensor = !scorer_.signature().input_tensors.empty();
    const bool by_place = is_tensor || inputs.front().name.empty() ||
                          (!scorer_.enforces_signature() && scorer_.flavor() == "lightgbm");
    std::vector<std::string> extra;
    std::vector<bool> seen(inputs.size());
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      std::size_t place = by_place && i < inputs.size() ? i : Rows::kNoColumn;
      for (std::size_t column = 0; !by_place && column < inputs.size(); ++column) {
        if (inputs[column].name == record.fields[i]) place = column;
      }
      columns_.push_back(place);
      if (place == Rows::kNoColumn) {
        extra.push_back(fmt::format("'{}'", record.fields[i]));
        continue;
      }
      if (seen[place]) return not_a_table(fmt::format("column '{}' is there twice", record.fields[i]));
      seen[place] = true;
    }
    return check_header(seen, extra);
  }

  Result<void> check_header(const std::vector<bool>& seen, const std::vector<std::string>& extra) const {
    const std::vector<Column>& inputs = scorer_.signature().inputs;
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!seen[i] && inputs[i].required) missing.push_back(fmt::format("'{}'", inputs[i].name));
    }
    const bool knows_one = std::find(seen.begin(), seen.end(), true) != seen.end();
    if (missing.empty() && knows_one) return {};
    if (!scorer_.enforces_signature() || missing.empty()) {
      return unexpected_error(
          fmt::format("the columns {} are not those of the model", fmt::join(extra, ", ")));
    }
    std::string message = fmt::format("Model is missing inputs [{}].", fmt::join(missing, ", "));
    if (!extra.empty())
      message += fmt::format(" Note that there were extra inputs: [{}].", fmt::join(extra, ", "));
    return schema_error(scorer_, 0, columns_.size(), message);
  }

  Result<void> read_record(const codec::CsvRecord& record) {
    if (scorer_.flavor() == "starcast") {
      const Result<void> added = rows_.add_record(columns_, record.fields);
      if (!added) return not_a_table(fmt::format("line {}: {}", record.line, added.error().message()));
      return {};
    }
    if (record.fields.size() != columns_.size()) {
      return not_a_table(fmt::format("Error tokenizing data. Expected {} fields in line {}, saw {}",
                                     columns_.size(), record.line, record.fields.size()));
    }
    rows_.add_row();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] != Rows::kNoColumn) TRY(read_cell(columns_[i], record.fields[i], record.line));
    }
    return {};
  }

  Result<void> read_cell(std::size_t column, std::string_view cell, std::size_t line) {
    const Column& input = scorer_.signature().inputs[column];
    const auto place = [&] { return fmt::format("line {}, column '{}'", line, input.name); };
    const bool is_integer = input.type == ColumnType::kLong || input.type == ColumnType::kInteger;
    if (is_missing(cell)) {
      if (!is_integer) return {};
      return not_a_table(fmt::format("{}: Integer column has NA values", place()));
    }
    if (input.type == ColumnType::kBoolean) {
      const std::string lower = core::ascii_lower(cell);
      if (lower == "true" || lower == "false") return rows_.set_number(column, lower == "true" ? 1 : 0);
    }
    if (is_integer && !codec::parse_int(core::trimmed(cell)))
      return not_a_table(
          fmt::format("{}: could not convert string to integer: '{}'", place(), cell.substr(0, 60)));
    const Result<void> set = rows_.set_text(column, cell);
    if (!set)
      return not_a_table(
          fmt::format("{}: could not convert string to float: {}", place(), set.error().message()));
    return {};
  }

  const RowScorer& scorer_;
  const InvocationOptions& options_;
  Rows& rows_;
  core::StringSource source_;
  codec::CsvReader csv_;
  std::vector<std::size_t> columns_;
};

}  // namespace

Result<InvocationBody> read_invocation(std::string_view content_type, std::string_view body,
                                       const RowScorer& scorer, const InvocationOptions& options,
                                       Rows& rows) {
  if (content_type == kJson) return read_json(body, scorer, options, rows);
  const std::string type = TRY(media_type(content_type, options.strict));
  if (type == kJson) return read_json(body, scorer, options, rows);
  if (type == kCsv) {
    if (!codec::is_utf8(body))
      return Error(ErrorCode::kInvalidInput,
                   "Invalid input. Ensure that input is a valid UTF-8 encoded string.");
    TRY(CsvTable(body, scorer, options, rows).read());
    return InvocationBody{};
  }
  return unsupported(
      fmt::format("This predictor only supports the following content types: Types: ['text/csv', "
                  "'application/json']. Got '{}'.",
                  content_type));
}

}  // namespace starcast::serve
