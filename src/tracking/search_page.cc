#include "tracking/search_page.h"

#include <fmt/format.h>

#include "tracking/page_token.h"

namespace starcast::tracking {

std::string search_text(std::string_view resource, const std::vector<std::vector<std::string>>& parts) {
  std::string text(resource);
  for (const std::vector<std::string>& part : parts) {
    text += fmt::format(";{}", part.size());
    for (const std::string& one : part) text += fmt::format(",{}:{}", one.size(), one);
  }
  return text;
}

core::Result<std::size_t> check_max_results(std::int64_t max_results, std::int64_t most) {
  if (max_results < 1) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be a positive integer",
                    max_results));
  }
  if (max_results > most) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be at most {}",
                    max_results, most));
  }
  return static_cast<std::size_t>(max_results);
}

core::Result<Keys> read_page_start(std::string_view search, std::string_view token,
                                   const std::vector<Term>& terms) {
  Keys keys = TRY(read_page_token(search, token));
  if (!keys.empty() && !fits(keys, terms)) {
    return core::Error(core::ErrorCode::kInvalidInput, "Invalid page token");
  }
  return keys;
}

std::string cut_page(std::vector<Keys>& rows, std::size_t limit, std::string_view search) {
  if (rows.size() <= limit) return {};
  rows.resize(limit);
  return write_page_token(search, rows.back());
}

}  // namespace starcast::tracking
