// What all searches share: views, page sizes, and the token that says where the next page starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tracking/search_sql.h"

namespace starcast::tracking {

// MLflow's ViewType, by its numbers from 1.
enum class View { kActiveOnly = 1, kDeletedOnly = 2, kAll = 3 };
inline constexpr std::string_view kViewNames[] = {"ACTIVE_ONLY", "DELETED_ONLY", "ALL"};

// The search as one text, for its page token: its parts in a row, none of them mistaken for another.
std::string search_text(std::string_view resource, const std::vector<std::vector<std::string>>& parts);

// "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer", or at most `most`.
core::Result<std::size_t> check_max_results(std::int64_t max_results, std::int64_t most);

// The keys of the last row of the page before; none for "". kInvalidInput when they are not `terms`' own.
core::Result<Keys> read_page_start(std::string_view search, std::string_view token,
                                   const std::vector<Term>& terms);

// Cuts `rows`, of which one too many was asked for, to `limit`, and returns the next page's token: "" when
// there is none.
std::string cut_page(std::vector<Keys>& rows, std::size_t limit, std::string_view search);

}  // namespace starcast::tracking
