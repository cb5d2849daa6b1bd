// Pages of HTML that load nothing from elsewhere and run nothing but what is written in them.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace starcast::serve {

// Text between tags and in quoted attributes.
std::string escaped(std::string_view text);

// Escaped and isolated from the direction of what stands around it: for names that others chose. May break
// after an underscore.
std::string isolated(std::string_view text);

struct Page {
  std::string title;    // plain
  std::string content;  // HTML
  std::string script;   // of pages/, or ""
};

// With a Content-Security-Policy that allows the page's own style and script by their sums, and no other.
http::Response page_response(const Page& page, int status = 200);

}  // namespace starcast::serve
