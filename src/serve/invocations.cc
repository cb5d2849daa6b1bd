#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/clock.h"
#include "serve/api_errors.h"
#include "serve/invocation_answer.h"
#include "serve/invocation_body.h"
#include "serve/invocation_frame.h"
#include "serve/row_scoring.h"
#include "serve/service.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;
using core::Ticks;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::string_view kProtocol = "mlflow";
constexpr std::string_view kResource = "invocations";
constexpr std::string_view kJsonType = "application/json";

struct Answer {
  std::string text;
  bool is_deprecated = false;
  model::RowScores scores{};
};

// Why nothing answers: what the last load or look at the registry said.
Error not_ready(const Slot& slot) {
  const SlotStatus status = slot.status();
  return Error(ErrorCode::kUnavailable,
               fmt::format("no version of the model '{}' answers at the moment{}{}", slot.name(),
                           status.failure.empty() ? "" : ": ", status.failure));
}

class Invocations {
 public:
  explicit Invocations(const Service& service) : service_(service) {}

  Response answer(const Request& request, const Slot& slot) const {
    const std::shared_ptr<const Version> version = slot.current();
    if (version == nullptr) {
      service_.metrics.count(ScoringError::kNotReady);
      return invocation_error(not_ready(slot));
    }
    Result<Answer> answered = score(request, *version);
    if (!answered) return refused(answered.error());
    if (const std::shared_ptr<const Version> shadow = slot.shadow()) {
      compare(request, *shadow, answered->scores);
    }
    Response response;
    response.headers.add("Content-Type", std::string(kJsonType));
    if (answered->is_deprecated) response.headers.add("Deprecation", "true");
    response.body = std::move(answered->text);
    return response;
  }

  Response refused(const Error& error) const {
    if (error.code() == ErrorCode::kFailedPrecondition) {
      service_.metrics.count(ScoringError::kSchema);
    } else if (const std::optional<ScoringError> kind = scoring_error_of(error.code())) {
      service_.metrics.count(*kind);
    }
    return invocation_error(error);
  }

  const Service& service() const { return service_; }

 private:
  Result<Answer> score(const Request& request, const Version& version) const {
    const core::Clock& clock = service_.clock;
    const model::RowScorer& scorer = *version.model.scorer;
    const std::unique_ptr<model::Rows> rows = scorer.make_rows();
    const Ticks began = clock.elapsed();
    const std::string_view type = request.headers.find("Content-Type").value_or("");
    const InvocationBody body = TRY(
        read_invocation(type, request.body, scorer,
                        {.strict = service_.options.strict, .rows_max = service_.options.rows_max}, *rows));
    const Ticks decoded = clock.elapsed();
    if (rows->size() == 0 && scorer.flavor() == "lightgbm")
      return unexpected_error("Input data must be 2 dimensional and non empty.");
    model::RowScores scores;
    TRY(score_rows(scorer, *rows, 0, rows->size(), service_.options.threads, clock,
                   began + service_.options.time_max, scores));
    const Ticks scored = clock.elapsed();
    const std::size_t level = TRY(level_index(scorer, std::nullopt));
    Answer answer{predictions_text(scorer, scores, level), body.is_deprecated, {}};
    const Ticks written = clock.elapsed();
    RequestFigures figures;
    figures.rows = rows->size();
    figures.seconds = {core::seconds_between(began, decoded), scores.encode_seconds,
                       core::seconds_between(decoded, scored) - scores.encode_seconds,
                       core::seconds_between(scored, written)};
    count_request(service_, version, kProtocol, figures, *rows);
    answer.scores = std::move(scores);
    return answer;
  }

  // What the shadow says to the same request. What it cannot answer is not compared: nobody waits for it.
  void compare(const Request& request, const Version& shadow, const model::RowScores& answered) const {
    const model::RowScorer& scorer = *shadow.model.scorer;
    const std::unique_ptr<model::Rows> rows = scorer.make_rows();
    const std::string_view type = request.headers.find("Content-Type").value_or("");
    const Result<InvocationBody> body =
        read_invocation(type, request.body, scorer,
                        {.strict = service_.options.strict, .rows_max = service_.options.rows_max}, *rows);
    model::RowScores scores;
    if (!body || !score_rows(scorer, *rows, 0, rows->size(), service_.options.threads, service_.clock,
                             service_.clock.elapsed() + service_.options.time_max, scores)) {
      return;
    }
    if (scores.values.size() != answered.values.size()) return;
    double sum = 0;
    double largest = 0;
    for (std::size_t i = 0; i < scores.values.size(); ++i) {
      const double difference = std::abs(scores.values[i] - answered.values[i]);
      sum += difference;
      largest = std::max(largest, difference);
    }
    service_.metrics.count_shadow(shadow, scores.rows, sum, largest);
  }

  Service service_;
};

// Alive as soon as there is a model to answer with.
Response ping(const Service& service) {
  const bool answers = service.slots.first().current() != nullptr;
  return http::text_response(answers ? 200 : 404, "\n", kJsonType);
}

}  // namespace

void add_invocation_routes(http::RouteTable& routes, const Service& service) {
  const auto invocations = std::make_shared<const Invocations>(service);
  const std::string& prefix = service.options.path_prefix;
  const auto add_invocation = [&](const std::string& path, const char* name, http::Handler handler) {
    http::Route route{Method::kPost, prefix + path, http::Permission::kRead, http::Where::kBySize,
                      std::move(handler)};
    route.name = name;
    route.resource = kResource;
    route.body_bytes_max = service.options.body_bytes_max;
    // A few dozen rows: less time than another thread takes to wake up.
    route.inline_body_bytes = std::size_t{16} << 10;
    routes.add(std::move(route));
  };
  add_invocation("/invocations", "invoke", [invocations](const Request& request) -> Result<Response> {
    return invocations->answer(request, invocations->service().slots.first());
  });
  add_invocation("/invocations/{model}", "invokeModel",
                 [invocations](const Request& request) -> Result<Response> {
                   const std::string& name = request.parameter("model");
                   const Slot* const slot = invocations->service().slots.find(name);
                   if (slot == nullptr)
                     return invocations->refused(
                         Error(ErrorCode::kNotFound, fmt::format("there is no model '{}' here", name)));
                   return invocations->answer(request, *slot);
                 });
  const auto add_get = [&](const char* path, const char* name, http::Handler handler) {
    http::Route route{Method::kGet, prefix + path, http::Permission::kNone, http::Where::kInline,
                      std::move(handler)};
    route.name = name;
    route.resource = kResource;
    routes.add(std::move(route));
  };
  const auto answer_ping = [invocations](const Request&) -> Result<Response> {
    return ping(invocations->service());
  };
  add_get("/ping", "ping", answer_ping);
  add_get("/health", "health", answer_ping);
  add_get("/version", "version", [invocations](const Request&) -> Result<Response> {
    return http::text_response(200, invocations->service().options.version, kJsonType);
  });
}

}  // namespace starcast::serve
