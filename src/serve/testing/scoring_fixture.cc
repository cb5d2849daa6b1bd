#include "serve/testing/scoring_fixture.h"

#include <algorithm>
#include <utility>

#include "core/bytes.h"
#include "core/check.h"
#include "model/listing_scorer.h"
#include "model/testing/tiny_forest.h"
#include "model/testing/tiny_model.h"

namespace starcast::serve {

using core::Result;

namespace {

using Scorer = std::shared_ptr<const model::RowScorer>;

Result<Scorer> rating_scorer() {
  return Scorer(
      std::make_shared<model::ListingScorer>(TRY(model::RatingScorer::create(model::tiny_model()))));
}

Result<Scorer> forest_scorer() {
  return Scorer(model::stump_scorer({"x", "y"}, 10, 20));
}

constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20;

}  // namespace

ScoringFixture::ScoringFixture()
    : slots_(source_, clock_, log_), metrics_(slots_), service_{slots_, metrics_, clock_, {}, files_} {
  source_.put("tiny", rating_scorer);
  source_.put("stump", forest_scorer);
  for (const auto& [name, uri] : {std::pair("rating", "tiny"), {"forest", "stump"}, {"absent", "nothing"}}) {
    SlotRequest request;
    request.name = name;
    request.uri = uri;
    CHECK(slots_.add(request).has_value());
  }
  CHECK(slots_.load("rating").has_value());
  CHECK(slots_.load("forest").has_value());
  CHECK(!slots_.load("absent").has_value());
  service_.options.version = "1.2.3";
  service_.options.scratch_folder = "/scratch";
  service_.options.rows_max = 1000;
  CHECK(files_.make_folders("/scratch").has_value());
  add_invocation_routes(routes_, service_);
  add_inference_protocol_routes(routes_, service_);
  add_prediction_routes(routes_, service_);
  add_document_routes(routes_, service_);
}

http::Response ScoringFixture::call(http::Method method, const std::string& target, std::string body,
                                    std::string_view content_type, const http::Pairs& headers,
                                    std::size_t chunk_bytes) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.path = target.substr(0, target.find('?'));
  if (request.path.size() < target.size())
    request.query = http::parse_query(target.substr(request.path.size() + 1));
  if (!content_type.empty()) request.headers.set("Content-Type", std::string(content_type));
  for (const auto& [name, value] : headers) request.headers.set(name, value);
  http::RouteTable::Found found = routes_.find(method, request.path);
  CHECK(found.route != nullptr);
  request.parameters = std::move(found.parameters);
  http::Response response;
  if (found.route->receiver) {
    std::unique_ptr<http::BodyReceiver> receiver = found.route->receiver(request).value();
    for (std::size_t begin = 0; begin < body.size(); begin += chunk_bytes)
      receiver->write(std::string_view(body).substr(begin, chunk_bytes)).value();
    response = receiver->finish().value();
  } else {
    request.body = std::move(body);
    response = found.route->handler(request).value();
  }
  if (response.stream != nullptr) response.body = core::read_all(*response.stream, kAnswerBytesMax).value();
  return response;
}

codec::Json json_of(const http::Response& response) {
  return codec::parse_json(response.body).value();
}

}  // namespace starcast::serve
