#include "model/row_scorer.h"

#include <fmt/format.h>

namespace starcast::model {

core::Result<void> Rows::add_record(const std::vector<std::size_t>& columns,
                                    const std::vector<std::string_view>& cells) {
  if (cells.size() != columns.size()) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("{} cell{} where the header has {}", cells.size(),
                                   cells.size() == 1 ? "" : "s", columns.size()));
  }
  add_row();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (columns[i] != kNoColumn) TRY(set_text(columns[i], cells[i]));
  }
  return {};
}

}  // namespace starcast::model
