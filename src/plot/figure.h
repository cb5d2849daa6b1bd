// Figures for people: described as data, drawn as PNG by gnuplot (a process) or as inline SVG by ourselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "os/process.h"

namespace starcast::plot {

struct Bars {  // a histogram: bins of equal width
  std::string name{};
  double first_edge = 0;
  double bin_width = 1;
  std::vector<double> counts{};
};

struct Points {  // a scatter
  std::string name{};
  std::vector<double> x{};
  std::vector<double> y{};
};

struct Line {
  std::string name{};
  std::vector<double> x{};
  std::vector<double> y{};
  bool dashed = false;
};

struct Categories {  // a value for each name: a dot with its range, or without ranges a box from 0
  std::string name{};
  std::vector<std::string> labels{};
  std::vector<double> values{};
  std::vector<double> lows{};  // empty, or one for each value
  std::vector<double> highs{};
};

struct Axis {
  std::string label{};
  double low = 0;  // low == high: fitted to what is drawn
  double high = 0;
};

// Titles and labels are plain text (never markup); control characters become spaces, broken UTF-8 U+FFFD, and
// what is too long for its place is cut. Values that are not finite are left out: a gap in a line. A figure
// without any says "no data". A legend is shown when there are two series or more. Categories take the x
// axis: the first name is at x = 0, the next at 1, and so on; the series of one figure share their names.
struct Figure {
  std::string title{};
  std::string subtitle{};  // e.g. what data, how many; may be empty
  Axis x{};
  Axis y{};
  std::vector<Bars> bars{};
  std::vector<Points> points{};
  std::vector<Line> lines{};
  std::vector<Categories> categories{};
  int width_px = 800;
  int height_px = 500;
};

// PNG bytes, by gnuplot. The same figure gives the same bytes on one machine. kInvalidInput for a side below
// 100 or above 8,000 pixels, kNotFound when gnuplot is not installed (the message says how to get it),
// kInternal with gnuplot's words when it fails.
core::Result<std::string> to_png(const Figure& figure, os::ProcessRunner& processes);

// A self-contained <svg> element for an HTML page; bars and categories tell their values when pointed at.
std::string to_svg(const Figure& figure);

// For the text and the quoted attributes of SVG and HTML. Broken UTF-8 becomes U+FFFD, control characters
// become spaces.
std::string escaped(std::string_view text);

}  // namespace starcast::plot
