#include "tracking/source_pattern.h"

#include <fmt/format.h>

#include <regex>
#include <string>

namespace starcast::tracking {
namespace {

// libstdc++'s breadth-first matcher: no recursion, no exponential search, and back references are an error.
constexpr std::regex::flag_type kFlags = std::regex::ECMAScript | std::regex_constants::__polynomial;

core::Error invalid(std::string_view pattern, std::string_view reason) {
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("'{}' is no regular expression that can be used here: {}", pattern, reason));
}

// An escaped letter that means something to Python and only itself to the library: "\A", "\Z".
bool escapes_unknown_letter(std::string_view pattern) {
  constexpr std::string_view kKnown = "dDwWsSbBtnrfvcxu";
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    ++i;
    const char c = pattern[i];
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter && kKnown.find(c) == std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

struct SourcePattern::Compiled {
  std::regex regex;
};

core::Result<SourcePattern> SourcePattern::parse(std::string_view pattern) {
  SourcePattern parsed;
  if (pattern.empty()) return parsed;
  if (escapes_unknown_letter(pattern)) {
    return invalid(pattern,
                   "it escapes a letter that is not among dDwWsSbBtnrfvcxu (for \\A and \\Z say ^ and $)");
  }
  try {
    parsed.compiled_ =
        std::make_shared<const Compiled>(Compiled{std::regex(pattern.begin(), pattern.end(), kFlags)});
  } catch (const std::regex_error& error) {
    return invalid(pattern, error.what());
  }
  return parsed;
}

bool SourcePattern::takes(std::string_view source) const {
  if (!compiled_) return true;
  try {
    return std::regex_search(source.begin(), source.end(), compiled_->regex);
  } catch (const std::regex_error&) {
    return false;  // what cannot be judged is not taken
  }
}

}  // namespace starcast::tracking
