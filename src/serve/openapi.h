// OpenAPI: the scoring server's description of itself, made from its route table and its models' signatures.
#pragma once

#include "codec/json.h"
#include "http/route_table.h"
#include "serve/service.h"

namespace starcast::serve {

// OpenAPI 3.1 of all routes of the scoring service, for the versions that answer now. Paths are relative to
// the document's own.
codec::Json openapi_document(const http::RouteTable& routes, const Service& service);

}  // namespace starcast::serve
