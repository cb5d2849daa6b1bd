#include "tracking/uri.h"

#include <algorithm>

#include "codec/number.h"
#include "codec/percent.h"
#include "core/strings.h"

namespace starcast::tracking {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_scheme_character(char c) {
  return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// Cuts `rest` at the first of `separator`; what follows it, if it is there.
std::optional<std::string> cut_at(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  std::string after(rest.substr(at + 1));
  rest = rest.substr(0, at);
  return after;
}

}  // namespace

Uri split_uri(std::string_view text) {
  Uri uri;
  std::string_view rest = text;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon > 1 && is_alpha(text.front()) &&
      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme_character)) {
    uri.scheme = core::ascii_lower(text.substr(0, colon));
    rest = text.substr(colon + 1);
  }
  uri.fragment = cut_at(rest, '#');
  uri.query = cut_at(rest, '?');
  if (rest.starts_with("//")) {
    uri.has_authority = true;
    rest.remove_prefix(2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    uri.authority = std::string(rest.substr(0, slash));
    rest.remove_prefix(slash);
  }
  uri.path = std::string(rest);
  return uri;
}

std::vector<std::string> decoded_segments(std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string_view segment : core::split(path, '/')) {
    if (!segment.empty()) segments.push_back(codec::percent_decode_fully(segment));
  }
  return segments;
}

HostPort split_authority(std::string_view authority) {
  HostPort result;
  for (const char c : authority) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '\\') result.malformed = true;
  }
  const std::size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      result.malformed = true;
      return result;
    }
    port = authority.substr(end + 1);
    authority = authority.substr(1, end - 1);
    if (!port.empty() && port.front() != ':') result.malformed = true;
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
  }
  result.host = core::ascii_lower(authority);
  if (port.size() > 1) {
    const std::optional<std::int64_t> number = codec::parse_int(port.substr(1));
    if (number && *number >= 0 && *number <= 65535) {
      result.port = static_cast<int>(*number);
    } else {
      result.malformed = true;
    }
  }
  return result;
}

namespace {

// Where the next password at or after `from` begins and ends.
struct Range {
  std::size_t begin = std::string_view::npos;
  std::size_t end = std::string_view::npos;
};

Range find_password(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find("://", from); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of("/?#\" \\<>", begin), text.size());
    const std::string_view authority = text.substr(begin, end - begin);
    const std::size_t user_end = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    if (user_end == std::string_view::npos || colon >= user_end) continue;
    return {begin + colon + 1, begin + user_end};
  }
  return {};
}

}  // namespace

bool holds_password(std::string_view text) {
  return find_password(text, 0).begin != std::string_view::npos;
}

std::string without_passwords(std::string_view text) {
  std::string masked;
  std::size_t from = 0;
  for (Range found = find_password(text, 0); found.begin != std::string_view::npos;
       found = find_password(text, from)) {
    masked.append(text.substr(from, found.begin - from));
    masked.append("***");
    from = found.end;
  }
  masked.append(text.substr(from));
  return masked;
}

}  // namespace starcast::tracking
