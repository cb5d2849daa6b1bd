#include "tracking/testing/api_caller.h"

#include <fmt/format.h>

#include <utility>

#include "core/check.h"

namespace starcast::tracking {

ApiCaller::ApiCaller(StoreOptions options) {
  clock_.advance(1.0e6);
  sql::SqliteOptions database;
  database.path = ":memory:";
  store_ = Store::open(sql::open_sqlite(std::move(database)).value(), std::move(options), clock_).value();
}

http::Response ApiCaller::call(http::Method method, std::string_view target, std::string body) {
  http::Request request;
  request.method = method;
  request.target = target.starts_with('/') ? std::string(target) : fmt::format("/api/2.0/mlflow/{}", target);
  const std::string_view whole = request.target;
  const std::size_t question = whole.find('?');
  request.path = std::string(whole.substr(0, question));
  if (question != std::string_view::npos) request.query = http::parse_query(whole.substr(question + 1));
  request.body = std::move(body);
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  const http::RouteTable::Found found = routes_.find(method, request.path);
  if (!found.route) return http::text_response(found.path_known ? 405 : 404, "");
  request.parameters = found.parameters;
  core::Result<http::Response> response = found.route->handler(request);
  if (!response) return api::error_response(response.error());
  return std::move(response).value();
}

std::string ApiCaller::text_of(const http::Response& response) {
  if (response.status == 200) return response.body;
  const core::Result<codec::Json> body = codec::parse_json(response.body);
  if (!body) return fmt::format("{}", response.status);
  return fmt::format("{} {}: {}", response.status, body->string_at("error_code").value(),
                     body->string_at("message").value());
}

std::string ApiCaller::get(std::string_view target) {
  return text_of(call(http::Method::kGet, target));
}

std::string ApiCaller::post(std::string_view target, std::string body) {
  return text_of(call(http::Method::kPost, target, std::move(body)));
}

std::string ApiCaller::patch(std::string_view target, std::string body) {
  return text_of(call(http::Method::kPatch, target, std::move(body)));
}

std::string ApiCaller::remove(std::string_view target, std::string body) {
  return text_of(call(http::Method::kDelete, target, std::move(body)));
}

std::string ApiCaller::value(std::string_view sql) {
  std::string found = "nothing";
  const core::Result<void> done = store_->database().read([&](sql::Session& session) {
    return session.query(sql, {}, [&](const sql::Row& row) -> core::Result<void> {
      found = row.is_null(0) ? "NULL" : row.string(0);
      return {};
    });
  });
  CHECK(done.has_value());
  return found;
}

void ApiCaller::execute(std::string_view sql) {
  const core::Result<void> done = store_->database().write([&](sql::Session& session) -> core::Result<void> {
    TRY(session.execute(sql, {}));
    return {};
  });
  CHECK(done.has_value());
}

}  // namespace starcast::tracking
