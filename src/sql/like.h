// SQL's LIKE in time linear in the text (SQLite's own is exponential in the number of '%').
#pragma once

#include <string>
#include <string_view>

namespace starcast::sql {

// '%' is any text, '_' any one character (UTF-8); there is no escape character. Case counts. Parts of the
// pattern without
// '_' are searched in linear time; a part with '_' costs at most its length times the text's.
bool like(std::string_view pattern, std::string_view text);

// The same without regard to the case of ASCII letters, as `lower(x) LIKE lower(y)` on SQLite.
bool like_without_case(std::string_view pattern, std::string_view text);

}  // namespace starcast::sql
