#include "serve/example_listing.h"

#include <string_view>

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

namespace {

// The first row of what MLflow saved: {"columns", "data"}, the same below "dataframe_split", or records.
const Json* first_of(const Json* rows) {
  if (rows == nullptr || !rows->is_array()) return nullptr;
  const auto& all = std::get<JsonArray>(rows->value());
  return all.empty() ? nullptr : &all.front();
}

// A row of cells by position, named by `columns` or, without them, by the signature.
Json named_row(const JsonArray& cells, const Json* columns, const model::Signature& signature) {
  const auto* const names = columns == nullptr ? nullptr : std::get_if<JsonArray>(&columns->value());
  JsonObject listing;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (names != nullptr && i < names->size()) {
      const auto* const text = std::get_if<std::string>(&(*names)[i].value());
      listing.emplace_back(text != nullptr ? *text : codec::to_text((*names)[i], codec::JsonStyle::kCompact),
                           cells[i]);
    } else if (names == nullptr && i < signature.inputs.size()) {
      listing.emplace_back(name_of_column(signature, i), cells[i]);
    }
  }
  return listing;
}

// {"x": [1, 2], "y": 3} -> {"x": 1, "y": 3}.
Json first_of_columns(const JsonObject& columns) {
  JsonObject listing;
  for (const codec::JsonMember& column : columns) {
    const Json* const first = first_of(&column.second);
    listing.emplace_back(column.first, first != nullptr ? *first : column.second);
  }
  return listing;
}

Json saved_example(const Json& example, const model::Signature& signature) {
  const Json* whole = &example;
  for (const std::string_view form : {"dataframe_split", "dataframe_records", "instances", "inputs"}) {
    if (const Json* const inner = example.find(form)) whole = inner;
  }
  const Json* const row = first_of(whole->is_array() ? whole : whole->find("data"));
  if (row == nullptr) {
    const auto* const columns = std::get_if<JsonObject>(&whole->value());
    return columns == nullptr ? Json() : first_of_columns(*columns);
  }
  if (row->is_object()) return *row;
  if (const auto* const cells = std::get_if<JsonArray>(&row->value()))
    return named_row(*cells, whole->find("columns"), signature);
  return Json();
}

Json made_up_cell(model::ColumnType type) {
  switch (type) {
    case model::ColumnType::kBoolean:
      return true;
    case model::ColumnType::kInteger:
    case model::ColumnType::kLong:
      return 1;
    case model::ColumnType::kFloat:
    case model::ColumnType::kDouble:
      return 0.5;
    case model::ColumnType::kString:
    case model::ColumnType::kBinary:
    case model::ColumnType::kDatetime:
    case model::ColumnType::kAny:
      return "text";
  }
  return Json();
}

}  // namespace

std::string name_of_column(const model::Signature& signature, std::size_t index) {
  const std::string& name = signature.inputs[index].name;
  return name.empty() ? std::to_string(index) : name;
}

Json example_listing(const Version& version) {
  const model::Signature& signature = version.model.scorer->signature();
  const Json saved = saved_example(version.model.input_example, signature);
  JsonObject listing;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    const std::string name = name_of_column(signature, i);
    const Json* const cell = saved.find(name);
    if (cell != nullptr) {
      listing.emplace_back(name, *cell);
    } else if (!saved.is_object()) {
      listing.emplace_back(name, made_up_cell(signature.inputs[i].type));
    }
  }
  return listing;
}

}  // namespace starcast::serve
