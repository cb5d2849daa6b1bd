// Where everything in a figure goes, in pixels: both ways of drawing follow it, so they look alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plot/figure.h"

namespace starcast::plot {

struct Tick {
  double at = 0;
  std::string label{};
};

// From values to pixels along one axis.
struct Scale {
  double low = 0;
  double high = 1;
  double low_px = 0;
  double high_px = 1;
  std::vector<Tick> ticks{};

  double px(double value) const { return low_px + (value - low) / (high - low) * (high_px - low_px); }
};

enum class Anchor { kLeft, kMiddle, kRight };

// y is the middle of the line's height.
struct Text {
  double x = 0;
  double y = 0;
  std::string text{};
  double size_px = 12;
  bool is_bold = false;
  std::string colour = "#222222";
  Anchor anchor = Anchor::kLeft;
  double turned_degrees = 0;  // against the clock
};

enum class Symbol { kBox, kDot, kLine, kDashedLine };

struct LegendMark {
  double x = 0;  // left end; marks are kLegendMarkPx wide
  double y = 0;  // middle
  Symbol symbol = Symbol::kBox;
  std::string colour{};
};

inline constexpr double kLegendMarkPx = 18;
inline constexpr double kTickPx = 4;
inline constexpr std::string_view kAxisColour = "#8a8f98";
inline constexpr std::string_view kGridColour = "#e7e9ec";

// A value of a Categories series with its place on the x axis.
struct CategoryMark {
  double x = 0;
  double half_width = 0;  // of its box, where it is drawn as one
  double value = 0;
  double low = 0;
  double high = 0;
  std::string label{};
};

struct CategorySeries {
  bool has_ranges = false;  // dots with whiskers, else boxes from 0
  std::vector<CategoryMark> marks{};
};

struct Layout {
  Scale x{};
  Scale y{};
  std::vector<Text> texts{};  // title, axes, ticks, legend
  std::vector<LegendMark> legend{};
  std::vector<CategorySeries> categories{};  // one for each of the figure's
};

Layout layout_of(const Figure& figure);

// Numbers that can be drawn: finite and below 10^100.
bool is_drawable(double value);
bool is_drawable(const Bars& bars);

// Whether a point is drawn: whole, also on the very edge, or not at all.
bool is_inside(const Layout& layout, double x, double y);

// Round steps inside [low, high], about `count` of them.
std::vector<Tick> ticks_between(double low, double high, int count);

// Of the figure's series, counted through bars, points, lines and categories: colours that colour-blind
// people can tell apart (Okabe and Ito). Dashed lines are references, and grey.
std::string colour_of_bars(const Figure& figure, std::size_t index);
std::string colour_of_points(const Figure& figure, std::size_t index);
std::string colour_of_line(const Figure& figure, std::size_t index);
std::string colour_of_categories(const Figure& figure, std::size_t index);

struct PointStyle {
  double diameter_px = 7;
  double opacity = 0.75;
};

// The more points, the smaller and the more transparent.
PointStyle point_style(std::size_t count);
double bar_opacity(const Figure& figure);

// Valid UTF-8 without control characters: each of those becomes a space, each broken byte U+FFFD.
std::string plain_text(std::string_view text);

}  // namespace starcast::plot
