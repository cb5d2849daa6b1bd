#include "cli/table.h"

#include <algorithm>

#include "codec/utf8.h"
#include "core/check.h"

namespace starcast::cli {

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const std::vector<std::string>& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], codec::code_points(row[i]).size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - codec::code_points(row[i]).size(), ' ');
      line += i == 0 ? "" : "  ";
      line += columns_[i] == Align::kLeft ? row[i] + space : space + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string fitted(const std::string& text, std::size_t width_max) {
  std::vector<char32_t> points = codec::code_points(text);
  if (points.size() <= width_max) return text;
  points.resize(width_max - 1);
  return codec::from_code_points(points) + "\u2026";
}

}  // namespace starcast::cli
