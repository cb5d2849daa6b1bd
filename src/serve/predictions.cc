#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "codec/json.h"
#include "codec/number.h"
#include "core/strings.h"
#include "serve/api_errors.h"
#include "serve/prediction_query.h"
#include "serve/service.h"
#include "serve/upload_answer.h"

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

constexpr std::string_view kProtocol = "v1";
constexpr std::string_view kResource = "predictions";
constexpr std::size_t kNamesMax = 50;

Response unsupported_type(std::string message) {
  Response response = prediction_error(Error(ErrorCode::kInvalidInput, std::move(message)));
  response.status = 415;
  return response;
}

void tell_model(const Version& version, Response& response) {
  response.headers.set("Starcast-Model", version.slot);
  response.headers.set("Starcast-Model-Version", version.model.version);
}

Response json_response(const Json& body, const Version& version) {
  Response response;
  response.headers.set("Content-Type", "application/json");
  tell_model(version, response);
  response.body = codec::to_text(body, codec::JsonStyle::kCompact);
  return response;
}

// The listings of a body, and whether they came as a list.
struct Body {
  Json json;
  const JsonArray* list = nullptr;  // of `json`; null: it is one listing itself
};

Result<const JsonArray*> list_of(const Json& json) {
  if (json.is_array()) return TRY(json.as_array());
  const JsonObject* const members = TRY(json.as_object());
  const Json* const listings = json.find("listings");
  if (listings == nullptr) return static_cast<const JsonArray*>(nullptr);
  for (const codec::JsonMember& member : *members) {
    if (member.first != "listings")
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("'{}' beside 'listings' is not taken", member.first));
  }
  return TRY(listings->as_array(), "listings");
}

class Predictions {
 public:
  explicit Predictions(const Service& service) : service_(service) {}

  const Service& service() const { return service_; }

  Result<Response> predict(const Request& request, Place& place) const {
    PredictionQuery query =
        TRY(read_query(request, service_, {"model", "level", "reasons", "output"}, place));
    return answer(request, query, place);
  }

  Result<Response> explain(const Request& request, Place& place) const {
    PredictionQuery query = TRY(read_query(request, service_, {"model", "level", "output"}, place));
    query.answer.reasons = true;
    return answer(request, query, place);
  }

  // {"listing": {...}, "target": 4.5, "names": ["..."]}, or the listing alone.
  Result<Response> what_if(const Request& request, Place& place) const {
    const PredictionQuery query = TRY(read_query(request, service_, {"model", "level"}, place));
    const Json json = TRY(codec::parse_json(request.body));
    TRY(json.as_object());
    const Json* listing = json.find("listing");
    model::WhatIfOptions options;
    if (query.answer.level != kNoLevel)
      options.level = query.version->model.scorer->levels()[query.answer.level];
    if (listing == nullptr) {
      listing = &json;
    } else {
      TRY(listing->as_object(), "listing");
      TRY(read_options(json, options, place));
    }
    const core::Ticks start = service_.clock.elapsed();
    PredictionRows rows(*query.version->model.scorer);
    TRY(rows.add(*listing, place));
    Json answer = TRY(query.version->model.scorer->what_if(rows.rows(), 0, options));
    JsonArray warnings;
    for (const std::string& warning : rows.warnings(0)) warnings.push_back(warning);
    answer.set("warnings", std::move(warnings));
    answer.set("model", model_json(*query.version));
    RequestFigures figures;
    figures.rows = 1;
    figures.seconds[2] = core::seconds_between(start, service_.clock.elapsed());
    count_request(service_, *query.version, kProtocol, figures, rows.rows());
    return json_response(answer, *query.version);
  }

