#include "serve/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/strings.h"
#include "serve/prediction_answer.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

namespace {

// What the route table does not say of a route.
enum class Takes { kNothing, kListings, kFile, kWhatIf, kInference, kIndex, kRepository, kMlflow };
enum class Gives {
  kAnything,
  kHtml,
  kObject,
  kPredictions,
  kRows,
  kWhatIf,
  kInference,
  kModel,
  kReady,
  kIndex,
  kMlflow,
};

struct Described {
  std::string_view name;  // Route::name
  std::string_view summary;
  std::string_view description;
  Takes takes;
  Gives gives;
  std::string_view query;  // fields, separated by spaces
};

constexpr auto kDescribed = std::to_array<Described>({
    {"predict", "Predict",
     "One listing, {\"listings\": [...]} or a bare list. Texts as the store shows them "
     "(\"19M\", \"10,000+\") and numbers are both taken, every field may be missing, and fields that the "
     "model "
     "does not know are named in a warning.",
     Takes::kListings, Gives::kPredictions, "model level reasons output"},
    {"predictFile", "Predict a file",
     "CSV with a header line, JSON Lines, or a form's multipart/form-data with "
     "one file. The answer has a line for each row, in the file's order, as CSV or, asked for by Accept or "
     "format, as JSON Lines; both ways stream, so that a file may have any length.",
     Takes::kFile, Gives::kRows, "model level reasons output format bad_rows"},
    {"explain", "Predict, with reasons",
     "The prediction in the parts that it is made of: a share for each field "
     "and one for all comparable apps together. base, all shares and the comparable share add up to "
     "unclipped.",
     Takes::kListings, Gives::kPredictions, "model level output"},
    {"whatIf", "Try changes",
     "Which changes of the listing go with a better rating; with target the fewest that "
     "reach it, with names what other names would be rated.",
     Takes::kWhatIf, Gives::kWhatIf, "model level"},
    {"serverMetadata", "Server metadata", "", Takes::kNothing, Gives::kObject, ""},
    {"serverLive", "Is the server alive", "", Takes::kNothing, Gives::kObject, ""},
    {"serverReady", "Does every model answer", "", Takes::kNothing, Gives::kReady, ""},
    {"modelMetadata", "Model metadata", "", Takes::kNothing, Gives::kModel, ""},
    {"modelVersionMetadata", "Metadata of a version", "", Takes::kNothing, Gives::kModel, ""},
    {"modelReady", "Does the model answer", "", Takes::kNothing, Gives::kReady, ""},
    {"modelVersionReady", "Does the version answer", "", Takes::kNothing, Gives::kReady, ""},
    {"modelInfer", "Infer",
     "One tensor of whole rows [rows, columns], or one a column by its name, [rows]. "
     "Outputs: predictions, lower and upper of the interval at parameters.level; asked for by name also "
     "treeshap_output, comparable_share and leaf. Tensors may be binary, both ways.",
     Takes::kInference, Gives::kInference, ""},
    {"modelVersionInfer", "Infer by a version", "As infer, refused when another version answers.",
     Takes::kInference, Gives::kInference, ""},
    {"repositoryIndex", "List the models", "", Takes::kIndex, Gives::kIndex, ""},
    {"repositoryModelLoad", "Load what the model's address names now",
     "Loaded, checked and warmed up aside; then it takes over. On an error the old version stays.",
     Takes::kRepository, Gives::kObject, ""},
    {"repositoryModelUnload", "Take the model out of service", "", Takes::kRepository, Gives::kObject, ""},
    {"invoke", "Predict by MLflow's protocol",
     "dataframe_split, dataframe_records, instances or inputs; or "
     "CSV.",
     Takes::kMlflow, Gives::kMlflow, ""},
    {"invokeModel", "Predict by MLflow's protocol, of a model by its name", "", Takes::kMlflow,
     Gives::kMlflow, ""},
    {"ping", "Alive", "", Takes::kNothing, Gives::kAnything, ""},
    {"health", "Alive", "", Takes::kNothing, Gives::kAnything, ""},
    {"version", "The server's version", "", Takes::kNothing, Gives::kAnything, ""},
    {"openapi", "This document", "", Takes::kNothing, Gives::kObject, ""},
    {"docs", "A page of all calls, with forms to try them", "", Takes::kNothing, Gives::kHtml, ""},
    {"try", "A page for publishers", "", Takes::kNothing, Gives::kHtml, ""},
    {"tryFile", "The first predictions of a file, as a page", "The page's own form sends here.", Takes::kFile,
     Gives::kHtml, "model level"},
});

constexpr std::array<std::string_view, 4> kResources = {"predictions", "inference protocol", "invocations",
                                                        "documents"};

const Described* described(std::string_view name) {
  for (const Described& each : kDescribed) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

Json reference(std::string name) {
  return JsonObject{{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

Json typed(std::string_view type) {
  return JsonObject{{"type", type}};
}

Json list_of(Json items) {
  return JsonObject{{"type", "array"}, {"items", std::move(items)}};
}

Json object_of(JsonObject properties, std::vector<std::string_view> required = {}) {
  Json json = JsonObject{{"type", "object"}, {"properties", std::move(properties)}};
  JsonArray names;
  for (const std::string_view name : required) names.push_back(name);
  if (!names.empty()) json.set("required", std::move(names));
  return json;
}

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

std::string name_of_column(const model::Signature& signature, std::size_t index) {
  const std::string& name = signature.inputs[index].name;
  return name.empty() ? std::to_string(index) : name;
}

// The versions that answer now.
std::vector<std::shared_ptr<const Version>> versions_of(const Service& service) {
  std::vector<std::shared_ptr<const Version>> versions;
  for (const Slot* const slot : service.slots.all()) {
    if (std::shared_ptr<const Version> version = slot->current()) versions.push_back(std::move(version));
  }
  return versions;
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

Json values_schema(const Version& version) {
  const Json one = typed(version.model.scorer->answers_integers() ? "integer" : "number");
  return version.model.scorer->width() == 1 ? one : list_of(one);
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

// Writes one document.
class Writer {
 public:
  Writer(const http::RouteTable& routes, const Service& service)
      : routes_(routes), service_(service), versions_(versions_of(service)) {}

  Json document() const {
    JsonObject paths;
    for (const std::unique_ptr<http::Route>& route : routes_.routes()) {
      const auto ours = std::find(kResources.begin(), kResources.end(), route->resource);
      const std::string& prefix = service_.options.path_prefix;
      if (ours == kResources.end() || !route->pattern.starts_with(prefix)) continue;
      const std::string path = route->pattern.substr(prefix.size());
      auto place = std::find_if(paths.begin(), paths.end(),
                                [&path](const codec::JsonMember& member) { return member.first == path; });
      if (place == paths.end()) place = paths.insert(paths.end(), {path, JsonObject{}});
      place->second.set(core::ascii_lower(http::name_of(route->method)), operation(*route));
    }
    JsonObject schemas = fixed_schemas();
    for (const std::shared_ptr<const Version>& version : versions_) {
      schemas.emplace_back(schema_name("Listing", version->slot), listing_schema(*version));
      schemas.emplace_back(schema_name("Prediction", version->slot), prediction_schema(*version));
    }
    JsonArray tags;
    for (const std::string_view resource : kResources) tags.push_back(JsonObject{{"name", resource}});
    return JsonObject{
        {"openapi", "3.1.0"},
        {"info", JsonObject{{"title", "starcast"},
                            {"version", service_.options.version.empty() ? "0" : service_.options.version},
                            {"description", description()}}},
        {"servers", JsonArray{JsonObject{{"url", "."}}}},
        {"tags", std::move(tags)},
        {"paths", std::move(paths)},
        {"components", JsonObject{{"schemas", std::move(schemas)}}}};
  }

 private:
  std::string description() const {
    std::vector<std::string> models;
    for (const std::shared_ptr<const Version>& version : versions_)
      models.push_back(fmt::format("{} (version {})", version->slot, version->model.version));
    return fmt::format("Predictions with their intervals and reasons. Models in service: {}.",
                       models.empty() ? std::string("none") : fmt::format("{}", fmt::join(models, ", ")));
  }

  Json operation(const http::Route& route) const {
    const Described* const words = described(route.name);
    Json json = JsonObject{{"operationId", route.name},
                           {"tags", JsonArray{Json(route.resource)}},
                           {"summary", words == nullptr ? std::string_view(route.name) : words->summary}};
    if (words != nullptr && !words->description.empty()) json.set("description", words->description);
    JsonArray parameters = path_parameters(route.pattern);
    if (words != nullptr) add_query(*words, parameters);
    if (!parameters.empty()) json.set("parameters", std::move(parameters));
    if (words != nullptr) add_body(*words, json);
    json.set("responses", responses(route, words));
    return json;
  }

  JsonArray path_parameters(std::string_view pattern) const {
    JsonArray parameters;
    std::size_t begin = 0;
    while ((begin = pattern.find('{', begin)) != std::string_view::npos) {
      const std::size_t end = pattern.find('}', begin);
      const std::string_view name = pattern.substr(begin + 1, end - begin - 1);
      Json parameter =
          JsonObject{{"name", name}, {"in", "path"}, {"required", true}, {"schema", typed("string")}};
      if (!versions_.empty()) {
        const Version& first = *versions_.front();
        if (name == "model") {
          JsonArray slots;
          for (const std::shared_ptr<const Version>& version : versions_) slots.push_back(version->slot);
          parameter.set("example", first.slot);
          parameter.set("schema", JsonObject{{"type", "string"}, {"enum", std::move(slots)}});
        }
        if (name == "version") parameter.set("example", first.model.version);
      }
      parameters.push_back(std::move(parameter));
      begin = end;
    }
    return parameters;
  }

  void add_query(const Described& words, JsonArray& parameters) const {
    if (words.query.empty()) return;
    for (const std::string_view name : core::split(words.query, ' ')) {
      const auto add = [&](std::string_view says, Json schema) {
        parameters.push_back(JsonObject{
            {"name", name}, {"in", "query"}, {"description", says}, {"schema", std::move(schema)}});
      };
      if (name == "model") {
        JsonArray slots;
        for (const std::shared_ptr<const Version>& version : versions_) slots.push_back(version->slot);
        Json schema = typed("string");
        if (!slots.empty()) schema.set("enum", std::move(slots));
        add("which model; the first when left out", std::move(schema));
      } else if (name == "level") {
        JsonArray levels;
        if (!versions_.empty()) {
          for (const double level : versions_.front()->model.scorer->levels()) levels.push_back(level);
        }
        if (levels.empty()) continue;
        Json schema = typed("number");
        schema.set("enum", std::move(levels));
        schema.set("default", 0.8);
        add("how often the interval should hold the truth", std::move(schema));
      } else if (name == "reasons") {
        Json schema = typed("boolean");
        schema.set("default", false);
        add("with reasons and comparable apps", std::move(schema));
      } else if (name == "output") {
        if (versions_.empty() || versions_.front()->model.scorer->width() == 1) continue;
        Json schema = typed("integer");
        schema.set("minimum", 0);
        schema.set("maximum", versions_.front()->model.scorer->width() - 1);
        add("the class that is explained", std::move(schema));
      } else if (name == "format") {
        Json schema = typed("string");
        schema.set("enum", JsonArray{"csv", "jsonl"});
        add("of the answer; otherwise by Accept", std::move(schema));
      } else if (name == "bad_rows") {
        Json schema = typed("string");
        schema.set("enum", JsonArray{"refuse", "note"});
        schema.set("default", "refuse");
        add("a row that cannot be read: an error that names its line, or an answer of nothing but a warning",
            std::move(schema));
      }
    }
  }

  Json listing_reference() const {
    JsonArray any;
    for (const std::shared_ptr<const Version>& version : versions_)
      any.push_back(reference(schema_name("Listing", version->slot)));
    if (any.empty()) return typed("object");
    if (any.size() == 1) return std::move(any.front());
    return JsonObject{{"anyOf", std::move(any)}};
  }

  static Json without(Json schema, std::string_view member) {
    return JsonObject{
        {"allOf", JsonArray{std::move(schema),
                            Json(JsonObject{{"not", JsonObject{{"required", JsonArray{Json(member)}}}}})}}};
  }

  Json content(std::string_view media_type, Json schema, JsonObject examples = {}) const {
    Json body = JsonObject{{"schema", std::move(schema)}};
    if (!examples.empty()) {
      JsonObject named;
      for (codec::JsonMember& example : examples)
        named.emplace_back(example.first, JsonObject{{"value", std::move(example.second)}});
      body.set("examples", std::move(named));
    }
    return JsonObject{{std::string(media_type), std::move(body)}};
  }

  void add_body(const Described& words, Json& operation) const {
    Json content_json;
    bool required = true;
    const Json listing = versions_.empty() ? Json(JsonObject{}) : example_listing(*versions_.front());
    switch (words.takes) {
      case Takes::kNothing:
        return;
      case Takes::kListings: {
        Json many = object_of({{"listings", list_of(listing_reference())}}, {"listings"});
        many.set("additionalProperties", false);
        content_json =
            content("application/json",
                    JsonObject{{"anyOf", JsonArray{without(listing_reference(), "listings"),
                                                   list_of(listing_reference()), std::move(many)}}},
                    {{"one listing", listing},
                     {"several", JsonObject{{"listings", JsonArray{listing, Json(JsonObject{})}}}}});
        break;
      }
      case Takes::kWhatIf: {
        Json target = JsonObject{{"type", JsonArray{"number", "null"}}};
        Json names =
            JsonObject{{"type", JsonArray{"array", "null"}}, {"items", typed("string")}, {"maxItems", 50}};
        Json asked = object_of(
            {{"listing", listing_reference()}, {"target", std::move(target)}, {"names", std::move(names)}},
            {"listing"});
        asked.set("additionalProperties", false);
        content_json = content(
            "application/json",
            JsonObject{{"anyOf", JsonArray{std::move(asked), without(listing_reference(), "listing")}}},
            {{"a target", JsonObject{{"listing", listing}, {"target", 4.5}}}, {"one listing", listing}});
        break;
      }
      case Takes::kFile: {
        content_json = content("text/csv", typed("string"), {{"a header and a row", csv_of(listing)}});
        content_json.set(
            "application/x-ndjson",
            JsonObject{
                {"schema", typed("string")},
                {"example", fmt::format("{}\n", codec::to_text(listing, codec::JsonStyle::kCompact))}});
        content_json.set(
            "multipart/form-data",
            JsonObject{{"schema", object_of({{"file", JsonObject{{"type", "string"}, {"format", "binary"}}}},
                                            {"file"})}});
        break;
      }
      case Takes::kInference:
        content_json =
            content("application/json", reference("InferenceRequest"), {{"a row", inference_of(listing)}});
        break;
      case Takes::kIndex:
        required = false;
        content_json = content("application/json", object_of({{"ready", typed("boolean")}}),
                               {{"those that answer", JsonObject{{"ready", true}}}});
        break;
      case Takes::kRepository:
        required = false;
        content_json = content("application/json", object_of({{"parameters", typed("object")}}),
                               {{"nothing", JsonObject{}}});
        break;
      case Takes::kMlflow: {
        JsonArray records{listing};
        content_json =
            content("application/json", typed("object"),
                    {{"dataframe_records", JsonObject{{"dataframe_records", std::move(records)}}}});
        content_json.set("text/csv", JsonObject{{"schema", typed("string")}, {"example", csv_of(listing)}});
        break;
      }
    }
    operation.set("requestBody", JsonObject{{"required", required}, {"content", std::move(content_json)}});
  }

  static std::string csv_of(const Json& listing) {
    std::vector<std::string> names;
    std::vector<std::string> cells;
    for (const codec::JsonMember& member : std::get<JsonObject>(listing.value())) {
      const auto quoted = [](std::string text) {
        if (text.find_first_of(",\"\n") == std::string::npos) return text;
        return fmt::format("\"{}\"", core::replaced(text, "\"", "\"\""));
      };
      names.push_back(quoted(member.first));
      if (member.second.is_null()) {
        cells.emplace_back();
      } else if (const auto* const text = std::get_if<std::string>(&member.second.value())) {
        cells.push_back(quoted(*text));
      } else {
        cells.push_back(codec::to_text(member.second, codec::JsonStyle::kCompact));
      }
    }
    return fmt::format("{}\n{}\n", fmt::join(names, ","), fmt::join(cells, ","));
  }

  static Json inference_of(const Json& listing) {
    JsonArray inputs;
    bool all_numbers = true;
    JsonArray row;
    for (const codec::JsonMember& member : std::get<JsonObject>(listing.value())) {
      all_numbers = all_numbers && !member.second.is_string();
      row.push_back(member.second);
      Json value = member.second;
      const char* datatype = "FP64";
      if (value.is_string()) datatype = "BYTES";
      inputs.push_back(JsonObject{{"name", member.first},
                                  {"shape", JsonArray{Json(1)}},
                                  {"datatype", datatype},
                                  {"data", JsonArray{std::move(value)}}});
    }
    if (all_numbers) {
      const std::size_t width = row.size();
      inputs = JsonArray{Json(JsonObject{{"name", "input"},
                                         {"shape", JsonArray{Json(1), Json(width)}},
                                         {"datatype", "FP64"},
                                         {"data", std::move(row)}})};
    }
    return JsonObject{{"id", "1"}, {"inputs", std::move(inputs)}};
  }

  Json prediction_reference() const {
    JsonArray any;
    for (const std::shared_ptr<const Version>& version : versions_)
      any.push_back(reference(schema_name("Prediction", version->slot)));
    if (any.empty()) return typed("object");
    if (any.size() == 1) return std::move(any.front());
    return JsonObject{{"anyOf", std::move(any)}};
  }

  Json success(Gives gives) const {
    const std::string_view json = "application/json";
    switch (gives) {
      case Gives::kAnything:
        return JsonObject{{std::string(json), JsonObject{}}};
      case Gives::kHtml:
        return content("text/html", typed("string"));
      case Gives::kObject:
      case Gives::kReady:
        return content(json, typed("object"));
      case Gives::kMlflow:
        return content(json, object_of({{"predictions", JsonObject{}}}, {"predictions"}));
      case Gives::kPredictions: {
        Json many = object_of({{"predictions", list_of(prediction_reference())},
                               {"model", reference("Model")},
                               {"trained_on", typed("object")}},
                              {"predictions", "model"});
        return content(json, JsonObject{{"anyOf", JsonArray{prediction_reference(), std::move(many)}}});
      }
      case Gives::kRows: {
        Json rows = content("text/csv", typed("string"));
        rows.set("application/x-ndjson", JsonObject{{"schema", typed("string")}});
        return rows;
      }
      case Gives::kWhatIf:
        return content(json, reference("WhatIf"));
      case Gives::kInference:
        return content(json, reference("InferenceResponse"));
      case Gives::kModel:
        return content(json, reference("ModelMetadata"));
      case Gives::kIndex:
        return content(json, list_of(reference("RepositoryModel")));
    }
    return Json();
  }

  // The error is the protocol's own.
  Json error_content(const http::Route& route, Gives gives) const {
    if (route.resource == "predictions") return content("application/json", reference("Error"));
    if (gives == Gives::kReady) return content("application/json", typed("object"));
    if (route.resource == "inference protocol")
      return content("application/json", reference("InferenceError"));
    if (gives == Gives::kHtml) return content("text/html", typed("string"));
    Json any = content("application/json", typed("object"));
    any.set("text/plain", JsonObject{{"schema", typed("string")}});
    return any;
  }

  Json responses(const http::Route& route, const Described* words) const {
    const Gives gives = words == nullptr ? Gives::kAnything : words->gives;
    Json all = JsonObject{{"200", JsonObject{{"description", "the answer"}, {"content", success(gives)}}}};
    const bool can_fail = (words != nullptr && words->takes != Takes::kNothing) ||
                          route.pattern.find('{') != std::string::npos || gives == Gives::kReady;
    if (!can_fail) return all;
    all.set("4XX", JsonObject{{"description", "the request is wrong; the message names the field or line"},
                              {"content", error_content(route, gives)}});
    all.set("503", JsonObject{{"description", "no version of the model answers now"},
                              {"content", error_content(route, gives)}});
    return all;
  }

  const http::RouteTable& routes_;
  const Service& service_;
  std::vector<std::shared_ptr<const Version>> versions_;
};

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

Json openapi_document(const http::RouteTable& routes, const Service& service) {
  return Writer(routes, service).document();
}

}  // namespace starcast::serve
