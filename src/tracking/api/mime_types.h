// The Content-Type of an artifact by its name, as MLflow guesses it.
#pragma once

#include <string_view>

namespace starcast::tracking::api {

// What looks like text is text/plain (JSON, YAML, CSV, Markdown, source, MLmodel, MLproject), the rest as
// Python's mimetypes knows it, else application/octet-stream.
std::string_view mime_type_of(std::string_view name);

}  // namespace starcast::tracking::api
