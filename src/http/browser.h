// Host and Origin rules: what keeps a foreign web page from reaching a server through its user's browser.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/server.h"

namespace starcast::http {

enum class BrowserVerdict { kAllowed, kForeignHost, kForeignOrigin };

// Thread-safe: only reads.
class BrowserGuard {
 public:
  // `address` is what the server listens on; as a literal it is a host of its own.
  BrowserGuard(BrowserRules rules, std::string_view address);

  BrowserVerdict judge(const Request& request) const;
  // A preflight's whole answer; absent when `request` is none.
  std::optional<Response> preflight(const Request& request) const;
  // Access-Control fields for the request's origin, nosniff and the frame option, each unless it is set.
  void dress(const Request& request, Response& response) const;

 private:
  bool is_allowed_host(std::string_view host) const;
  bool is_allowed_origin(std::string_view origin) const;

  BrowserRules rules_;
  std::string address_;
  bool any_host_ = false;
  bool any_origin_ = false;
};

}  // namespace starcast::http
