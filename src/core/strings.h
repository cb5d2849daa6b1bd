// Text without locale: the few functions the standard library lacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace starcast::core {

// Without spaces, tabs, newlines and carriage returns on both sides.
std::string_view trimmed(std::string_view text);

// Always at least one part: "a,,b" gives "a", "", "b"; "" gives "".
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// ASCII only; other bytes stay.
std::string ascii_lower(std::string_view text);

std::string replaced(std::string_view text, std::string_view from, std::string_view to);

// 1234567 -> "1,234,567".
std::string with_thousands(long long value);

// Edits (insert, delete, change a byte) between two words: for did-you-mean.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace starcast::core
