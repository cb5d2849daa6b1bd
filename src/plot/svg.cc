// Figures as inline SVG.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "plot/figure.h"
#include "plot/layout.h"

namespace starcast::plot {
namespace {

constexpr std::size_t kPointLayersMax = 16;
constexpr double kOutsidePx = 4000;  // what lies further out is drawn there: clipped anyway

// Tenths of pixels, without a needless ".0".
std::string px_text(double px) {
  std::string text = fmt::format("{:.1f}", px);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

double held(double px) {
  return std::clamp(px, -kOutsidePx, kOutsidePx * 3);
}

std::string_view anchor_text(Anchor anchor) {
  switch (anchor) {
    case Anchor::kLeft:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kRight:
      return "end";
  }
  return "start";
}

// Equal for equal figures, so that several figures in one page do not share a name by chance.
std::string identity_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return fmt::format("plot-{:016x}", hash);
}

class Drawing {
 public:
  Drawing(const Figure& figure, const Layout& layout) : figure_(figure), layout_(layout) {}

  std::string whole() {
    add_grid();
    add_bars();
    add_points();
    const std::string unclipped = taken();
    add_lines();
    add_categories();
    const std::string clipped = taken();
    add_axes();
    add_legend();
    for (const Text& text : layout_.texts) add_text(text);

    const std::string identity = identity_of(unclipped + clipped + body_);
    std::string svg;
    fmt::format_to(
        std::back_inserter(svg),
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 "
        "{0} {1}\" "
        "style=\"max-width:100%;height:auto\" font-family=\"'DejaVu Sans',Verdana,'Segoe UI',sans-serif\">\n"
        "<title>{2}</title>\n",
        figure_.width_px, figure_.height_px, figure_.title.empty() ? "figure" : escaped(figure_.title));
    fmt::format_to(std::back_inserter(svg),
                   "<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
                   identity, px_text(layout_.x.low_px), px_text(layout_.y.high_px - 1),
                   px_text(layout_.x.high_px - layout_.x.low_px),
                   px_text(layout_.y.low_px - layout_.y.high_px + 1));
    fmt::format_to(std::back_inserter(svg), "<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n{}",
                   figure_.width_px, figure_.height_px, unclipped);
    fmt::format_to(std::back_inserter(svg), "<g clip-path=\"url(#{})\">\n{}</g>\n{}</svg>\n", identity,
                   clipped, body_);
    return svg;
  }

 private:
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(body_), format, std::forward<Arguments>(arguments)...);
  }

  double inside_x(double px) const { return std::clamp(px, layout_.x.low_px, layout_.x.high_px); }
  double inside_y(double px) const { return std::clamp(px, layout_.y.high_px, layout_.y.low_px); }
  std::string taken() { return std::exchange(body_, std::string()); }

  std::string x_px(double value) const { return px_text(held(layout_.x.px(value))); }
  std::string y_px(double value) const { return px_text(held(layout_.y.px(value))); }

  void add_segment(double x1, double y1, double x2, double y2) {
    add("M{} {}L{} {}", px_text(x1), px_text(y1), px_text(x2), px_text(y2));
  }

  void add_grid() {
    add("<path fill=\"none\" stroke=\"{}\" d=\"", kGridColour);
    if (layout_.categories.empty()) {
      for (const Tick& tick : layout_.x.ticks) {
        const double x = layout_.x.px(tick.at);
        add_segment(x, layout_.y.low_px, x, layout_.y.high_px);
      }
    }
    for (const Tick& tick : layout_.y.ticks) {
      const double y = layout_.y.px(tick.at);
      add_segment(layout_.x.low_px, y, layout_.x.high_px, y);
    }
    add("\"/>\n");
  }

  void add_axes() {
    add("<path fill=\"none\" stroke=\"{}\" d=\"", kAxisColour);
    add_segment(layout_.x.low_px, layout_.y.high_px, layout_.x.low_px, layout_.y.low_px);
    add_segment(layout_.x.low_px, layout_.y.low_px, layout_.x.high_px, layout_.y.low_px);
    for (const Tick& tick : layout_.x.ticks) {
      const double x = layout_.x.px(tick.at);
      add_segment(x, layout_.y.low_px, x, layout_.y.low_px + kTickPx);
    }
    for (const Tick& tick : layout_.y.ticks) {
      const double y = layout_.y.px(tick.at);
      add_segment(layout_.x.low_px - kTickPx, y, layout_.x.low_px, y);
    }
    add("\"/>\n");
  }

  // From 0 to `value`, cut at the edges of the plot.
  void add_box(double x_low, double x_high, double value, std::string_view title) {
    const double top = inside_y(layout_.y.px(std::max(value, 0.0)));
    const double bottom = inside_y(layout_.y.px(std::min(value, 0.0)));
    const double left = inside_x(layout_.x.px(x_low));
    const double right = inside_x(layout_.x.px(x_high));
    if (left >= right) return;
    add("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>\n", px_text(left),
        px_text(top), px_text(right - left), px_text(bottom - top), title);
  }

