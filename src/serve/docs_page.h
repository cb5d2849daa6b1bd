// The page of all calls, made from the OpenAPI document.
#pragma once

#include "codec/json.h"
#include "serve/page.h"

namespace starcast::serve {

// Routes by tag, each with its parameters, examples that run and a form to send them; then the schemas.
Page docs_page(const codec::Json& openapi);

}  // namespace starcast::serve
