// Reading what MLflow's REST calls answer: lenient, as a client that keeps working with newer servers is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/result.h"
#include "http/message.h"
#include "tracking/connection.h"

namespace starcast::tracking {

// Calls a paged search until it ends, or `max_results` entries (0: all) are there, and hands each entry to
// `take`.
core::Result<void> for_each_entry(Connection& connection, http::Method method, std::string_view path,
                                  codec::JsonObject request, std::string_view list, std::size_t max_results,
                                  const std::function<core::Result<void>(const codec::Json&)>& take);

// A member's text; "" when it is absent or no text. A number is written out.
std::string text_member(const codec::Json& object, std::string_view name);
std::int64_t integer_member(const codec::Json& object, std::string_view name);
// A member that is an array, or an empty one.
const codec::JsonArray& array_member(const codec::Json& object, std::string_view name);
// A member that is an object, or an empty one.
const codec::Json& object_member(const codec::Json& object, std::string_view name);

}  // namespace starcast::tracking
