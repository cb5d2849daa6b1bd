#include "serve/openapi_schemas.h"

#include <fmt/format.h>

#include <utility>

#include "core/strings.h"
#include "serve/example_listing.h"
#include "serve/prediction_answer.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

namespace {

// A type that may also be null: every field may be missing.
Json types_of(model::ColumnType type) {
  switch (type) {
    case model::ColumnType::kBoolean:
      return JsonArray{"boolean", "null"};
    case model::ColumnType::kInteger:
    case model::ColumnType::kLong:
      return JsonArray{"integer", "null"};
    case model::ColumnType::kFloat:
    case model::ColumnType::kDouble:
      return JsonArray{"number", "null"};
    case model::ColumnType::kString:
    case model::ColumnType::kBinary:
    case model::ColumnType::kDatetime:
    case model::ColumnType::kAny:
      return JsonArray{"string", "number", "null"};
  }
  return JsonArray{};
}

Json values_schema(const Version& version) {
  const Json one = typed(version.model.scorer->answers_integers() ? "integer" : "number");
  return version.model.scorer->width() == 1 ? one : list_of(one);
}

}  // namespace

Json reference(std::string_view name) {
  return JsonObject{{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

Json typed(std::string_view type) {
  return JsonObject{{"type", type}};
}

Json list_of(Json items) {
  return JsonObject{{"type", "array"}, {"items", std::move(items)}};
}

Json object_of(JsonObject properties, std::vector<std::string_view> required) {
  Json json = JsonObject{{"type", "object"}, {"properties", std::move(properties)}};
  JsonArray names;
  for (const std::string_view name : required) names.push_back(name);
  if (!names.empty()) json.set("required", std::move(names));
  return json;
}

std::string schema_name(std::string_view kind, std::string_view slot) {
  std::string name = fmt::format("{}_", kind);
  for (const char c : slot) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (is_plain) {
      name.push_back(c);
    } else {
      name += fmt::format("_{:02x}", static_cast<unsigned char>(c));
    }
  }
  return name;
}

Json listing_schema(const Version& version) {
  const model::RowScorer& scorer = *version.model.scorer;
  const model::Signature& signature = scorer.signature();
  const Json example = example_listing(version);
  const Json seen = scorer.seen();
  const Json* const ranges = seen.find("ranges");
  const Json* const texts = seen.find("texts");
  JsonObject properties;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    const std::string name = name_of_column(signature, i);
    Json property = JsonObject{{"type", types_of(signature.inputs[i].type)}};
    const Json* const range = ranges == nullptr ? nullptr : ranges->find(name);
    const Json* const known = texts == nullptr ? nullptr : texts->find(name);
    if (range != nullptr) {
      const auto& ends = std::get<JsonArray>(range->value());
      property.set("description", fmt::format("in training from {} to {}",
                                              codec::to_text(ends.front(), codec::JsonStyle::kCompact),
                                              codec::to_text(ends.back(), codec::JsonStyle::kCompact)));
    } else if (known != nullptr) {
      const auto& all = std::get<JsonArray>(known->value());
      std::vector<std::string> shown;
      for (const Json& text : all) {
        if (shown.size() < 6) shown.push_back(std::get<std::string>(text.value()));
      }
      property.set("description",
                   fmt::format("in training {} texts: {}{}", all.size(), fmt::join(shown, ", "),
                               shown.size() < all.size() ? ", ..." : ""));
    }
    if (const Json* const value = example.find(name); value != nullptr && !value->is_null())
      property.set("examples", JsonArray{Json(*value)});
    properties.emplace_back(name, std::move(property));
  }
  Json schema = object_of(std::move(properties));
  schema.set("title", fmt::format("A row for '{}'", version.slot));
  return schema;
}

Json prediction_schema(const Version& version) {
  const model::RowScorer& scorer = *version.model.scorer;
  JsonObject properties;
  const std::string value = fmt::format("{}{}", value_name(scorer), scorer.width() == 1 ? "" : "s");
  if (!scorer.signature().inputs.empty() && !model::is_number(scorer.signature().inputs.front().type))
    properties.emplace_back(core::ascii_lower(scorer.signature().inputs.front().name), typed("string"));
  properties.emplace_back(value, values_schema(version));
  if (!scorer.levels().empty()) properties.emplace_back("interval", reference("Interval"));
  properties.emplace_back("answered_as", typed("string"));
  properties.emplace_back("base", typed("number"));
  properties.emplace_back("unclipped", typed("number"));
  properties.emplace_back("reasons", list_of(reference("Reason")));
  properties.emplace_back("comparable", reference("Comparable"));
  properties.emplace_back("warnings", list_of(typed("string")));
  properties.emplace_back("model", reference("Model"));
  properties.emplace_back("trained_on", typed("object"));
  return object_of(std::move(properties), {value, "warnings"});
}

JsonObject fixed_schemas() {
  const Json text = typed("string");
  const Json number = typed("number");
  const Json whole = typed("integer");
  const Json text_or_null = JsonObject{{"type", JsonArray{"string", "null"}}};
  const Json number_or_null = JsonObject{{"type", JsonArray{"number", "null"}}};
  const Json parameters = typed("object");
  Json extent = whole;
  extent.set("minimum", 0);
  Json metadata_extent = whole;
  metadata_extent.set("minimum", -1);
  Json datatype = text;
  datatype.set("enum", JsonArray{"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32",
                                 "INT64", "FP16", "FP32", "FP64", "BYTES"});
  const JsonObject tensor = {{"name", text},
                             {"datatype", datatype},
                             {"shape", list_of(extent)},
                             {"parameters", parameters},
                             {"data", list_of(JsonObject{})}};
  Json inputs = list_of(reference("Tensor"));
  inputs.set("minItems", 1);
  JsonObject all;
  all.emplace_back("Interval", object_of({{"level", number}, {"low", number}, {"high", number}},
                                         {"level", "low", "high"}));
  all.emplace_back("Reason",
                   object_of({{"field", text}, {"value", text_or_null}, {"share", number}, {"text", text}},
                             {"field", "value", "share", "text"}));
  all.emplace_back("ComparableApp", object_of({{"name", text},
                                               {"category", text_or_null},
                                               {"rating", number_or_null},
                                               {"reviews", number_or_null},
                                               {"similarity", number},
                                               {"pull", number}},
                                              {"name", "rating", "similarity", "pull"}));
  all.emplace_back(
      "Comparable",
      object_of({{"share", number}, {"text", text}, {"apps", list_of(reference("ComparableApp"))}},
                {"share", "text", "apps"}));
  all.emplace_back("Model", object_of({{"name", text}, {"version", text}, {"flavor", text}},
                                      {"name", "version", "flavor"}));
  all.emplace_back("Change",
                   object_of({{"field", text}, {"from", text}, {"to", text}}, {"field", "from", "to"}));
  all.emplace_back("ChangedAnswer", object_of({{"changes", list_of(reference("Change"))},
                                               {"rating", number},
                                               {"gain", number},
                                               {"interval", reference("Interval")},
                                               {"warnings", list_of(text)}},
                                              {"changes", "rating", "gain", "interval", "warnings"}));
  all.emplace_back("WhatIf",
                   object_of({{"app", text},
                              {"rating", number},
                              {"interval", reference("Interval")},
                              {"answered_as", text},
                              {"fixed", list_of(object_of({{"field", text}, {"value", text_or_null}}))},
                              {"best", list_of(reference("ChangedAnswer"))},
                              {"names", list_of(reference("ChangedAnswer"))},
                              {"target", object_of({{"rating", number},
                                                    {"reached", typed("boolean")},
                                                    {"answer", reference("ChangedAnswer")}})},
                              {"note", text},
                              {"trained_on", typed("object")},
                              {"warnings", list_of(text)},
                              {"model", reference("Model")}},
                             {"rating", "interval", "best", "names", "note", "warnings"}));
  all.emplace_back(
      "Error",
      object_of(
          {{"error",
            object_of({{"code", text}, {"message", text}, {"field", text}, {"row", whole}, {"line", whole}},
                      {"code", "message"})}},
          {"error"}));
  all.emplace_back("InferenceError", object_of({{"error", text}}, {"error"}));
  all.emplace_back("Tensor", object_of(tensor, {"name", "datatype", "shape", "data"}));
  all.emplace_back("OutputTensor", object_of(tensor, {"name", "datatype", "shape"}));
  all.emplace_back(
      "InferenceRequest",
      object_of({{"id", text},
                 {"parameters", object_of({{"level", number}, {"binary_data_output", typed("boolean")}})},
                 {"inputs", inputs},
                 {"outputs", list_of(object_of({{"name", text}, {"parameters", parameters}}, {"name"}))}},
                {"inputs"}));
  all.emplace_back("InferenceResponse", object_of({{"model_name", text},
                                                   {"model_version", text},
                                                   {"id", text},
                                                   {"parameters", parameters},
                                                   {"outputs", list_of(reference("OutputTensor"))}},
                                                  {"model_name", "outputs"}));
  const Json metadata_tensor = object_of({{"name", text},
                                          {"datatype", datatype},
                                          {"shape", list_of(metadata_extent)},
                                          {"parameters", parameters}},
                                         {"name", "datatype", "shape"});
  all.emplace_back("ModelMetadata", object_of({{"name", text},
                                               {"versions", list_of(text)},
                                               {"platform", text},
                                               {"inputs", list_of(metadata_tensor)},
                                               {"outputs", list_of(metadata_tensor)},
                                               {"parameters", parameters}},
                                              {"name", "platform", "inputs", "outputs"}));
  all.emplace_back(
      "RepositoryModel",
      object_of({{"name", text}, {"version", text}, {"state", text}, {"reason", text}}, {"name", "state"}));
  return all;
}

}  // namespace starcast::serve
