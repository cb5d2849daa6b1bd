#include "http/answer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/bytes.h"
#include "http/access_log.h"
#include "http/server_metrics.h"

namespace starcast::http {
namespace {

Request request_for(std::string target, Method method = Method::kGet) {
  Request request;
  request.method = method;
  request.target = std::move(target);
  return request;
}

TEST(HttpDate, WritesTheFixedForm) {
  EXPECT_EQ(http_date(core::TimePoint(std::chrono::seconds(784'111'777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HeadOf, ReplacesTheServersOwnFields) {
  Response response = text_response(200, "four");
  response.headers.add("content-length", "9");
  response.headers.add("Transfer-Encoding", "chunked");
  response.headers.add("Connection", "x");
  response.headers.add("Date", "x");

  EXPECT_EQ(
      head_of(response, {}, "D"),
      "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\n");
}

TEST(HeadOf, ChunksAStreamOfUnknownLength) {
  Response response;
  response.stream = std::make_unique<core::StringSource>("x");

  EXPECT_EQ(framing_of(response, {}), BodyFraming::kChunked);
  EXPECT_EQ(framing_of(response, {.http_10 = true}), BodyFraming::kUntilClose);
  EXPECT_NE(head_of(response, {}, "D").find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(head_of(response, {.http_10 = true}, "D").find("Connection: close\r\n"), std::string::npos);
}

TEST(HeadOf, TellsAnOldClientThatTheConnectionStays) {
  EXPECT_NE(head_of(Response{}, {.http_10 = true}, "D").find("Connection: keep-alive\r\n"),
            std::string::npos);
}

TEST(Compress, LeavesWhatIsNoTextOrSmallOrARangeOrPacked) {
  Request request;
  request.headers.add("Accept-Encoding", "gzip");
  const std::string text(5'000, 'a');
  Response image = text_response(200, text, "image/png");
  Response small = text_response(200, "tiny");
  Response range = text_response(206, text);
  Response tagged = text_response(200, text);
  tagged.headers.add("ETag", "\"1\"");

  for (Response* response : {&image, &small, &range, &tagged}) {
    compress(request, *response, 1'024);
    EXPECT_FALSE(response->headers.find("Content-Encoding"));
  }
}

TEST(Compress, PacksOnlyOnce) {
  Request request;
  request.headers.add("Accept-Encoding", "gzip");
  Response response = text_response(200, std::string(5'000, 'a'), "application/json");

  compress(request, response, 1'024);
  const std::string packed = response.body;
  compress(request, response, 10);

  EXPECT_LT(packed.size(), 1'000U);
  EXPECT_EQ(response.body, packed);
  EXPECT_EQ(response.headers.find("Vary"), "Accept-Encoding");
}

TEST(SplitTarget, TakesPathAndQuery) {
  Request request = request_for("/a%20b?x=1%202&y=#f");

  ASSERT_TRUE(split_target(request));

  EXPECT_EQ(request.path, "/a%20b");
  EXPECT_EQ(request.query, (Pairs{{"x", "1 2"}, {"y", ""}}));
}

TEST(SplitTarget, TakesTheAbsoluteForm) {
  Request request = request_for("http://host:80?x=1");
  request.headers.add("Host", "other");

  ASSERT_TRUE(split_target(request));

  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.headers.find("Host"), "host:80");
}

TEST(SplitTarget, RefusesOtherForms) {
  for (const char* target : {"", "a", "*", "host:80", "ftp://host/", "?x"}) {
    Request request = request_for(target);
    EXPECT_FALSE(split_target(request)) << target;
  }
}

TEST(ObjectionToType, AsksForJsonOfPostAndPutOnly) {
  EXPECT_TRUE(objection_to_type(request_for("/", Method::kPost)));
  EXPECT_TRUE(objection_to_type(request_for("/", Method::kPut)));
  EXPECT_FALSE(objection_to_type(request_for("/", Method::kGet)));
  Request json = request_for("/", Method::kPost);
  json.headers.add("content-type", "Application/JSON ; charset=utf-8");
  EXPECT_FALSE(objection_to_type(json));
}

TEST(AccessText, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(access_text({"GET", "/a\n\x1b[2J\xc3\xbc\\", 404, 12, 0.00123, "::1"}),
            "GET /a\\x0a\\x1b[2J\\xc3\\xbc\\x5c 404 12 B 1.2 ms ::1");
}

TEST(AccessText, HidesPasswordsOfAddresses) {
  EXPECT_EQ(access_text({"GET", "/a?u=https://me:s3cret@host/x:y@z", 200, 0, 0, "::1"}),
            "GET /a?u=https://me:***@host/x:y@z 200 0 B 0.0 ms ::1");
  EXPECT_EQ(access_text({"GET", "/a?u=s3%3A%2F%2Fk%3As3%40cret%40b%2Fx", 200, 0, 0, "::1"}),
            "GET /a?u=s3%3A%2F%2Fk%3A***%40b%2Fx 200 0 B 0.0 ms ::1");
}

TEST(AccessText, CutsALongTarget) {
  const std::string target(5'000, 'x');
  EXPECT_LT(access_text({"GET", target, 200, 0, 0, ""}).size(), 2'200U);
}

TEST(ServerMetrics, CountsByRouteAndTime) {
  RouteTable routes;
  const auto handler = [](const Request&) -> core::Result<Response> { return Response{}; };
  routes.add({Method::kGet, "/api/x", Permission::kRead, Where::kInline, handler, {}, "x"});
  routes.add({Method::kGet, "/ajax-api/x", Permission::kRead, Where::kInline, handler, {}, "x"});
  ServerMetrics metrics(routes);

  metrics.count(routes.routes()[0].get(), 200, 0.003);
  metrics.count(routes.routes()[1].get(), 404, 20);
  metrics.count(nullptr, 404, 0.0001);
  metrics.count(Refusal::kForeignHost);
  const std::string text = metrics.text();

  for (const char* line : {
           "starcast_http_requests_total{route=\"x\",method=\"GET\",status=\"2xx\"} 1\n",
           "starcast_http_requests_total{route=\"x\",method=\"GET\",status=\"4xx\"} 1\n",
           "starcast_http_requests_total{route=\"none\",method=\"\",status=\"4xx\"} 1\n",
           "starcast_http_request_seconds_bucket{route=\"x\",method=\"GET\",le=\"0.0025\"} 0\n",
           "starcast_http_request_seconds_bucket{route=\"x\",method=\"GET\",le=\"0.005\"} 1\n",
           "starcast_http_request_seconds_bucket{route=\"x\",method=\"GET\",le=\"10\"} 1\n",
           "starcast_http_request_seconds_bucket{route=\"x\",method=\"GET\",le=\"+Inf\"} 2\n",
           "starcast_http_request_seconds_sum{route=\"x\",method=\"GET\"} 20.003000\n",
           "starcast_http_refused_total{reason=\"foreign_host\"} 1\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace starcast::http