 private:
  static Result<void> read_options(const Json& json, model::WhatIfOptions& options, Place& place) {
    for (const codec::JsonMember& member : *TRY(json.as_object())) {
      place.field = member.first;
      if (member.first == "target") {
        if (!member.second.is_null()) options.target = TRY(member.second.as_double(), "target");
      } else if (member.first == "names") {
        if (member.second.is_null()) continue;
        for (const Json& name : *TRY(member.second.as_array(), "names")) {
          if (options.names.size() == kNamesMax)
            return Error(ErrorCode::kTooLarge, fmt::format("names: at most {} are taken", kNamesMax));
          options.names.push_back(TRY(name.as_string(), "names"));
        }
      } else if (member.first != "listing") {
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("'{}' beside 'listing' is not taken", member.first));
      }
    }
    place.field.clear();
    return {};
  }

  Result<Response> answer(const Request& request, const PredictionQuery& query, Place& place) const {
    const Version& version = *query.version;
    const model::RowScorer& scorer = *version.model.scorer;
    const core::Ticks start = service_.clock.elapsed();
    const core::Ticks deadline = start + service_.options.time_max;
    const Json json = TRY(codec::parse_json(request.body));
    const JsonArray* const list = TRY(list_of(json));
    PredictionRows rows(scorer);
    if (list == nullptr) {
      TRY(rows.add(json, place));
    } else {
      if (list->size() > service_.options.rows_max) {
        return Error(ErrorCode::kTooLarge,
                     fmt::format("{} listings are more than the {} of a request; send them as a file to "
                                 "/v1/predict/csv",
                                 list->size(), service_.options.rows_max));
      }
      for (const Json& listing : *list) {
        place.row = rows.size();
        TRY(rows.add(listing, place), fmt::format("listing {}", *place.row));
      }
      place = {};
    }
    const core::Ticks decoded = service_.clock.elapsed();
    model::RowScores scores;
    TRY(score_rows(scorer, rows.rows(), 0, rows.size(), service_.options.threads, service_.clock, deadline,
                   scores));
    const core::Ticks scored = service_.clock.elapsed();
    JsonArray answers;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (service_.clock.elapsed() > deadline)
        return Error(ErrorCode::kDeadlineExceeded, "request processing time exceeded limit");
      const RowAnswer row = TRY(answer_of(version, rows, i, scores, i, query.answer));
      answers.push_back(to_json(row, version, rows));
    }
    Json body =
        list == nullptr ? std::move(answers.front()) : Json(JsonObject{{"predictions", std::move(answers)}});
    body.set("model", model_json(version));
    body.set("trained_on", about_json(version));
    Response response = json_response(body, version);
    const core::Ticks written = service_.clock.elapsed();
    RequestFigures figures;
    figures.rows = rows.size();
    figures.seconds = {core::seconds_between(start, decoded), scores.encode_seconds,
                       std::max(0.0, core::seconds_between(decoded, scored) - scores.encode_seconds),
                       core::seconds_between(scored, written)};
    count_request(service_, version, kProtocol, figures, rows.rows());
    return response;
  }

  Service service_;
};

using Answer = Result<Response> (Predictions::*)(const Request&, Place&) const;

// Errors in this API's words; only JSON is taken.
http::Handler json_handler(std::shared_ptr<const Predictions> predictions, Answer answer) {
  return [predictions = std::move(predictions), answer](const Request& request) -> Result<Response> {
    const std::string_view type = request.headers.find("Content-Type").value_or("application/json");
    const std::string media_type = core::ascii_lower(core::trimmed(core::split(type, ';').front()));
    if (media_type != "application/json") {
      return unsupported_type(fmt::format(
          "Content-Type '{}' is not taken; send application/json, or a file to /v1/predict/csv", media_type));
    }
    Place place;
    Result<Response> response = ((*predictions).*answer)(request, place);
    if (response) return response;
    if (const auto kind = scoring_error_of(response.error().code()))
      predictions->service().metrics.count(*kind);
    return prediction_error(response.error(), place);
  };
}

// Takes no file, and says why.
class RefusedUpload final : public http::BodyReceiver {
 public:
  explicit RefusedUpload(Response response) : response_(std::move(response)) {}
  Result<void> write(std::string_view) override { return {}; }
  Result<Response> finish() override { return std::move(response_); }

 private:
  Response response_;
};

AnswerFormat format_of(const Request& request) {
  const std::string accept = core::ascii_lower(request.headers.find("Accept").value_or(""));
  for (const std::string_view type : {"application/x-ndjson", "application/ndjson", "application/jsonl"}) {
    if (accept.find(type) != std::string::npos) return AnswerFormat::kJsonLines;
  }
  return AnswerFormat::kCsv;
}

class FilePredictions final : public http::BodyReceiver {
 public:
  FilePredictions(const Service& service, PredictionQuery query, UploadAnswerOptions options,
                  std::unique_ptr<Upload> upload)
      : service_(service), query_(std::move(query)), options_(options), upload_(std::move(upload)) {}

