#include "serve/page.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "codec/base64.h"
#include "codec/digest.h"
#include "core/strings.h"

namespace starcast::serve {

const std::map<std::string, std::string>& embedded_pages();

namespace {

int digit_of(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

// As a Content-Security-Policy names a text.
std::string source_of(std::string_view text) {
  const std::string digits = codec::sha256_hex(text);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<char>(digit_of(digits[i]) * 16 + digit_of(digits[i + 1])));
  return fmt::format("'sha256-{}'", codec::base64_encode(bytes));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result.push_back(c);
    }
  }
  return result;
}

std::string isolated(std::string_view text) {
  return fmt::format("<bdi>{}</bdi>", core::replaced(escaped(text), "_", "_<wbr>"));
}

http::Response page_response(const Page& page, int status) {
  const std::string& style = embedded_pages().at("pages/page.css");
  std::string text = embedded_pages().at("pages/page.html");
  std::string script;
  std::string policy =
      fmt::format("default-src 'none'; style-src {}; img-src data:; form-action 'self'; base-uri 'none'",
                  source_of(style));
  if (!page.script.empty()) {
    const std::string& source = embedded_pages().at(page.script);
    script = fmt::format("<script>{}</script>\n", source);
    policy += fmt::format("; script-src {}; connect-src 'self'", source_of(source));
  }
  // The content last: what others wrote is not searched for places to fill.
  text = core::replaced(text, "{{style}}", style);
  text = core::replaced(text, "{{script}}", script);
  text = core::replaced(text, "{{title}}", escaped(page.title));
  const std::size_t place = text.find("{{content}}");
  text.replace(place, std::string_view("{{content}}").size(), page.content);
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy", policy);
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.body = std::move(text);
  return response;
}

}  // namespace starcast::serve
