#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "codec/json.h"
#include "codec/number.h"
#include "core/numeric.h"
#include "core/strings.h"
#include "serve/api_errors.h"
#include "serve/row_scoring.h"
#include "serve/service.h"
#include "serve/tensor.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::string_view kProtocol = "v2";
constexpr std::string_view kResource = "inference protocol";
constexpr std::string_view kJsonLength = "Inference-Header-Content-Length";
constexpr std::string_view kWholeRows = "input";  // the tensor of [rows, columns]
// Outputs, in the order of an answer that names none; the last three only when asked for.
constexpr std::string_view kPredictions = "predictions";
constexpr std::string_view kLower = "lower";
constexpr std::string_view kUpper = "upper";
constexpr std::string_view kShares = "treeshap_output";
constexpr std::string_view kComparableShare = "comparable_share";
constexpr std::string_view kLeaves = "leaf";
constexpr std::size_t kOutputElementsMax = std::size_t{1} << 27;

Response json_response(const Json& body, int status = 200) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = codec::to_text(body, codec::JsonStyle::kCompact);
  return response;
}

bool takes_whole_rows(const model::Signature& signature) {
  return std::all_of(signature.inputs.begin(), signature.inputs.end(),
                     [](const model::Column& column) { return model::is_number(column.type); });
}

std::string_view datatype_of(model::ColumnType type) {
  switch (type) {
    case model::ColumnType::kBoolean:
      return "BOOL";
    case model::ColumnType::kInteger:
      return "INT32";
    case model::ColumnType::kLong:
      return "INT64";
    case model::ColumnType::kFloat:
      return "FP32";
    case model::ColumnType::kDouble:
      return "FP64";
    case model::ColumnType::kString:
    case model::ColumnType::kBinary:
    case model::ColumnType::kDatetime:
    case model::ColumnType::kAny:
      return "BYTES";
  }
  return "BYTES";
}

std::string_view values_datatype(const model::RowScorer& scorer) {
  return scorer.answers_integers() ? "INT64" : "FP64";
}

Json tensor_metadata(std::string_view name, std::string_view datatype, std::vector<std::int64_t> shape) {
  JsonArray extents;
  for (const std::int64_t extent : shape) extents.push_back(extent);
  return JsonObject{{"name", name}, {"datatype", datatype}, {"shape", std::move(extents)}};
}

std::vector<std::int64_t> shape_of(std::size_t width) {
  if (width == 1) return {-1};
  return {-1, static_cast<std::int64_t>(width)};
}

Json metadata_of(const Version& version) {
  const model::RowScorer& scorer = *version.model.scorer;
  const std::vector<model::Column>& columns = scorer.signature().inputs;
  JsonArray inputs;
  if (takes_whole_rows(scorer.signature())) {
    JsonArray names;
    for (const model::Column& column : columns) names.push_back(column.name);
    Json input = tensor_metadata(kWholeRows, "FP64", {-1, static_cast<std::int64_t>(columns.size())});
    input.set("parameters", JsonObject{{"columns", std::move(names)}});
    inputs.push_back(std::move(input));
  } else {
    for (const model::Column& column : columns)
      inputs.push_back(tensor_metadata(column.name, datatype_of(column.type), {-1}));
  }
  JsonArray outputs{tensor_metadata(kPredictions, values_datatype(scorer), shape_of(scorer.width()))};
  if (!scorer.levels().empty()) {
    outputs.push_back(tensor_metadata(kLower, "FP64", {-1}));
    outputs.push_back(tensor_metadata(kUpper, "FP64", {-1}));
  }
  JsonArray levels;
  for (const double level : scorer.levels()) levels.push_back(level);
  return JsonObject{
      {"name", version.slot},          {"versions", JsonArray{Json(version.model.version)}},
      {"platform", scorer.flavor()},   {"inputs", std::move(inputs)},
      {"outputs", std::move(outputs)}, {"parameters", JsonObject{{"levels", std::move(levels)}}}};
}

// An output that is asked for.
struct Wanted {
  std::string name;
  bool is_binary = false;
};

