#include "http/browser.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/strings.h"

namespace starcast::http {
namespace {

// An IP literal as the bits that rules compare; IPv4 within IPv6 counts as IPv4.
struct Address {
  std::optional<std::uint32_t> v4{};
  std::array<std::uint8_t, 16> v6{};
};

std::optional<Address> address_of(std::string_view literal) {
  const std::string text(literal);
  Address address;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) != 1) {
    if (inet_pton(AF_INET6, text.c_str(), address.v6.data()) != 1) return std::nullopt;
    constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (!std::equal(kMapped.begin(), kMapped.end(), address.v6.begin())) return address;
    std::copy(address.v6.begin() + 12, address.v6.end(), v4.begin());
  }
  address.v4 = std::uint32_t{v4[0]} << 24 | std::uint32_t{v4[1]} << 16 | std::uint32_t{v4[2]} << 8 | v4[3];
  return address;
}

bool is_loopback(const Address& address) {
  if (address.v4) return *address.v4 >> 24 == 127;
  const auto zero = [](std::uint8_t byte) { return byte == 0; };
  return std::all_of(address.v6.begin(), address.v6.end() - 1, zero) && address.v6[15] == 1;
}

bool is_local_or_private(const Address& address) {
  if (is_loopback(address)) return true;
  if (address.v4) {
    const std::uint32_t bits = *address.v4;
    return bits == 0 || bits >> 24 == 10 || bits >> 20 == (172U << 4 | 1U) ||
           bits >> 16 == (192U << 8 | 168U);
  }
  return (address.v6[0] & 0xfe) == 0xfc;
}

bool same(const Address& a, const Address& b) {
  return a.v4 || b.v4 ? a.v4 == b.v4 : a.v6 == b.v6;
}

struct Authority {
  std::string host{};  // lower case, without brackets
  std::string port{};
  std::optional<Address> address{};
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "host", "host:80", "[::1]:80"; absent for anything else: user information, an empty port, garbage.
std::optional<Authority> authority_of(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    authority.host = core::ascii_lower(text.substr(1, end - 1));
    authority.address = address_of(authority.host);
    if (!authority.address) return std::nullopt;
    rest = text.substr(end + 1);
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    authority.host = core::ascii_lower(text.substr(0, end));
    const auto is_name_letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    if (authority.host.empty() ||
        !std::all_of(authority.host.begin(), authority.host.end(), is_name_letter)) {
      return std::nullopt;
    }
    authority.address = address_of(authority.host);
    rest = text.substr(end);
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':' || !is_digits(rest.substr(1)) || rest.size() > 6) return std::nullopt;
  authority.port = rest.substr(1);
  return authority;
}

struct Origin {
  std::string scheme{};
  Authority authority{};
};

std::optional<Origin> origin_of(std::string_view text) {
  for (const std::string_view scheme : {"http", "https"}) {
    if (!text.starts_with(scheme) || !text.substr(scheme.size()).starts_with("://")) continue;
    auto authority = authority_of(text.substr(scheme.size() + 3));
    if (!authority) return std::nullopt;
    return Origin{std::string(scheme), *std::move(authority)};
  }
  return std::nullopt;
}

bool is_localhost(const Authority& authority) {
  return authority.host == "localhost" || (authority.address && is_loopback(*authority.address));
}

// '*' stands for any run of characters; linear in the text for one star, and never worse than the product.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// "192.168.*", "[::1]:*", "fd00:*": what only addresses may match.
bool is_address_pattern(std::string_view pattern) {
  if (pattern.starts_with('[') || std::count(pattern.begin(), pattern.end(), ':') > 1) return true;
  const std::size_t colon = pattern.find(':');
  if (colon == 4 && pattern.substr(5) == "*" &&
      pattern.substr(0, 4).find_first_not_of("0123456789abcdef") == std::string_view::npos) {
    return true;
  }
  return pattern.find_first_not_of("0123456789.*:") == std::string_view::npos &&
         pattern.find_first_of("0123456789") != std::string_view::npos;
}

bool changes_state(Method method) {
  switch (method) {
    case Method::kPost:
    case Method::kPut:
    case Method::kPatch:
    case Method::kDelete:
      return true;
    case Method::kGet:
    case Method::kHead:
    case Method::kOptions:
      return false;
  }
  return true;
}

void set_if_absent(Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.find(name)) headers.add(std::string(name), std::string(value));
}

}  // namespace

