#include "http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "core/strings.h"

namespace starcast::http {

namespace beast_http = boost::beast::http;

RequestParser::RequestParser(std::size_t header_bytes) {
  header_limit(static_cast<std::uint32_t>(
      std::min(header_bytes, std::size_t{std::numeric_limits<std::uint32_t>::max()})));
  body_limit(boost::none);  // our own limit is a route's, known after the header
}

void RequestParser::on_request_impl(beast_http::verb, View name, View target, int http_version, ErrorCode&) {
  const auto method = method_of(std::string_view(name.data(), name.size()));
  known_method = method.has_value();
  request.method = method.value_or(Method::kGet);
  request.target.assign(target.data(), target.size());
  version = http_version;
}

void RequestParser::on_field_impl(beast_http::field field, View name, View value, ErrorCode&) {
  if (header_done_) return;  // a chunked body's trailer
  const std::string_view text(value.data(), value.size());
  if (field == beast_http::field::host && ++hosts_ > 1) objection = "it has more than one Host";
  if (field == beast_http::field::transfer_encoding && core::ascii_lower(core::trimmed(text)) != "chunked") {
    objection = "its Transfer-Encoding is not chunked";
  }
  request.headers.add(std::string(name.data(), name.size()), std::string(text));
}

void RequestParser::on_header_impl(ErrorCode&) {
  header_done_ = true;
  if (version >= 11 && hosts_ == 0) objection = "it has no Host";
  if (version < 11 && chunked()) objection = "HTTP/1.0 has no Transfer-Encoding";
  if (version / 10 != 1) objection = "its version is not HTTP/1.x";
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) {}

std::size_t RequestParser::on_body_impl(View bytes, ErrorCode& error) {
  body_bytes_ += bytes.size();
  if (body_bytes_ > body_bytes_max_) {
    error = make_error_code(beast_http::error::body_limit);
    return 0;
  }
  if (!discards_) body_.append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t, View, ErrorCode&) {}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) {
  return on_body_impl(bytes, error);
}

void RequestParser::on_finish_impl(ErrorCode&) {}

}  // namespace starcast::http
