#include "serve/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/strings.h"
#include "serve/example_listing.h"
#include "serve/openapi_schemas.h"

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

// The versions that answer now.
std::vector<std::shared_ptr<const Version>> versions_of(const Service& service) {
  std::vector<std::shared_ptr<const Version>> versions;
  for (const Slot* const slot : service.slots.all()) {
    if (std::shared_ptr<const Version> version = slot->current()) versions.push_back(std::move(version));
  }
  return versions;
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

}  // namespace

Json openapi_document(const http::RouteTable& routes, const Service& service) {
  return Writer(routes, service).document();
}

}  // namespace starcast::serve