BrowserGuard::BrowserGuard(BrowserRules rules, std::string_view address)
    : rules_(std::move(rules)), address_(address) {
  for (std::string& host : rules_.allowed_hosts) host = core::ascii_lower(core::trimmed(host));
  for (std::string& origin : rules_.allowed_origins) origin = core::ascii_lower(core::trimmed(origin));
  const auto has_star = [](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), "*") != list.end();
  };
  any_host_ = has_star(rules_.allowed_hosts);
  any_origin_ = has_star(rules_.allowed_origins);
}

bool BrowserGuard::is_allowed_host(std::string_view host) const {
  if (any_host_) return true;
  const auto authority = authority_of(host);
  if (!authority) return false;
  if (rules_.allowed_hosts.empty()) {
    if (authority->host == "localhost") return true;
    if (!authority->address) return false;
    const auto own = address_of(address_);
    return is_local_or_private(*authority->address) || (own && same(*own, *authority->address));
  }
  const std::string whole = core::ascii_lower(host);
  const bool is_v6 = authority->address && !authority->address->v4;
  const std::string bracketed = is_v6 ? "[" + authority->host + "]" : authority->host;
  return std::any_of(rules_.allowed_hosts.begin(), rules_.allowed_hosts.end(), [&](const std::string& rule) {
    if (is_address_pattern(rule) && !authority->address) return false;
    return matches(rule, whole) || matches(rule, bracketed) || (is_v6 && matches(rule, authority->host));
  });
}

bool BrowserGuard::is_allowed_origin(std::string_view origin) const {
  if (any_origin_) return true;
  const auto parsed = origin_of(core::ascii_lower(origin));
  if (!parsed) return false;
  if (is_localhost(parsed->authority)) return true;
  const std::string whole = core::ascii_lower(origin);
  return std::any_of(rules_.allowed_origins.begin(), rules_.allowed_origins.end(),
                     [&](const std::string& rule) { return matches(rule, whole); });
}

BrowserVerdict BrowserGuard::judge(const Request& request) const {
  if (!rules_.enabled) return BrowserVerdict::kAllowed;
  const std::string_view host = request.headers.find("Host").value_or(std::string_view());
  const bool open =
      std::find(rules_.open_paths.begin(), rules_.open_paths.end(), request.path) != rules_.open_paths.end();
  if (!open && !is_allowed_host(host)) return BrowserVerdict::kForeignHost;
  const auto origin = request.headers.find("Origin");
  if (!origin || !changes_state(request.method) || is_allowed_origin(*origin))
    return BrowserVerdict::kAllowed;
  // The server's own pages: their origin is the host that was just found to be one of ours.
  const auto parsed = origin_of(core::ascii_lower(*origin));
  const auto own = authority_of(host);
  const bool same_site = parsed && own && !any_host_ && !open && parsed->authority.host == own->host &&
                         parsed->authority.port == own->port;
  return same_site ? BrowserVerdict::kAllowed : BrowserVerdict::kForeignOrigin;
}

std::optional<Response> BrowserGuard::preflight(const Request& request) const {
  const auto origin = request.headers.find("Origin");
  if (!rules_.enabled || request.method != Method::kOptions || !origin ||
      !request.headers.find("Access-Control-Request-Method")) {
    return std::nullopt;
  }
  if (!is_allowed_origin(*origin)) {
    Response refused;
    refused.status = 204;
    refused.headers.add("Vary", "Origin");
    return refused;
  }
  Response allowed = text_response(200, "OK");
  allowed.headers.add("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH");
  allowed.headers.add("Access-Control-Max-Age", "600");
  const auto wanted = request.headers.find("Access-Control-Request-Headers");
  allowed.headers.add("Access-Control-Allow-Headers", std::string(wanted.value_or("*")));
  return allowed;
}

void BrowserGuard::dress(const Request& request, Response& response) const {
  if (!rules_.enabled) return;
  set_if_absent(response.headers, "X-Content-Type-Options", "nosniff");
  if (!rules_.frame_options.empty() && core::ascii_lower(rules_.frame_options) != "none") {
    set_if_absent(response.headers, "X-Frame-Options", rules_.frame_options);
  }
  const auto origin = request.headers.find("Origin");
  if (!origin || !is_allowed_origin(*origin)) return;
  if (any_origin_) {
    response.headers.set("Access-Control-Allow-Origin", "*");
  } else {
    response.headers.set("Access-Control-Allow-Origin", std::string(*origin));
    response.headers.set("Access-Control-Allow-Credentials", "true");
    response.headers.add("Vary", "Origin");
  }
  response.headers.set("Access-Control-Expose-Headers", "*");
}

}  // namespace starcast::http
