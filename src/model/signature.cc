#include "model/signature.h"

#include <fmt/format.h>

#include <optional>

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

std::string_view name_of(ColumnType type) {
  switch (type) {
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kString:
      return "string";
    case ColumnType::kAny:
      return "any";
  }
  return "any";
}

namespace {

std::optional<ColumnType> type_named(std::string_view name) {
  for (const ColumnType type : {ColumnType::kDouble, ColumnType::kString, ColumnType::kAny}) {
    if (name == name_of(type)) return type;
  }
  return std::nullopt;
}

std::string columns_text(const std::vector<Column>& columns) {
  JsonArray array;
  for (const Column& column : columns) {
    array.push_back(
        JsonObject{{"name", column.name}, {"required", column.required}, {"type", name_of(column.type)}});
  }
  return codec::to_text(Json(std::move(array)), codec::JsonStyle::kPythonSorted);
}

Result<std::vector<Column>> columns_from(const Json& signature, std::string_view member) {
  std::vector<Column> columns;
  const Json* const text = signature.find(member);
  if (text == nullptr || text->is_null()) return columns;
  const std::string column_text = TRY(text->as_string(), member);
  const Json parsed = TRY(codec::parse_json(column_text), member);
  for (const Json& item : *TRY(parsed.as_array(), member)) {
    const std::string type_name = TRY(item.string_at("type"), member);
    const std::optional<ColumnType> type = type_named(type_name);
    if (!type) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("{}: columns of type '{}' are not supported", member, type_name));
    }
    Column column{TRY(item.string_at("name"), member), *type, true};
    if (const Json* const required = item.find("required"); required != nullptr) {
      column.required = *required == Json(true);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

Json to_mlflow(const Signature& signature) {
  return JsonObject{{"inputs", columns_text(signature.inputs)},
                    {"outputs", columns_text(signature.outputs)},
                    {"params", nullptr}};
}

Result<Signature> signature_from_mlflow(const Json& json) {
  Signature signature;
  signature.inputs = TRY(columns_from(json, "inputs"), "signature");
  signature.outputs = TRY(columns_from(json, "outputs"), "signature");
  return signature;
}

}  // namespace starcast::model