// A request's JSON, understood.
struct Inference {
  Json id;  // null: none
  std::vector<Tensor> inputs;
  std::vector<Wanted> outputs;
  std::optional<double> level;
};

enum class Flag { kUnset, kFalse, kTrue };

Result<Flag> flag_of(const Json& json, std::string_view name) {
  const Json* const parameters = json.find("parameters");
  const Json* const member = parameters == nullptr ? nullptr : parameters->find(name);
  if (member == nullptr) return Flag::kUnset;
  const bool* const flag = std::get_if<bool>(&member->value());
  if (flag == nullptr)
    return Error(ErrorCode::kInvalidInput, fmt::format("parameters: {} is true or false", name));
  return *flag ? Flag::kTrue : Flag::kFalse;
}

Result<void> check_object(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  if (member != nullptr && !member->is_null()) TRY(member->as_object(), name);
  return {};
}

class Infer {
 public:
  Infer(const Service& service, const Version& version)
      : service_(service), version_(version), scorer_(*version.model.scorer) {}

  Result<Response> answer(const Request& request) {
    const core::Ticks start = service_.clock.elapsed();
    const core::Ticks deadline = start + service_.options.time_max;
    const Inference inference = TRY(read(request));
    rows_ = scorer_.make_rows();
    TRY(fill_rows(inference.inputs));
    const core::Ticks decoded = service_.clock.elapsed();
    TRY(score_rows(scorer_, *rows_, 0, rows_->size(), service_.options.threads, service_.clock, deadline,
                   scores_));
    const core::Ticks scored = service_.clock.elapsed();
    level_ = TRY(level_index(scorer_, inference.level));
    Response response = TRY(write(inference, deadline));
    const core::Ticks written = service_.clock.elapsed();
    RequestFigures figures;
    figures.rows = rows_->size();
    figures.seconds = {core::seconds_between(start, decoded), scores_.encode_seconds,
                       std::max(0.0, core::seconds_between(decoded, scored) - scores_.encode_seconds),
                       core::seconds_between(scored, written)};
    count_request(service_, version_, kProtocol, figures, *rows_);
    return response;
  }

