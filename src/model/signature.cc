#include "model/signature.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

std::string_view name_of(ColumnType type) {
  switch (type) {
    case ColumnType::kBoolean:
      return "boolean";
    case ColumnType::kInteger:
      return "integer";
    case ColumnType::kLong:
      return "long";
    case ColumnType::kFloat:
      return "float";
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kString:
      return "string";
    case ColumnType::kBinary:
      return "binary";
    case ColumnType::kDatetime:
      return "datetime";
    case ColumnType::kAny:
      return "any";
  }
  return "any";
}

bool is_number(ColumnType type) {
  switch (type) {
    case ColumnType::kBoolean:
    case ColumnType::kInteger:
    case ColumnType::kLong:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
      return true;
    case ColumnType::kString:
    case ColumnType::kBinary:
    case ColumnType::kDatetime:
    case ColumnType::kAny:
      return false;
  }
  return false;
}

namespace {

constexpr std::array kTypes = {ColumnType::kBoolean, ColumnType::kInteger,  ColumnType::kLong,
                               ColumnType::kFloat,   ColumnType::kDouble,   ColumnType::kString,
                               ColumnType::kBinary,  ColumnType::kDatetime, ColumnType::kAny};

std::optional<ColumnType> type_named(std::string_view name) {
  for (const ColumnType type : kTypes) {
    if (name == name_of(type)) return type;
  }
  return std::nullopt;
}

JsonArray columns_json(const std::vector<Column>& columns) {
  JsonArray array;
  for (const Column& column : columns) {
    JsonObject object;
    if (!column.name.empty()) object.emplace_back("name", column.name);
    object.emplace_back("required", column.required);
    object.emplace_back("type", name_of(column.type));
    array.push_back(std::move(object));
  }
  return array;
}

JsonArray tensors_json(const std::vector<Tensor>& tensors) {
  JsonArray array;
  for (const Tensor& tensor : tensors) {
    JsonArray shape;
    for (const std::int64_t size : tensor.shape) shape.push_back(size);
    JsonObject object;
    if (!tensor.name.empty()) object.emplace_back("name", tensor.name);
    object.emplace_back("tensor-spec", JsonObject{{"dtype", tensor.dtype}, {"shape", std::move(shape)}});
    object.emplace_back("type", "tensor");
    array.push_back(std::move(object));
  }
  return array;
}

std::string text_of(JsonArray array) {
  return codec::to_text(Json(std::move(array)), codec::JsonStyle::kPythonSorted);
}

std::string side_text(const std::vector<Column>& columns, const std::vector<Tensor>& tensors) {
  return text_of(tensors.empty() ? columns_json(columns) : tensors_json(tensors));
}

// The list under `member`, which MLflow keeps as a text; empty where it is not there.
Result<std::optional<JsonArray>> list_from(const Json& signature, std::string_view member) {
  const Json* const text = signature.find(member);
  if (text == nullptr || text->is_null()) return std::optional<JsonArray>();
  const std::string list_text = TRY(text->as_string(), member);
  const Json parsed = TRY(codec::parse_json(list_text), member);
  return std::optional<JsonArray>(*TRY(parsed.as_array(), member));
}

Result<std::string> name_from(const Json& item) {
  const Json* const name = item.find("name");
  if (name == nullptr || name->is_null()) return std::string();
  // A frame without column names has them as numbers.
  if (const auto* const number = std::get_if<std::int64_t>(&name->value())) return fmt::format("{}", *number);
  return name->as_string();
}

Result<Tensor> tensor_from(const Json& item) {
  Tensor tensor;
  tensor.name = TRY(name_from(item));
  const Json& spec = *TRY(item.at("tensor-spec"));
  tensor.dtype = TRY(spec.string_at("dtype"));
  for (const Json& size : *TRY(spec.array_at("shape"))) tensor.shape.push_back(TRY(size.as_int(), "shape"));
  return tensor;
}

enum class Strictness { kStrict, kLenient };

Result<void> read_side(const Json& signature, std::string_view member, Strictness strictness,
                       std::vector<Column>& columns, std::vector<Tensor>& tensors) {
  const std::optional<JsonArray> list = TRY(list_from(signature, member));
  if (!list) return {};
  for (const Json& item : *list) {
    const std::string type_name = TRY(item.string_at("type"), member);
    if (type_name == "tensor") {
      tensors.push_back(TRY(tensor_from(item), member));
      continue;
    }
    const std::optional<ColumnType> type = type_named(type_name);
    if (!type) {
      if (strictness == Strictness::kLenient) continue;
      return Error(ErrorCode::kUnsupported,
                   fmt::format("{}: columns of type '{}' are not supported", member, type_name));
    }
    Column column{TRY(name_from(item), member), *type, true};
    if (const Json* const required = item.find("required"); required != nullptr) {
      column.required = *required == Json(true);
    } else if (const Json* const optional = item.find("optional"); optional != nullptr) {
      column.required = *optional != Json(true);
    }
    columns.push_back(std::move(column));
  }
  if (!columns.empty() && !tensors.empty() && strictness == Strictness::kStrict)
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{}: columns beside tensors are not supported", member));
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (columns[i].name.empty() != columns[0].name.empty() && strictness == Strictness::kStrict)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: some columns have names, others not", member));
  }
  return {};
}

}  // namespace

Json to_mlflow(const Signature& signature) {
  Json parameters;
  if (signature.has_parameters) {
    JsonArray array;
    for (const Parameter& parameter : signature.parameters) {
      array.push_back(JsonObject{{"default", parameter.default_value},
                                 {"name", parameter.name},
                                 {"shape", parameter.is_list ? Json(JsonArray{Json(-1)}) : Json(nullptr)},
                                 {"type", parameter.type}});
    }
    parameters = text_of(std::move(array));
  }
  return JsonObject{{"inputs", side_text(signature.inputs, signature.input_tensors)},
                    {"outputs", side_text(signature.outputs, signature.output_tensors)},
                    {"params", std::move(parameters)}};
}

Result<Signature> signature_from_mlflow(const Json& json) {
  Signature signature;
  TRY(read_side(json, "inputs", Strictness::kStrict, signature.inputs, signature.input_tensors), "signature");
  TRY(read_side(json, "outputs", Strictness::kLenient, signature.outputs, signature.output_tensors),
      "signature");
  const std::optional<JsonArray> parameters = TRY(list_from(json, "params"), "signature");
  if (parameters) {
    signature.has_parameters = true;
    for (const Json& item : *parameters) {
      Parameter parameter;
      parameter.name = TRY(item.string_at("name"), "signature: params");
      parameter.type = TRY(item.string_at("type"), "signature: params");
      if (const Json* const value = item.find("default"); value != nullptr) parameter.default_value = *value;
      if (const Json* const shape = item.find("shape"); shape != nullptr)
        parameter.is_list = !shape->is_null();
      signature.parameters.push_back(std::move(parameter));
    }
  }
  return signature;
}

}  // namespace starcast::model
