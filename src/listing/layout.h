// The known layouts: which of a header's columns holds which field.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "listing/listing.h"
#include "listing/reader.h"

namespace starcast::listing {

// Where a file's columns are.
struct ColumnMap {
  Layout layout = Layout::kPlayStore2018;
  std::size_t width = 0;                                          // cells of the header
  std::array<std::optional<std::size_t>, kFieldCount> columns{};  // by field
  std::optional<std::size_t> free_column;                         // 2021: TRUE or FALSE
  std::optional<std::size_t> currency_column;                     // 2021
  std::vector<std::string> ignored;

  std::optional<std::size_t> at(Field field) const { return columns[static_cast<std::size_t>(field)]; }
};

struct LayoutOptions {
  bool rating_required = true;
};

// kInvalidInput: no layout's columns are all there, or a column of it is there twice.
core::Result<ColumnMap> recognise_layout(const std::vector<std::string_view>& header, LayoutOptions options);

// "Action" or "GAME_ACTION" -> "Action", the genre with which the 2018 file has such games in its category
// GAME; nothing for what is no game. Takes canonical categories ("ACTION").
std::optional<std::string> game_genre(Layout layout, std::string_view category);

}  // namespace starcast::listing
