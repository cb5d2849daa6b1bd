#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/utf8.h"
#include "core/check.h"
#include "core/strings.h"

namespace starcast::report {

namespace {

constexpr std::size_t kNameCharactersMax = 160;
// Wider figures scroll on a narrow screen, instead of becoming illegible.
constexpr int kNarrowPx = 600;

}  // namespace

std::string isolated(std::string_view text) {
  std::vector<char32_t> points = codec::code_points(text);
  const bool is_long = points.size() > kNameCharactersMax;
  if (is_long) points.resize(kNameCharactersMax);
  const std::string safe = core::replaced(escaped(codec::from_code_points(points)), "_", "_<wbr>");
  return "<bdi>" + safe + (is_long ? "&hellip;" : "") + "</bdi>";
}

std::string number_html(std::string_view text) {
  return core::replaced(escaped(text), "-", "&minus;");
}

Table::Table(std::string caption, std::vector<Column> columns)
    : caption_(std::move(caption)), columns_(std::move(columns)) {}

void Table::add_row(const std::vector<std::string>& cells_html) {
  add(cells_html, "");
}

void Table::add_main_row(const std::vector<std::string>& cells_html) {
  add(cells_html, " class=\"main\"");
}

void Table::add(const std::vector<std::string>& cells_html, std::string_view row_class) {
  CHECK(cells_html.size() == columns_.size());
  body_ += fmt::format("<tr{}>", row_class);
  for (std::size_t i = 0; i < cells_html.size(); ++i) {
    const std::string_view cell_class = columns_[i].kind == CellKind::kNumber ? " class=\"n\"" : "";
    body_ += i == 0 ? fmt::format("<th scope=\"row\"{}>{}</th>", cell_class, cells_html[i])
                    : fmt::format("<td{}>{}</td>", cell_class, cells_html[i]);
  }
  body_ += "</tr>\n";
}

std::string Table::html() const {
  const std::string caption = escaped(caption_);
  std::string html = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
      "aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
      caption);
  for (const Column& column : columns_) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", column.kind == CellKind::kNumber ? " class=\"n\"" : "",
                        escaped(column.title));
  }
  return html + "</tr></thead>\n<tbody>\n" + body_ + "</tbody>\n</table>\n</div>\n";
}

std::string share_bar(double share, std::string_view text_html) {
  const double width = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) * 100 : 0;
  return fmt::format(
      "<span class=\"bar\"><span style=\"width:{:.1f}%\"></span></span><span class=\"n\">{}</span>", width,
      text_html);
}

std::string figure_html(const plot::Figure& figure, std::string_view caption_html) {
  return fmt::format("<figure{}>\n<div>{}</div><figcaption>{}</figcaption>\n</figure>\n",
                     figure.width_px > kNarrowPx ? " class=\"wide\"" : "", plot::to_svg(figure),
                     caption_html);
}

}  // namespace starcast::report
