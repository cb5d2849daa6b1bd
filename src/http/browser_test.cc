#include "http/browser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace starcast::http {
namespace {

Request request_to(std::string_view host, Method method = Method::kGet, std::string_view origin = {}) {
  Request request;
  request.method = method;
  request.path = "/api/2.0/mlflow/runs/create";
  if (!host.empty()) request.headers.add("Host", std::string(host));
  if (!origin.empty()) request.headers.add("Origin", std::string(origin));
  return request;
}

BrowserVerdict verdict_on_host(std::string_view host, BrowserRules rules = {}) {
  return BrowserGuard(std::move(rules), "127.0.0.1").judge(request_to(host));
}

BrowserVerdict verdict_on_origin(std::string_view origin, BrowserRules rules = {},
                                 std::string_view host = "localhost:5000") {
  return BrowserGuard(std::move(rules), "127.0.0.1").judge(request_to(host, Method::kPost, origin));
}

BrowserRules with_hosts(std::vector<std::string> hosts) {
  BrowserRules rules;
  rules.allowed_hosts = std::move(hosts);
  return rules;
}

BrowserRules with_origins(std::vector<std::string> origins) {
  BrowserRules rules;
  rules.allowed_origins = std::move(origins);
  return rules;
}

TEST(BrowserGuard, TakesLocalAndPrivateHosts) {
  for (const std::string_view host :
       {"localhost", "LocalHost:5000", "127.0.0.1", "127.8.9.1:80", "0.0.0.0:5000", "[::1]", "[::1]:8080",
        "192.168.1.1:8080", "10.0.0.1", "172.16.0.1", "172.31.255.255", "[fd00::1]:1", "[fc00::]",
        "[::ffff:10.0.0.1]:80"}) {
    EXPECT_EQ(verdict_on_host(host), BrowserVerdict::kAllowed) << host;
  }
}

TEST(BrowserGuard, RefusesForeignAndOddHosts) {
  for (const std::string_view host : {"",
                                      "evil.attacker.com",
                                      "203.0.113.9",
                                      "172.15.0.1",
                                      "172.32.0.1",
                                      "192.169.0.1",
                                      "11.0.0.1",
                                      "10.evil.com",
                                      "192.168.evil.com",
                                      "192.168.1.1.evil.com",
                                      "localhost.evil.com",
                                      "localhost.",
                                      "localhost:",
                                      "localhost:x",
                                      "localhost:999999",
                                      "user@localhost",
                                      "localhost:80@evil.com",
                                      "[::1",
                                      "[::1]x",
                                      "[localhost]",
                                      "[2001:db8::1]",
                                      "[fe80::1]",
                                      "0x7f.1",
                                      "2130706433",
                                      "127.1",
                                      "010.0.0.1",
                                      "localhost evil",
                                      "localhost/x",
                                      "::1",
                                      "[::ffff:203.0.113.9]"}) {
    EXPECT_EQ(verdict_on_host(host), BrowserVerdict::kForeignHost) << host;
  }
}

TEST(BrowserGuard, TakesTheAddressThatItListensOn) {
  EXPECT_EQ(BrowserGuard({}, "203.0.113.9").judge(request_to("203.0.113.9:5000")), BrowserVerdict::kAllowed);
  EXPECT_EQ(BrowserGuard({}, "203.0.113.9").judge(request_to("203.0.113.8:5000")),
            BrowserVerdict::kForeignHost);
}

TEST(BrowserGuard, TakesListedHostsWithAnyPort) {
  EXPECT_EQ(verdict_on_host("mlflow.example.com:8443", with_hosts({"mlflow.example.com"})),
            BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_host("a.example.com", with_hosts({" *.Example.com "})), BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_host("example.com", with_hosts({"*.example.com"})), BrowserVerdict::kForeignHost);
  EXPECT_EQ(verdict_on_host("localhost", with_hosts({"mlflow.example.com"})), BrowserVerdict::kForeignHost);
  EXPECT_EQ(verdict_on_host("whatever!", with_hosts({"*"})), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, NeverMatchesANameWithAnAddressRange) {
  EXPECT_EQ(verdict_on_host("192.168.7.7:80", with_hosts({"192.168.*"})), BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_host("192.168.evil.com", with_hosts({"192.168.*"})), BrowserVerdict::kForeignHost);
  EXPECT_EQ(verdict_on_host("[fd00::7]", with_hosts({"fd00:*"})), BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_host("[::1]:5000", with_hosts({"[::1]:*"})), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, AnswersOpenPathsForAnyHost) {
  Request request = request_to("evil.com");
  request.path = "/health";

  EXPECT_EQ(BrowserGuard({}, "127.0.0.1").judge(request), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, AllowsEverythingWhenDisabled) {
  BrowserRules rules;
  rules.enabled = false;

  EXPECT_EQ(verdict_on_origin("http://evil.com", rules, "evil.com"), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, TakesLocalOriginsAndNone) {
  for (const std::string_view origin : {"", "http://localhost:3000", "https://localhost",
                                        "http://127.0.0.1:5000", "http://[::1]:3000", "http://LOCALHOST"}) {
    EXPECT_EQ(verdict_on_origin(origin), BrowserVerdict::kAllowed) << origin;
  }
}

TEST(BrowserGuard, RefusesForeignOriginsOfChanges) {
  for (const std::string_view origin :
       {"http://evil.com", "http://localhost.evil.com", "http://evil.com#localhost",
        "https://localhost@evil.com", "http://localhost:", "http://localhost:80@evil.com", "null", "file://",
        "chrome-extension://localhost", "http://192.168.1.1", "http://localhost/path", "localhost", "http://",
        "http://evil.com, http://localhost"}) {
    EXPECT_EQ(verdict_on_origin(origin), BrowserVerdict::kForeignOrigin) << origin;
  }
}

TEST(BrowserGuard, LetsForeignOriginsRead) {
  const BrowserGuard guard({}, "127.0.0.1");

  EXPECT_EQ(guard.judge(request_to("localhost", Method::kGet, "http://evil.com")), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, TakesItsOwnPages) {
  EXPECT_EQ(verdict_on_origin("http://192.168.1.5:5000", {}, "192.168.1.5:5000"), BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_origin("http://192.168.1.5:6000", {}, "192.168.1.5:5000"),
            BrowserVerdict::kForeignOrigin);
  EXPECT_EQ(verdict_on_origin("http://evil.com", with_hosts({"*"}), "evil.com"),
            BrowserVerdict::kForeignOrigin);
}

TEST(BrowserGuard, TakesListedOrigins) {
  EXPECT_EQ(verdict_on_origin("https://ui.example.com", with_origins({"https://ui.example.com"})),
            BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_origin("https://a.example.com", with_origins({"https://*.example.com"})),
            BrowserVerdict::kAllowed);
  EXPECT_EQ(verdict_on_origin("http://ui.example.com", with_origins({"https://ui.example.com"})),
            BrowserVerdict::kForeignOrigin);
  EXPECT_EQ(verdict_on_origin("http://evil.com", with_origins({"*"})), BrowserVerdict::kAllowed);
}

TEST(BrowserGuard, AnswersAPreflightOfALocalOrigin) {
  Request request = request_to("localhost", Method::kOptions, "http://localhost:3000");
  request.headers.add("Access-Control-Request-Method", "POST");
  request.headers.add("Access-Control-Request-Headers", "content-type");
  const BrowserGuard guard({}, "127.0.0.1");

  auto response = guard.preflight(request);
  ASSERT_TRUE(response);
  guard.dress(request, *response);

  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "OK");
  EXPECT_EQ(response->headers.find("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(response->headers.find("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(response->headers.find("Access-Control-Max-Age"), "600");
  EXPECT_EQ(response->headers.find("Access-Control-Allow-Headers"), "content-type");
}

TEST(BrowserGuard, GivesAForeignPreflightNothing) {
  Request request = request_to("localhost", Method::kOptions, "http://evil.com");
  request.headers.add("Access-Control-Request-Method", "POST");
  const BrowserGuard guard({}, "127.0.0.1");

  auto response = guard.preflight(request);
  ASSERT_TRUE(response);
  guard.dress(request, *response);

  EXPECT_EQ(response->status, 204);
  EXPECT_FALSE(response->headers.find("Access-Control-Allow-Origin"));
}

TEST(BrowserGuard, SendsNoCredentialsWhereAnyOriginMayRead) {
  const BrowserGuard guard(with_origins({"*"}), "127.0.0.1");
  Response response;

  guard.dress(request_to("localhost", Method::kGet, "http://evil.com"), response);

  EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(response.headers.find("Access-Control-Allow-Credentials"));
}

TEST(BrowserGuard, LeavesTheFrameOptionOutWhenItIsNone) {
  BrowserRules rules;
  rules.frame_options = "NONE";
  Response response;

  BrowserGuard(rules, "127.0.0.1").dress(request_to("localhost"), response);

  EXPECT_FALSE(response.headers.find("X-Frame-Options"));
  EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace starcast::http
