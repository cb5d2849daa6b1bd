#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "serve/testing/scoring_fixture.h"

namespace starcast::serve {
namespace {

using codec::Json;
using http::Method;
using http::Response;
using testing::HasSubstr;
using testing::Not;

class Documents : public testing::Test {
 protected:
  Json openapi() { return json_of(fixture_.get("/openapi.json")); }

  ScoringFixture fixture_{};
};

const Json& at(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* place = &json;
  for (const std::string_view name : path) {
    place = place->find(name);
    CHECK(place != nullptr);
  }
  return *place;
}

TEST_F(Documents, OpenapiHoldsEachRoute) {
  const Json document = openapi();

  for (const auto& route : fixture_.routes().routes()) {
    const Json* const path = document.find("paths")->find(route->pattern);
    ASSERT_NE(path, nullptr) << route->pattern;
    const Json& operation = at(*path, {route->method == Method::kGet ? "get" : "post"});
    EXPECT_EQ(operation.string_at("operationId").value(), route->name);
    EXPECT_NE(operation.string_at("summary").value(), route->name) << "not described";
  }
}

TEST_F(Documents, OpenapiMakesASchemaOfASignature) {
  const Json document = openapi();

  EXPECT_EQ(
      codec::to_text(at(document, {"components", "schemas", "Listing_rating", "properties", "Size", "type"}),
                     codec::JsonStyle::kCompact),
      R"(["string","number","null"])");
  EXPECT_EQ(
      codec::to_text(at(document, {"components", "schemas", "Listing_forest", "properties", "x", "type"}),
                     codec::JsonStyle::kCompact),
      R"(["number","null"])");
}

TEST_F(Documents, OpenapiReferencesOnlySchemasThatAreThere) {
  const Json document = openapi();
  const Json& schemas = at(document, {"components", "schemas"});
  std::set<std::string> referenced;
  const std::function<void(const Json&)> walk = [&](const Json& json) {
    if (const auto* const members = std::get_if<codec::JsonObject>(&json.value())) {
      for (const codec::JsonMember& member : *members) {
        if (member.first == "$ref") referenced.insert(member.second.as_string().value());
        walk(member.second);
      }
    } else if (const auto* const items = std::get_if<codec::JsonArray>(&json.value())) {
      for (const Json& item : *items) walk(item);
    }
  };
  walk(document);

  EXPECT_GT(referenced.size(), 10U);
  for (const std::string& reference : referenced)
    EXPECT_NE(schemas.find(reference.substr(reference.rfind('/') + 1)), nullptr) << reference;
}

TEST_F(Documents, OpenapisExamplesRun) {
  const Json document = openapi();

  for (const std::string path : {"/v1/predict", "/v1/explain", "/v1/whatif", "/v1/predict/csv"}) {
    const Json& content = at(document, {"paths", path, "post", "requestBody", "content"});
    for (const codec::JsonMember& media : *content.as_object().value()) {
      const Json* const examples = media.second.find("examples");
      if (examples == nullptr) continue;
      for (const codec::JsonMember& example : *examples->as_object().value()) {
        const Json& value = at(example.second, {"value"});
        const std::string body =
            value.is_string() ? value.as_string().value() : codec::to_text(value, codec::JsonStyle::kCompact);
        EXPECT_EQ(fixture_.call(Method::kPost, path, body, media.first).status, 200) << path << body;
      }
    }
  }
}

TEST_F(Documents, DocsListEachRouteAndRunNoOthersScript) {
  const Response response = fixture_.get("/docs");

  for (const auto& route : fixture_.routes().routes())
    EXPECT_THAT(response.body, HasSubstr("<span class=\"path\">" + route->pattern + "</span>"));
  EXPECT_THAT(response.body, Not(HasSubstr("http://")));
  EXPECT_THAT(response.body, Not(HasSubstr("https://")));
  const std::string policy(*response.headers.find("Content-Security-Policy"));
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST_F(Documents, TryIsAFormOfAllColumns) {
  const std::string body = fixture_.get("/try").body;

  EXPECT_THAT(body, HasSubstr("name=\"Content Rating\""));
  EXPECT_THAT(body, HasSubstr("enctype=\"multipart/form-data\""));
  EXPECT_THAT(body, Not(HasSubstr("<script")));
}

TEST_F(Documents, TryAnswersWhatWasFilledIn) {
  const std::string body =
      fixture_.get("/try?App=Alpha&Reviews=5000&Installs=10%2C000%2B&_target=4.9&_names=Beta").body;

  EXPECT_THAT(body, HasSubstr("About 4.3 stars"));
  EXPECT_THAT(body, HasSubstr("In 8 of 10 similar listings the rating was between"));
  EXPECT_THAT(body, HasSubstr("<title>4.3; of 20 equally likely values"));
  EXPECT_THAT(body, HasSubstr("<h2 id=\"why\">"));
  EXPECT_THAT(body, HasSubstr("Other names"));
  EXPECT_THAT(body, HasSubstr("value=\"10,000+\""));
}

TEST_F(Documents, TryEscapesWhatOthersWrote) {
  const std::string body =
      fixture_.get("/try?App=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%7B%7Bstyle%7D%7D").body;

  EXPECT_THAT(body, Not(HasSubstr("<script")));
  EXPECT_THAT(body, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;{{style}}"));
}

TEST_F(Documents, TryTakesOtherModels) {
  const std::string body = fixture_.get("/try?_model=forest&x=2").body;

  EXPECT_THAT(body, HasSubstr("<p class=\"headline\">20</p>"));
  EXPECT_THAT(body, HasSubstr("<option selected>forest</option>"));
}

TEST_F(Documents, TrySaysWhatIsWrong) {
  EXPECT_EQ(fixture_.get("/try?_model=other").status, 404);
  EXPECT_EQ(fixture_.get("/try?_model=absent").status, 503);
  const Response response = fixture_.get("/try?_model=forest&x=many");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("field &#39;x&#39;"));
}

TEST_F(Documents, TryShowsTheFirstRowsOfAFile) {
  const Response response =
      fixture_.call(Method::kPost, "/try", "App,Reviews,Installs\nAlpha,5000,5000\nBad\n", "text/csv");

  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("2 of 2 rows"));
  EXPECT_THAT(response.body, HasSubstr("<bdi>Alpha</bdi>"));
  EXPECT_THAT(response.body, HasSubstr("class=\"faint-dot\""));
}

TEST_F(Documents, TrySaysWhatIsWrongWithAFile) {
  const Response response = fixture_.call(Method::kPost, "/try", "a,b\n1,2\n", "text/csv");

  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(std::string(*response.headers.find("Content-Type")), HasSubstr("text/html"));
  EXPECT_THAT(response.body, HasSubstr("no column of the header"));
}

}  // namespace
}  // namespace starcast::serve
