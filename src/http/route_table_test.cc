#include "http/route_table.h"

#include <gtest/gtest.h>

#include <string>

namespace starcast::http {
namespace {

Route route(Method method, std::string pattern) {
  return Route{method, std::move(pattern), Permission::kRead, Where::kInline,
               [](const Request&) -> core::Result<Response> { return Response{}; }};
}

std::string pattern_of(const RouteTable::Found& found) {
  return found.route == nullptr ? "none" : found.route->pattern;
}

TEST(RouteTable, FindsNothingWhenEmpty) {
  const RouteTable table;
  const auto found = table.find(Method::kGet, "/");

  EXPECT_EQ(found.route, nullptr);
  EXPECT_FALSE(found.path_known);
}

TEST(RouteTable, FindsLiteralPaths) {
  RouteTable table;
  table.add(route(Method::kGet, "/"));
  table.add(route(Method::kGet, "/health"));

  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/")), "/");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/health")), "/health");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/healt")), "none");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "health")), "none");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "")), "none");
}

TEST(RouteTable, TakesATrailingSlashAsAnotherPath) {
  RouteTable table;
  table.add(route(Method::kGet, "/health"));
  table.add(route(Method::kGet, "/models/{id}"));

  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/health/")), "none");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/models/")), "none");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/models/1/")), "none");
}

TEST(RouteTable, DecodesEachSegmentOnce) {
  RouteTable table;
  table.add(route(Method::kGet, "/models/{id}/tags/{key}"));

  const auto found = table.find(Method::kGet, "/models/a%2Fb/tags/%252e");

  EXPECT_EQ(found.parameters, (Pairs{{"id", "a/b"}, {"key", "%2e"}}));
}

TEST(RouteTable, LeavesBrokenEscapesAsTheyAre) {
  RouteTable table;
  table.add(route(Method::kGet, "/models/{id}"));

  EXPECT_EQ(table.find(Method::kGet, "/models/100%dog%41%").parameters, (Pairs{{"id", "100%dogA%"}}));
}

TEST(RouteTable, PrefersLiteralsThenParametersThenTheRest) {
  RouteTable table;
  table.add(route(Method::kGet, "/a/{path...}"));
  table.add(route(Method::kGet, "/a/{id}"));
  table.add(route(Method::kGet, "/a/b"));

  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/a/b")), "/a/b");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/a/c")), "/a/{id}");
  EXPECT_EQ(pattern_of(table.find(Method::kGet, "/a/b/c")), "/a/{path...}");
}

TEST(RouteTable, GoesBackWhenALiteralLeadsNowhere) {
  RouteTable table;
  table.add(route(Method::kGet, "/models/search/now"));
  table.add(route(Method::kGet, "/models/{id}/tags"));

  const auto found = table.find(Method::kGet, "/models/search/tags");

  EXPECT_EQ(pattern_of(found), "/models/{id}/tags");
  EXPECT_EQ(found.parameters, (Pairs{{"id", "search"}}));
}

TEST(RouteTable, FindsAParameterRouteWhenTheLiteralOneHasAnotherMethod) {
  RouteTable table;
  table.add(route(Method::kPost, "/models/search"));
  table.add(route(Method::kDelete, "/models/{id}"));

  EXPECT_EQ(pattern_of(table.find(Method::kDelete, "/models/search")), "/models/{id}");
}

TEST(RouteTable, GivesTheRestWithItsSlashes) {
  RouteTable table;
  table.add(route(Method::kPut, "/artifacts/{path...}"));

  EXPECT_EQ(table.find(Method::kPut, "/artifacts/1/a%20b/c%2fd").parameters, (Pairs{{"path", "1/a b/c/d"}}));
  EXPECT_EQ(table.find(Method::kPut, "/artifacts//etc").parameters, (Pairs{{"path", "/etc"}}));
  EXPECT_EQ(table.find(Method::kPut, "/artifacts/../x/").parameters, (Pairs{{"path", "../x/"}}));
}

TEST(RouteTable, NeedsSomethingForTheRest) {
  RouteTable table;
  table.add(route(Method::kPut, "/artifacts/{path...}"));

  EXPECT_EQ(pattern_of(table.find(Method::kPut, "/artifacts/")), "none");
  EXPECT_EQ(pattern_of(table.find(Method::kPut, "/artifacts")), "none");
}

TEST(RouteTable, FindsGetsRouteForHead) {
  RouteTable table;
  table.add(route(Method::kGet, "/a"));
  table.add(route(Method::kPost, "/b"));

  EXPECT_EQ(pattern_of(table.find(Method::kHead, "/a")), "/a");
  EXPECT_EQ(pattern_of(table.find(Method::kHead, "/b")), "none");
}

TEST(RouteTable, NamesTheMethodsOfAKnownPath) {
  RouteTable table;
  table.add(route(Method::kPost, "/models/{id}"));
  table.add(route(Method::kGet, "/models/search"));

  const auto found = table.find(Method::kDelete, "/models/search");

  EXPECT_EQ(found.route, nullptr);
  EXPECT_TRUE(found.path_known);
  EXPECT_EQ(found.methods, (std::vector<Method>{Method::kGet, Method::kPost}));
}

TEST(RouteTable, KeepsEachRoutesOwnParameterNames) {
  RouteTable table;
  table.add(route(Method::kGet, "/models/{id}"));
  table.add(route(Method::kPost, "/models/{name}"));

  EXPECT_EQ(table.find(Method::kGet, "/models/1").parameters, (Pairs{{"id", "1"}}));
  EXPECT_EQ(table.find(Method::kPost, "/models/1").parameters, (Pairs{{"name", "1"}}));
}

TEST(RouteTable, AnswersAPathOfTenThousandSegments) {
  RouteTable table;
  table.add(route(Method::kGet, "/{a}/{b}"));
  std::string path;
  for (int i = 0; i < 10'000; ++i) path += "/x";

  EXPECT_EQ(pattern_of(table.find(Method::kGet, path)), "none");
}

TEST(RouteTable, ListsItsRoutesInOrder) {
  RouteTable table;
  table.add(route(Method::kGet, "/b"));
  table.add(route(Method::kGet, "/a"));

  ASSERT_EQ(table.routes().size(), 2U);
  EXPECT_EQ(table.routes()[0]->pattern, "/b");
}

TEST(RouteTable, DiesOnTheSameMethodAndPatternTwice) {
  RouteTable table;
  table.add(route(Method::kGet, "/a/{x}"));
  EXPECT_DEATH(table.add(route(Method::kGet, "/a/{y}")), "route == nullptr");
}

TEST(RouteTable, DiesOnAPatternWithoutItsSlash) {
  RouteTable table;
  EXPECT_DEATH(table.add(route(Method::kGet, "a")), "starts_with");
}

TEST(Permission, HasNames) {
  EXPECT_EQ(name_of(Permission::kNone), "none");
  EXPECT_EQ(name_of(Permission::kAdmin), "admin");
}

}  // namespace
}  // namespace starcast::http