  static Result<std::unique_ptr<http::BodyReceiver>> create(const Request& request, const Service& service) {
    Place place;
    Result<std::unique_ptr<http::BodyReceiver>> receiver = begin(request, service, place);
    if (receiver) return receiver;
    const bool is_type = receiver.error().code() == ErrorCode::kUnsupported;
    return std::unique_ptr<http::BodyReceiver>(std::make_unique<RefusedUpload>(
        is_type ? unsupported_type(receiver.error().message()) : prediction_error(receiver.error(), place)));
  }

  Result<void> write(std::string_view bytes) override {
    if (failure_) return {};
    Result<void> written = upload_->write(bytes);
    if (!written) failure_ = std::move(written).error();
    return {};
  }

  Result<Response> finish() override {
    if (failure_) return prediction_error(*failure_);
    Place place;
    Result<Response> response = answer(place);
    if (response) return response;
    if (response.error().code() == ErrorCode::kUnsupported)
      return unsupported_type(response.error().message());
    if (const auto kind = scoring_error_of(response.error().code())) service_.metrics.count(*kind);
    return prediction_error(response.error(), place);
  }

 private:
  static Result<std::unique_ptr<http::BodyReceiver>> begin(const Request& request, const Service& service,
                                                           Place& place) {
    PredictionQuery query = TRY(
        read_query(request, service, {"model", "level", "reasons", "output", "format", "bad_rows"}, place));
    UploadAnswerOptions options;
    options.answer = query.answer;
    options.format = query.format.value_or(format_of(request));
    options.on_bad_row = query.on_bad_row;
    std::unique_ptr<Upload> upload =
        TRY(Upload::create(request.headers.find("Content-Type").value_or(""), service.files,
                           service.options.scratch_folder, service.clock));
    return std::unique_ptr<http::BodyReceiver>(
        std::make_unique<FilePredictions>(service, std::move(query), options, std::move(upload)));
  }

  Result<Response> answer(Place& place) {
    UploadedFile file = TRY(upload_->finish());
    const model::RowScorer& scorer = *query_.version->model.scorer;
    TRY(check_upload(*file.checked, file.kind, options_.on_bad_row, scorer, place));
    if (options_.answer.reasons) {
      // A model without reasons has to say so before the answer begins.
      PredictionRows any(scorer);
      TRY(any.add(Json(JsonObject{}), place));
      TRY(scorer.explain(any.rows(), 0, options_.answer.output));
    }
    Response response;
    const bool is_csv = options_.format == AnswerFormat::kCsv;
    response.headers.set("Content-Type",
                         is_csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson");
    response.headers.set("Content-Disposition",
                         fmt::format("attachment; filename=\"predictions.{}\"", is_csv ? "csv" : "jsonl"));
    tell_model(*query_.version, response);
    if (options_.answer.level != kNoLevel)
      response.headers.set("Starcast-Level", codec::to_shortest(scorer.levels()[options_.answer.level]));
    response.stream = std::make_unique<UploadAnswer>(service_, query_.version, std::move(file), options_);
    return response;
  }

  Service service_;
  PredictionQuery query_;
  UploadAnswerOptions options_;
  std::unique_ptr<Upload> upload_;
  std::optional<Error> failure_{};
};

}  // namespace

void add_prediction_routes(http::RouteTable& routes, const Service& service) {
  const auto predictions = std::make_shared<const Predictions>(service);
  struct Entry {
    std::string_view pattern;
    std::string_view name;
    Answer answer;
    http::Where where;
  };
  constexpr std::array<Entry, 3> kEntries = {{
      {"/v1/predict", "predict", &Predictions::predict, http::Where::kBySize},
      {"/v1/explain", "explain", &Predictions::explain, http::Where::kPool},
      {"/v1/whatif", "whatIf", &Predictions::what_if, http::Where::kPool},
  }};
  for (const Entry& entry : kEntries) {
    http::Route route{Method::kPost, service.options.path_prefix + std::string(entry.pattern),
                      http::Permission::kRead, entry.where, json_handler(predictions, entry.answer)};
    route.name = entry.name;
    route.resource = kResource;
    route.body_bytes_max = service.options.body_bytes_max;
    route.inline_body_bytes = std::size_t{4} << 10;
    routes.add(std::move(route));
  }
  http::Route upload{Method::kPost, service.options.path_prefix + "/v1/predict/csv", http::Permission::kRead,
                     http::Where::kPool, nullptr};
  upload.receiver = [service](const Request& request) { return FilePredictions::create(request, service); };
  upload.name = "predictFile";
  upload.resource = kResource;
  upload.body_bytes_max = service.options.upload_bytes_max;
  routes.add(std::move(upload));
}

}  // namespace starcast::serve
