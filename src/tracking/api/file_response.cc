#include "tracking/api/file_response.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "codec/percent.h"
#include "core/strings.h"
#include "tracking/api/mime_types.h"

namespace starcast::tracking::api {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

enum class RangeKind { kWhole, kPart, kBeyond };

struct Wanted {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range{};
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// RFC 9110: a Range that is not understood is ignored.
Wanted wanted_range(std::string_view text, std::uint64_t size) {
  const Wanted whole{RangeKind::kWhole, {0, size}};
  text = core::trimmed(text);
  if (!text.starts_with("bytes=")) return whole;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return whole;
  const std::string_view first = core::trimmed(text.substr(0, dash));
  const std::string_view last = core::trimmed(text.substr(dash + 1));
  const std::optional<std::uint64_t> from = number_of(first);
  const std::optional<std::uint64_t> to = number_of(last);
  if ((!from && !first.empty()) || (!to && !last.empty()) || (!from && !to)) return whole;
  if (!from) {  // the last bytes
    if (*to == 0 || size == 0) return {RangeKind::kBeyond, {}};
    const std::uint64_t length = std::min(*to, size);
    return {RangeKind::kPart, {size - length, length}};
  }
  if (to && *to < *from) return whole;
  if (*from >= size) return {RangeKind::kBeyond, {}};
  const std::uint64_t end = to ? std::min(*to, size - 1) : size - 1;
  return {RangeKind::kPart, {*from, end - *from + 1}};
}

bool is_token_character(char c) {
  const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_plain || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string quoted_unless_token(std::string_view text) {
  bool is_token = !text.empty();
  for (const char c : text) is_token = is_token && is_token_character(c);
  if (is_token) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

bool names_tag(std::string_view header, std::string_view tag) {
  for (std::string_view one : core::split(header, ',')) {
    one = core::trimmed(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
  }
  return false;
}

void describe(http::Response& response, const blob::BlobPath& path) {
  response.headers.set("Content-Type", std::string(mime_type_of(path.name())));
  response.headers.set("Content-Disposition", content_disposition(path.name()));
  response.headers.set("X-Content-Type-Options", "nosniff");
}

}  // namespace

std::string content_disposition(std::string_view name) {
  std::string ascii;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x80U) ascii += c;
  }
  if (ascii.size() == name.size()) return "attachment; filename=" + quoted_unless_token(name);
  return fmt::format("attachment; filename={}; filename*=UTF-8''{}",
                     quoted_unless_token(ascii.empty() ? "download" : ascii),
                     codec::percent_encode(name, "!#$&+-.^_`|~"));
}

std::string http_date(std::int64_t seconds) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Result<http::Response> file_response(const http::Request& request, const blob::BlobStore& store,
                                     const blob::BlobPath& path) {
  const Error absent(ErrorCode::kNotFound, fmt::format("No such artifact: '{}'", path.text()));
  const Result<blob::BlobStatus> status = store.status(path);
  if (!status && status.error().code() == ErrorCode::kNotFound) return absent;
  if (!status) return status.error();
  if (status->is_folder) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("Artifact path refers to a directory, not a file: '{}'", path.text()));
  }
  const std::uint64_t size = status->size_bytes;
  const std::string tag = fmt::format("\"{:x}-{:x}\"", size, status->modified_ns);
  const std::string modified = http_date(status->modified_ns / 1'000'000'000);

  http::Response response;
  response.headers.set("Accept-Ranges", "bytes");
  response.headers.set("ETag", tag);
  response.headers.set("Last-Modified", modified);
  if (const auto known = request.headers.find("If-None-Match"); known && names_tag(*known, tag)) {
    response.status = 304;
    return response;
  }
  Wanted wanted{RangeKind::kWhole, {0, size}};
  if (const auto range = request.headers.find("Range")) {
    const auto condition = request.headers.find("If-Range");
    if (!condition || *condition == tag || *condition == modified) wanted = wanted_range(*range, size);
  }
  if (wanted.kind == RangeKind::kBeyond) {
    http::Response beyond = http::text_response(416, "");
    beyond.headers.set("Content-Range", fmt::format("bytes */{}", size));
    return beyond;
  }
  Result<std::unique_ptr<core::ByteSource>> source =
      store.open(path, wanted.range.offset, wanted.range.length);
  if (!source && source.error().code() == ErrorCode::kNotFound) return absent;
  if (!source && source.error().code() == ErrorCode::kInvalidInput) {
    return Error(ErrorCode::kUnavailable,
                 fmt::format("'{}' was replaced while it was being sent", path.text()));
  }
  response.stream = TRY(std::move(source));
  response.stream_bytes = wanted.range.length;
  describe(response, path);
  if (wanted.kind == RangeKind::kPart) {
    response.status = 206;
    response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", wanted.range.offset,
                                                      wanted.range.offset + wanted.range.length - 1, size));
  }
  return response;
}

}  // namespace starcast::tracking::api