 private:
  Result<Inference> read(const Request& request) {
    std::string_view text = request.body;
    std::string_view binary;
    if (const auto length = request.headers.find(kJsonLength)) {
      const std::optional<std::int64_t> bytes = codec::parse_int(core::trimmed(*length));
      if (!bytes || *bytes < 0 || static_cast<std::uint64_t>(*bytes) > text.size()) {
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} is '{}', but the body has {} bytes", kJsonLength, *length, text.size()));
      }
      binary = text.substr(static_cast<std::size_t>(*bytes));
      text = text.substr(0, static_cast<std::size_t>(*bytes));
    }
    const Json json = TRY(codec::parse_json(text, {codec::JsonDialect::kPython, 64}));
    TRY(json.as_object());
    TRY(check_object(json, "parameters"));
    Inference inference;
    if (const Json* const id = json.find("id"); id != nullptr && !id->is_null())
      inference.id = TRY(id->as_string(), "id");
    const std::size_t elements_max = service_.options.rows_max * std::max<std::size_t>(1, columns().size());
    for (const Json& input : *TRY(json.array_at("inputs"))) {
      TRY(check_object(input, "parameters"));
      inference.inputs.push_back(TRY(read_tensor(input, binary, elements_max)));
    }
    if (!binary.empty()) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{} bytes of binary data belong to no input", binary.size()));
    }
    if (const Json* const parameters = json.find("parameters")) {
      if (const Json* const level = parameters->find("level"))
        inference.level = TRY(level->as_double(), "parameters: level");
    }
    inference.outputs = TRY(read_outputs(json));
    return inference;
  }

  Result<std::vector<Wanted>> read_outputs(const Json& json) const {
    const bool all_binary = TRY(flag_of(json, "binary_data_output")) == Flag::kTrue;
    std::vector<Wanted> outputs;
    const Json* const asked = json.find("outputs");
    if (asked == nullptr || asked->is_null() || *asked == Json(JsonArray{})) {
      outputs.push_back({std::string(kPredictions), all_binary});
      if (!scorer_.levels().empty()) {
        outputs.push_back({std::string(kLower), all_binary});
        outputs.push_back({std::string(kUpper), all_binary});
      }
      return outputs;
    }
    for (const Json& output : *TRY(asked->as_array(), "outputs")) {
      TRY(check_object(output, "parameters"));
      const std::string name = TRY(output.string_at("name"), "outputs");
      const Flag flag = TRY(flag_of(output, "binary_data"), fmt::format("output '{}'", name));
      outputs.push_back({name, flag == Flag::kUnset ? all_binary : flag == Flag::kTrue});
    }
    return outputs;
  }

  const std::vector<model::Column>& columns() const { return scorer_.signature().inputs; }

  std::size_t column_of(std::string_view name) const {
    for (std::size_t i = 0; i < columns().size(); ++i) {
      if (columns()[i].name == name) return i;
    }
    return model::Rows::kNoColumn;
  }

  Result<void> set_cell(const Tensor& tensor, std::size_t element, std::size_t column) {
    const auto named = [&] { return fmt::format("input '{}': row {}", tensor.name, rows_->size() - 1); };
    if (tensor.is_text()) {
      const std::optional<std::string>& text = tensor.texts[element];
      if (text) TRY(rows_->set_text(column, *text), named());
      return {};
    }
    TRY(rows_->set_number(column, tensor.numbers[element]), named());
    return {};
  }

  Result<void> check_rows(std::size_t rows) const {
    if (rows <= service_.options.rows_max) return {};
    return Error(ErrorCode::kTooLarge,
                 fmt::format("{} rows are more than the {} of a request", rows, service_.options.rows_max));
  }

  // One tensor holds whole rows, or each holds a column.
  Result<void> fill_rows(const std::vector<Tensor>& inputs) {
    if (inputs.empty()) return Error(ErrorCode::kInvalidInput, "inputs: at least one tensor is needed");
    if (inputs.size() == 1 && column_of(inputs.front().name) == model::Rows::kNoColumn)
      return fill_whole(inputs.front());
    std::vector<std::size_t> places;
    const std::size_t rows = inputs.front().shape.empty() ? 1 : inputs.front().shape.front();
    for (const Tensor& tensor : inputs) {
      const std::size_t column = column_of(tensor.name);
      const auto refused = [&tensor](std::string why) {
        return Error(ErrorCode::kInvalidInput, fmt::format("input '{}': {}", tensor.name, why));
      };
      if (column == model::Rows::kNoColumn) return refused("the model has no such column");
      if (std::find(places.begin(), places.end(), column) != places.end()) return refused("given twice");
      const bool is_column =
          tensor.shape.size() == 1 || (tensor.shape.size() == 2 && tensor.shape.back() == 1);
      if (!is_column) return refused("the shape of a column is [rows] or [rows, 1]");
      if (tensor.shape.front() != rows)
        return refused(fmt::format("{} rows, but the first input has {}", tensor.shape.front(), rows));
      places.push_back(column);
    }
    TRY(check_rows(rows));
    for (std::size_t row = 0; row < rows; ++row) {
      rows_->add_row();
      for (std::size_t i = 0; i < inputs.size(); ++i) TRY(set_cell(inputs[i], row, places[i]));
    }
    return {};
  }

  Result<void> fill_whole(const Tensor& tensor) {
    const std::size_t width = columns().size();
    const bool is_row = tensor.shape.size() == 1 && tensor.shape.front() == width;
    const bool is_whole = tensor.shape.size() == 2 && tensor.shape.back() == width;
    if (!is_row && !is_whole) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("input '{}': the model has no such column, and whole rows have the shape "
                               "[rows, {}]",
                               tensor.name, width));
    }
    const std::size_t rows = is_row ? 1 : tensor.shape.front();
    TRY(check_rows(rows));
    for (std::size_t row = 0; row < rows; ++row) {
      rows_->add_row();
      for (std::size_t column = 0; column < width; ++column)
        TRY(set_cell(tensor, row * width + column, column));
    }
    return {};
  }

  Result<Response> write(const Inference& inference, core::Ticks deadline) {
    std::string text = fmt::format(R"({{"model_name":{},"model_version":{},)",
                                   codec::to_text(Json(version_.slot), codec::JsonStyle::kCompact),
                                   codec::to_text(Json(version_.model.version), codec::JsonStyle::kCompact));
    if (!inference.id.is_null())
      text += fmt::format(R"("id":{},)", codec::to_text(inference.id, codec::JsonStyle::kCompact));
    if (level_ != kNoLevel)
      text += fmt::format(R"("parameters":{{"level":{}}},)", codec::to_shortest(scorer_.levels()[level_]));
    text += R"("outputs":[)";
    std::string binary;
    bool is_binary = false;
    const char* separator = "";
    for (const Wanted& wanted : inference.outputs) {
      const Tensor output = TRY(output_of(wanted.name, deadline), fmt::format("output '{}'", wanted.name));
      text += std::exchange(separator, ",");
      text += write_tensor(output, wanted.is_binary ? &binary : nullptr);
      is_binary = is_binary || wanted.is_binary;
    }
    text += "]}";
    Response response;
    response.headers.set("Content-Type", is_binary ? "application/octet-stream" : "application/json");
    if (is_binary) response.headers.set(std::string(kJsonLength), std::to_string(text.size()));
    response.body = std::move(text);
    response.body += binary;
    return response;
  }

  Result<Tensor> output_of(std::string_view name, core::Ticks deadline) {
    Tensor tensor;
    tensor.name = name;
    tensor.datatype = "FP64";
    const std::size_t rows = rows_->size();
    tensor.shape = {rows};
    if (name == kPredictions) {
      tensor.datatype = values_datatype(scorer_);
      if (scores_.width != 1) tensor.shape.push_back(scores_.width);
      tensor.numbers = scores_.values;
      return tensor;
    }
    if (name == kLower || name == kUpper) {
      if (level_ == kNoLevel) return Error(ErrorCode::kInvalidInput, "this model gives no intervals");
      for (std::size_t row = 0; row < rows; ++row) {
        const model::Interval& interval = scores_.intervals[row * scores_.levels + level_];
        tensor.numbers.push_back(name == kLower ? interval.low : interval.high);
      }
      return tensor;
    }
    if (name == kShares || name == kComparableShare) return shares(std::move(tensor), deadline);
    if (name == kLeaves) {
      std::vector<std::int64_t> leaves;
      const std::size_t trees = TRY(scorer_.leaves(*rows_, 0, rows, leaves));
      tensor.datatype = "INT64";
      tensor.shape = {rows, trees};
      for (const std::int64_t leaf : leaves) tensor.numbers.push_back(static_cast<double>(leaf));
      return tensor;
    }
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("unknown; there are {}, {}, {}, {}, {}, {}", kPredictions, kLower, kUpper,
                             kShares, kComparableShare, kLeaves));
  }

  // As Triton lays it out: the columns' shares and the base, of each class where there are several.
  Result<Tensor> shares(Tensor tensor, core::Ticks deadline) {
    const std::size_t width = columns().size() + 1;
    const std::size_t outputs = scorer_.width();
    const std::size_t rows = rows_->size();
    if (rows * outputs > kOutputElementsMax / width)
      return Error(ErrorCode::kTooLarge, fmt::format("more than {} numbers", kOutputElementsMax));
    std::map<std::string, std::size_t, std::less<>> places;
    for (std::size_t i = 0; i < columns().size(); ++i) places.emplace(columns()[i].name, i);
    const bool is_comparable = tensor.name == kComparableShare;
    if (!is_comparable) tensor.numbers.resize(rows * outputs * width);
    for (std::size_t row = 0; row < rows; ++row) {
      if (service_.clock.elapsed() > deadline)
        return Error(ErrorCode::kDeadlineExceeded, "request processing time exceeded limit");
      for (std::size_t output = 0; output < outputs; ++output) {
        const model::RowExplanation explanation = TRY(scorer_.explain(*rows_, row, output));
        if (is_comparable) {
          tensor.numbers.push_back(explanation.comparable_share);
          continue;
        }
        double* const numbers = tensor.numbers.data() + (row * outputs + output) * width;
        for (const model::Reason& reason : explanation.reasons) {
          const auto place = places.find(reason.column);
          if (place != places.end()) numbers[place->second] = reason.share;
        }
        numbers[width - 1] = explanation.base;
      }
    }
    if (outputs != 1) tensor.shape.push_back(outputs);
    if (!is_comparable) tensor.shape.push_back(width);
    return tensor;
  }

  const Service& service_;
  const Version& version_;
  const model::RowScorer& scorer_;
  std::unique_ptr<model::Rows> rows_{};
  model::RowScores scores_{};
  std::size_t level_ = kNoLevel;
};

