// Beast's parser of requests, writing straight into our Request.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace starcast::http {

// One request. One thread.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using ErrorCode = boost::system::error_code;
  explicit RequestParser(std::size_t header_bytes);

  // Complete but for body, path, query and parameters. The method is kGet where `known_method` says no.
  Request request{};
  bool known_method = false;
  int version = 11;
  // Why the header is refused although it parses: two hosts, a coding of the transfer that is not chunked, …
  const char* objection = nullptr;

  // The pieces of a body since the last take_body(), and the bytes of the whole body so far.
  std::string take_body() { return std::exchange(body_, std::string()); }
  std::size_t held_bytes() const { return body_.size(); }
  std::uint64_t body_bytes() const { return body_bytes_; }
  // A longer body is error::body_limit.
  void limit_body(std::size_t bytes_max) { body_bytes_max_ = bytes_max; }
  // From now on the body is counted and dropped.
  void discard_body() { discards_ = true; }
  void expect_body(std::size_t bytes) { body_.reserve(bytes); }

 private:
  using View = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb method, View name, View target, int http_version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& error) override;
  std::size_t on_body_impl(View bytes, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, ErrorCode& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, View bytes, ErrorCode& error) override;
  void on_finish_impl(ErrorCode& error) override;

  std::string body_{};
  std::uint64_t body_bytes_ = 0;
  std::size_t body_bytes_max_ = std::numeric_limits<std::size_t>::max();
  bool discards_ = false;
  bool header_done_ = false;
  std::size_t hosts_ = 0;
};

}  // namespace starcast::http