  void add_bars() {
    for (std::size_t b = 0; b < figure_.bars.size(); ++b) {
      const Bars& bars = figure_.bars[b];
      if (!is_drawable(bars)) continue;
      add("<g fill=\"{}\" fill-opacity=\"{}\" stroke=\"#ffffff\" stroke-width=\"0.8\">\n",
          colour_of_bars(figure_, b), bar_opacity(figure_));
      for (std::size_t i = 0; i < bars.counts.size(); ++i) {
        if (!is_drawable(bars.counts[i]) || bars.counts[i] == 0) continue;
        const double low = bars.first_edge + bars.bin_width * static_cast<double>(i);
        const double high = bars.first_edge + bars.bin_width * static_cast<double>(i + 1);
        add_box(low, high, bars.counts[i],
                fmt::format("{:.6g} to {:.6g}: {:.6g}", low, high, bars.counts[i]));
      }
      add("</g>\n");
    }
  }

  // Dots of one path do not add up where they overlap, so they are dealt out to several.
  void add_points() {
    for (std::size_t p = 0; p < figure_.points.size(); ++p) {
      const Points& points = figure_.points[p];
      const std::size_t count = std::min(points.x.size(), points.y.size());
      const PointStyle style = point_style(count);
      add("<g fill=\"none\" stroke=\"{}\" stroke-opacity=\"{}\" stroke-width=\"{}\" "
          "stroke-linecap=\"round\">\n",
          colour_of_points(figure_, p), style.opacity, style.diameter_px);
      for (std::size_t layer = 0; layer < std::min(kPointLayersMax, count); ++layer) {
        add("<path d=\"");
        for (std::size_t i = layer; i < count; i += kPointLayersMax) {
          if (is_inside(layout_, points.x[i], points.y[i]))
            add("M{} {}h0", x_px(points.x[i]), y_px(points.y[i]));
        }
        add("\"/>\n");
      }
      add("</g>\n");
    }
  }

  void add_lines() {
    for (std::size_t l = 0; l < figure_.lines.size(); ++l) {
      const Line& line = figure_.lines[l];
      add("<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{} d=\"",
          colour_of_line(figure_, l), line.dashed ? 1.5 : 2.2,
          line.dashed ? " stroke-dasharray=\"6 4\"" : "");
      bool is_open = false;  // a gap in the values is a gap in the line
      for (std::size_t i = 0; i < std::min(line.x.size(), line.y.size()); ++i) {
        const bool is_here = is_drawable(line.x[i]) && is_drawable(line.y[i]);
        if (is_here) add("{}{} {}", is_open ? 'L' : 'M', x_px(line.x[i]), y_px(line.y[i]));
        is_open = is_here;
      }
      add("\"/>\n");
    }
  }

  void add_categories() {
    for (std::size_t c = 0; c < layout_.categories.size(); ++c) {
      const CategorySeries& series = layout_.categories[c];
      const std::string colour = colour_of_categories(figure_, c);
      add("<g fill=\"{0}\" stroke=\"{0}\" stroke-width=\"{1}\">\n", colour, series.has_ranges ? 1.8 : 0.0);
      for (const CategoryMark& mark : series.marks) {
        const std::string label = escaped(mark.label);
        if (!series.has_ranges) {
          add_box(mark.x - mark.half_width, mark.x + mark.half_width, mark.value,
                  fmt::format("{}: {:.6g}", label, mark.value));
          continue;
        }
        const double x = layout_.x.px(mark.x);
        add("<path d=\"M{0} {1}V{2}M{3} {1}H{4}M{3} {2}H{4}\"/>", px_text(x), y_px(mark.low), y_px(mark.high),
            px_text(x - 4), px_text(x + 4));
        add("<circle cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}: {:.6g} ({:.6g} to {:.6g})</title></circle>\n",
            px_text(x), y_px(mark.value), label, mark.value, mark.low, mark.high);
      }
      add("</g>\n");
    }
  }

  void add_legend() {
    for (const LegendMark& mark : layout_.legend) {
      const std::string middle = px_text(mark.x + kLegendMarkPx / 2);
      const std::string y = px_text(mark.y);
      switch (mark.symbol) {
        case Symbol::kBox:
          add("<rect x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\" fill-opacity=\"{}\"/>\n",
              px_text(mark.x + 3), px_text(mark.y - 6), mark.colour, bar_opacity(figure_));
          break;
        case Symbol::kDot:
          add("<circle cx=\"{}\" cy=\"{}\" r=\"4.5\" fill=\"{}\"/>\n", middle, y, mark.colour);
          break;
        case Symbol::kLine:
        case Symbol::kDashedLine:
          add("<path stroke=\"{}\" stroke-width=\"2\"{} d=\"M{} {}h{}\"/>\n", mark.colour,
              mark.symbol == Symbol::kDashedLine ? " stroke-dasharray=\"5 3\"" : "", px_text(mark.x), y,
              kLegendMarkPx);
          break;
      }
    }
  }

  void add_text(const Text& text) {
    add("<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\" dy=\"0.35em\"",
        px_text(text.x), px_text(text.y), text.size_px, text.colour, anchor_text(text.anchor));
    if (text.is_bold) add(" font-weight=\"bold\"");
    if (text.turned_degrees != 0) {
      add(" transform=\"rotate({} {} {})\"", -text.turned_degrees, px_text(text.x), px_text(text.y));
    }
    add(">{}</text>\n", escaped(text.text));
  }

  const Figure& figure_;
  const Layout& layout_;
  std::string body_;
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : plain_text(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string to_svg(const Figure& figure) {
  const Layout layout = layout_of(figure);
  return Drawing(figure, layout).whole();
}

}  // namespace starcast::plot