// The routes' handlers. Copied into each of them.
class InferenceProtocol {
 public:
  explicit InferenceProtocol(const Service& service) : service_(service) {}

  Result<Response> server_metadata(const Request&) const {
    return json_response(JsonObject{{"name", "starcast"},
                                    {"version", service_.options.version},
                                    {"extensions", JsonArray{"binary_tensor_data", "model_repository"}}});
  }

  Result<Response> live(const Request&) const { return json_response(JsonObject{{"live", true}}); }

  Result<Response> ready(const Request&) const {
    const bool ready = service_.slots.is_ready();
    return json_response(JsonObject{{"ready", ready}}, ready ? 200 : 503);
  }

  Result<Response> model_metadata(const Request& request) const {
    const std::shared_ptr<const Version> version = TRY(version_of(request));
    return json_response(metadata_of(*version));
  }

  Result<Response> model_ready(const Request& request) const {
    const Result<std::shared_ptr<const Version>> version = version_of(request);
    if (!version && version.error().code() != ErrorCode::kUnavailable) return version.error();
    return json_response(JsonObject{{"name", request.parameter("model")}, {"ready", version.has_value()}},
                         version ? 200 : 503);
  }

  Result<Response> infer(const Request& request) const {
    const std::shared_ptr<const Version> version = TRY(version_of(request));
    Result<Response> response = Infer(service_, *version).answer(request);
    if (!response) {
      if (const auto kind = scoring_error_of(response.error().code())) service_.metrics.count(*kind);
    }
    return response;
  }

