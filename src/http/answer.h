// From a handler's response to what goes over the wire, and the answers that the server gives itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "http/message.h"

namespace starcast::http {

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(core::TimePoint time);

struct Framing {
  bool http_10 = false;
  bool keep_alive = true;
  bool is_head = false;
};

// How the body of an answer is told from what follows.
enum class BodyFraming { kNone, kLength, kChunked, kUntilClose };
BodyFraming framing_of(const Response& response, const Framing& framing);

// Status line and fields, with the empty line. Content-Length, Transfer-Encoding, Connection and Date of the
// handler's are replaced; control characters in values become spaces.
std::string head_of(const Response& response, const Framing& framing, std::string_view date);

// Packs a JSON or text body of at least `bytes_min` that is whole and plain, if the request accepts gzip.
void compress(const Request& request, Response& response, std::size_t bytes_min);

Response method_not_allowed(const std::vector<Method>& allowed);
std::string allow_value(const std::vector<Method>& allowed);

// Whether POST and PUT carry application/json, as MLflow asks.
std::optional<core::Error> objection_to_type(const Request& request);

// "/a%20b" and the decoded query, out of the target ("/a%20b?x=1" or "http://host/a"); the latter's host
// becomes the Host field. kInvalidInput for another form.
core::Result<void> split_target(Request& request);

}  // namespace starcast::http
