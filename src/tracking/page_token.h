// Opaque page tokens: where a keyset search goes on, bound to the search it belongs to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

// base64url of JSON {"v":1,"q":<hash of the search>,"k":[last row's sort keys]}.
std::string write_page_token(std::string_view search, const std::vector<sql::Value>& keys);

// kInvalidInput "Invalid page token" for garbage, for another search's token, and for MLflow's own offsets,
// which mean nothing here. An empty token is the first page: no keys.
core::Result<std::vector<sql::Value>> read_page_token(std::string_view search, std::string_view token);

}  // namespace starcast::tracking
