// Pieces of an HTML page: escaped text, tables, figures.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plot/figure.h"

namespace starcast::report {

// What is text in a figure is text in a page.
using plot::escaped;

// Escaped, cut when very long, and isolated from the direction of what stands around it: for names that
// others chose. May break after an underscore.
std::string isolated(std::string_view text);

// A number's text with a real minus sign.
std::string number_html(std::string_view text);

enum class CellKind { kText, kNumber };

struct Column {
  std::string title;  // plain text
  CellKind kind = CellKind::kNumber;
};

// The first cell of a row is its header. On narrow screens a table scrolls by itself.
class Table {
 public:
  Table(std::string caption, std::vector<Column> columns);

  void add_row(const std::vector<std::string>& cells_html);
  // A row that stands out.
  void add_main_row(const std::vector<std::string>& cells_html);
  std::string html() const;

 private:
  void add(const std::vector<std::string>& cells_html, std::string_view row_class);

  std::string caption_;
  std::vector<Column> columns_;
  std::string body_;
};

// A bar of that share (0 to 1) of a cell's width, with its text.
std::string share_bar(double share, std::string_view text_html);

std::string figure_html(const plot::Figure& figure, std::string_view caption_html);

// The whole of the page's style sheet.
std::string_view page_style();

}  // namespace starcast::report
