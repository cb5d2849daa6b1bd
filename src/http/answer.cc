#include "http/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/strings.h"
#include "http/gzip.h"

namespace starcast::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return core::ascii_lower(a) == core::ascii_lower(b);
}

bool is_servers_own(std::string_view name) {
  switch (name.size()) {
    case 4:
      return same_name(name, "Date");
    case 10:
      return same_name(name, "Connection");
    case 14:
      return same_name(name, "Content-Length");
    case 17:
      return same_name(name, "Transfer-Encoding");
    default:
      return false;
  }
}

void append_value(std::string& out, std::string_view value) {
  for (const char letter : value) {
    const auto byte = static_cast<unsigned char>(letter);
    out.push_back((byte < 0x20 && letter != '\t') || byte == 0x7f ? ' ' : letter);
  }
}

bool is_textual(std::string_view content_type) {
  const std::string type = core::ascii_lower(core::trimmed(core::split(content_type, ';').front()));
  return type.starts_with("text/") || type == "application/json" || type.ends_with("+json") ||
         type == "application/javascript" || type == "image/svg+xml";
}

}  // namespace

std::string http_date(core::TimePoint time) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

BodyFraming framing_of(const Response& response, const Framing& framing) {
  if (response.status < 200 || response.status == 204 || response.status == 304) return BodyFraming::kNone;
  if (response.stream == nullptr || response.stream_bytes) return BodyFraming::kLength;
  return framing.http_10 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
}

std::string head_of(const Response& response, const Framing& framing, std::string_view date) {
  std::string head;
  head.reserve(512);
  const auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason_of(response.status), date);
  for (const auto& [name, value] : response.headers.all()) {
    if (is_servers_own(name)) continue;
    append_value(head, name);
    head.append(": ");
    append_value(head, value);
    head.append("\r\n");
  }
  const BodyFraming body = framing_of(response, framing);
  switch (body) {
    case BodyFraming::kLength:
      fmt::format_to(out, "Content-Length: {}\r\n",
                     response.stream == nullptr ? response.body.size() : *response.stream_bytes);
      break;
    case BodyFraming::kChunked:
      head.append("Transfer-Encoding: chunked\r\n");
      break;
    case BodyFraming::kNone:
    case BodyFraming::kUntilClose:
      break;
  }
  if (!framing.keep_alive || body == BodyFraming::kUntilClose) {
    head.append("Connection: close\r\n");
  } else if (framing.http_10) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
  return head;
}

void compress(const Request& request, Response& response, std::size_t bytes_min) {
  if (response.stream != nullptr || response.body.size() < bytes_min || response.status == 206) return;
  if (response.headers.find("Content-Encoding") || response.headers.find("ETag")) return;
  if (!is_textual(response.headers.find("Content-Type").value_or(std::string_view()))) return;
  response.headers.add("Vary", "Accept-Encoding");
  const auto accepted = request.headers.find("Accept-Encoding");
  if (!accepted || !accepts_gzip(*accepted)) return;
  response.body = gzipped(response.body);
  response.headers.add("Content-Encoding", "gzip");
}

std::string allow_value(const std::vector<Method>& allowed) {
  std::vector<std::string> names;
  for (const Method method : allowed) {
    names.emplace_back(name_of(method));
    if (method == Method::kGet) names.emplace_back(name_of(Method::kHead));
  }
  if (std::find(allowed.begin(), allowed.end(), Method::kOptions) == allowed.end()) {
    names.emplace_back(name_of(Method::kOptions));
  }
  return core::join(names, ", ");
}

Response method_not_allowed(const std::vector<Method>& allowed) {
  Response response = text_response(405,
                                    "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n"
                                    "<h1>Method Not Allowed</h1>\n"
                                    "<p>The method is not allowed for the requested URL.</p>\n",
                                    "text/html; charset=utf-8");
  response.headers.add("Allow", allow_value(allowed));
  return response;
}

std::optional<core::Error> objection_to_type(const Request& request) {
  if (request.method != Method::kPost && request.method != Method::kPut) return std::nullopt;
  const auto type = request.headers.find("Content-Type");
  if (!type) {
    return core::Error(core::ErrorCode::kInvalidInput, "Bad Request. Content-Type header is missing.");
  }
  if (core::ascii_lower(core::trimmed(core::split(*type, ';').front())) == "application/json") {
    return std::nullopt;
  }
  return core::Error(core::ErrorCode::kInvalidInput,
                     "Bad Request. Content-Type must be one of ['application/json'].");
}

core::Result<void> split_target(Request& request) {
  std::string_view target = request.target;
  if (request.method == Method::kOptions && target == "*") {
    request.path = "*";
    return {};
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    request.headers.set("Host", std::string(target.substr(0, end)));
    target.remove_prefix(end);
    break;
  }
  target = target.substr(0, target.find('#'));
  const std::size_t query = std::min(target.find('?'), target.size());
  request.path = target.substr(0, query);
  if (request.path.empty() && target.size() != request.target.size()) request.path = "/";
  if (!request.path.starts_with('/')) {
    return core::Error(core::ErrorCode::kInvalidInput, "the request's target is not a path");
  }
  if (query < target.size()) request.query = parse_query(target.substr(query + 1));
  return {};
}

}  // namespace starcast::http