  Result<Response> index(const Request& request) const {
    bool only_ready = false;
    if (!core::trimmed(request.body).empty()) {
      const Json body = TRY(codec::parse_json(request.body));
      TRY(body.as_object());
      if (const Json* const ready = body.find("ready"); ready != nullptr && !ready->is_null()) {
        const bool* const flag = std::get_if<bool>(&ready->value());
        if (flag == nullptr) return Error(ErrorCode::kInvalidInput, "ready: true or false is needed");
        only_ready = *flag;
      }
    }
    JsonArray models;
    for (const Slot* const slot : service_.slots.all()) {
      const SlotStatus status = slot->status();
      if (only_ready && !status.is_ready) continue;
      const char* const state = status.is_ready ? "READY" : status.is_loading ? "LOADING" : "UNAVAILABLE";
      models.push_back(JsonObject{
          {"name", status.name}, {"version", status.version}, {"state", state}, {"reason", status.failure}});
    }
    return json_response(models);
  }

  Result<Response> load(const Request& request) const {
    TRY(check_repository_body(request));
    TRY(service_.slots.load(request.parameter("model")));
    return json_response(JsonObject{});
  }

  Result<Response> unload(const Request& request) const {
    TRY(check_repository_body(request));
    TRY(service_.slots.unload(request.parameter("model")));
    return json_response(JsonObject{});
  }

