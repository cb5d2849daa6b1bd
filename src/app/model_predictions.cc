#include "app/model_predictions.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "app/scoring_server.h"
#include "codec/json.h"
#include "core/bytes.h"
#include "http/message.h"
#include "http/route_table.h"
#include "os/environment.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* kModelName = "model";
constexpr std::chrono::hours kNoDeadline{24 * 365};

// A file has no limits: whoever asks waits.
serve::ServiceOptions unlimited(const Context& context) {
  serve::ServiceOptions options;
  options.body_bytes_max = std::numeric_limits<std::size_t>::max();
  options.rows_max = std::numeric_limits<std::size_t>::max();
  options.time_max = kNoDeadline;
  options.threads = os::thread_count(context.environment);
  return options;
}

Result<http::Response> answer(const http::RouteTable& routes, const http::Request& request) {
  const http::RouteTable::Found found = routes.find(request.method, request.path);
  if (!found.route) return Error(ErrorCode::kInternal, "there is no route for predictions");
  if (found.route->handler) return found.route->handler(request);
  http::Request head = request;
  head.body.clear();
  const std::unique_ptr<http::BodyReceiver> receiver = TRY(found.route->receiver(head));
  TRY(receiver->write(request.body));
  return receiver->finish();
}

}  // namespace

Result<std::string> model_predictions(const ModelPredictionOptions& options, const Context& context) {
  if (options.content_type != "json" && options.content_type != "csv") {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("--content-type: '{}' is neither json nor csv", options.content_type));
  }
  Scoring scoring(model_source_options(options.tracking_uri, context), unlimited(context), 0, context);
  serve::SlotRequest model;
  model.name = kModelName;
  model.uri = options.uri;
  TRY(scoring.slots().add(model));
  TRY(scoring.slots().load(kModelName));
  http::RouteTable routes;
  scoring.add_routes(routes);
  http::Request request;
  request.method = http::Method::kPost;
  request.target = "/invocations";
  request.path = request.target;
  request.headers.add("Content-Type", options.content_type == "csv" ? "text/csv" : "application/json");
  request.body = options.body;
  http::Response response = TRY(answer(routes, request));
  std::string text = std::move(response.body);
  if (response.stream) text = TRY(core::read_all(*response.stream, std::numeric_limits<std::size_t>::max()));
  if (response.status == 200) return text;
  const Result<codec::Json> json = codec::parse_json(text);
  const Result<std::string> message = json ? json->string_at("message") : Result<std::string>(text);
  return Error(ErrorCode::kInvalidInput, message ? *message : text);
}

}  // namespace starcast::app
