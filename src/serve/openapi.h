// OpenAPI: the scoring server's description of itself, made from its route table and its models' signatures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/json.h"
#include "http/route_table.h"
#include "serve/service.h"

namespace starcast::serve {

// A row that the model takes: the first of its input example, or one made up by its signature's types.
codec::Json example_listing(const Version& version);

// A name that fits into "#/components/schemas/".
std::string schema_name(std::string_view kind, std::string_view slot);

// OpenAPI 3.1 of all routes of the scoring service, for the versions that answer now. Paths are relative to
// the document's own.
codec::Json openapi_document(const http::RouteTable& routes, const Service& service);

}  // namespace starcast::serve