 private:
  Result<std::shared_ptr<const Version>> version_of(const Request& request) const {
    const std::string& name = request.parameter("model");
    const Slot* const slot = service_.slots.find(name);
    if (slot == nullptr) return Error(ErrorCode::kNotFound, fmt::format("unknown model '{}'", name));
    std::shared_ptr<const Version> version = slot->current();
    if (version == nullptr)
      return Error(ErrorCode::kUnavailable, fmt::format("model '{}' is not ready", name));
    for (const auto& [parameter, value] : request.parameters) {
      if (parameter == "version" && value != version->model.version) {
        return Error(ErrorCode::kNotFound,
                     fmt::format("model '{}' has no version '{}' in service; it has '{}'", name, value,
                                 version->model.version));
      }
    }
    return version;
  }

  // A body may be absent; its parameters would replace what is in the registry, which nobody may.
  static Result<void> check_repository_body(const Request& request) {
    if (core::trimmed(request.body).empty()) return {};
    const Json body = TRY(codec::parse_json(request.body));
    TRY(body.as_object());
    TRY(check_object(body, "parameters"));
    const Json* const parameters = body.find("parameters");
    if (parameters == nullptr || parameters->is_null()) return {};
    for (const codec::JsonMember& parameter : *TRY(parameters->as_object())) {
      if (parameter.first != "unload_dependents")
        return Error(ErrorCode::kInvalidInput, fmt::format("parameters: {} is not taken", parameter.first));
    }
    return {};
  }

  Service service_;
};

struct Entry {
  Method method;
  std::string_view pattern;
  http::Permission permission;
  http::Where where;
  std::string_view name;
  Result<Response> (InferenceProtocol::*handler)(const Request&) const;
};

using enum http::Permission;
using enum http::Where;

constexpr std::array<Entry, 12> kEntries = {{
    {Method::kGet, "/v2", kRead, kInline, "serverMetadata", &InferenceProtocol::server_metadata},
    {Method::kGet, "/v2/health/live", kNone, kInline, "serverLive", &InferenceProtocol::live},
    {Method::kGet, "/v2/health/ready", kNone, kInline, "serverReady", &InferenceProtocol::ready},
    {Method::kGet, "/v2/models/{model}", kRead, kInline, "modelMetadata", &InferenceProtocol::model_metadata},
    {Method::kGet, "/v2/models/{model}/versions/{version}", kRead, kInline, "modelVersionMetadata",
     &InferenceProtocol::model_metadata},
    {Method::kGet, "/v2/models/{model}/ready", kRead, kInline, "modelReady", &InferenceProtocol::model_ready},
    {Method::kGet, "/v2/models/{model}/versions/{version}/ready", kRead, kInline, "modelVersionReady",
     &InferenceProtocol::model_ready},
    {Method::kPost, "/v2/models/{model}/infer", kRead, kBySize, "modelInfer", &InferenceProtocol::infer},
    {Method::kPost, "/v2/models/{model}/versions/{version}/infer", kRead, kBySize, "modelVersionInfer",
     &InferenceProtocol::infer},
    {Method::kPost, "/v2/repository/index", kRead, kInline, "repositoryIndex", &InferenceProtocol::index},
    {Method::kPost, "/v2/repository/models/{model}/load", kAdmin, kPool, "repositoryModelLoad",
     &InferenceProtocol::load},
    {Method::kPost, "/v2/repository/models/{model}/unload", kAdmin, kPool, "repositoryModelUnload",
     &InferenceProtocol::unload},
}};

}  // namespace

void add_inference_protocol_routes(http::RouteTable& routes, const Service& service) {
  const auto protocol = std::make_shared<const InferenceProtocol>(service);
  for (const Entry& entry : kEntries) {
    http::Route route{entry.method, service.options.path_prefix + std::string(entry.pattern),
                      entry.permission, entry.where,
                      [protocol, handler = entry.handler](const Request& request) -> Result<Response> {
                        Result<Response> response = ((*protocol).*handler)(request);
                        if (!response) return inference_error(response.error());
                        return response;
                      }};
    route.name = entry.name;
    route.resource = kResource;
    route.body_bytes_max = service.options.body_bytes_max;
    routes.add(std::move(route));
  }
}

}  // namespace starcast::serve
