#include "plot/gnuplot.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/strings.h"
#include "plot/layout.h"

namespace starcast::plot {
namespace {

constexpr int kSidePxMin = 100;
constexpr int kSidePxMax = 8000;
constexpr std::size_t kPngBytesMax = std::size_t{256} << 20;
constexpr std::size_t kWordsBytesMax = 600;  // of gnuplot's complaint
constexpr std::string_view kFont = "DejaVu Sans";
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr double kPointsOfPixel = 0.75;       // pngcairo draws 96 pixels an inch
constexpr double kDiameterOfPointSize = 6.0;  // about; pixels of point type 7 at size 1

class Script {
 public:
  Script(const Figure& figure, const Layout& layout) : figure_(figure), layout_(layout) {}

  std::string whole() {
    add("set encoding utf8\n");
    add("set terminal pngcairo noenhanced size {},{} font \"{},{}\" background rgb \"#ffffff\"\n",
        figure_.width_px, figure_.height_px, kFont, 12 * kPointsOfPixel);
    add("set output\nunset key\n");
    add("set lmargin at screen {}\nset rmargin at screen {}\n", screen_x(layout_.x.low_px),
        screen_x(layout_.x.high_px));
    add("set tmargin at screen {}\nset bmargin at screen {}\n", screen_y(layout_.y.high_px),
        screen_y(layout_.y.low_px));
    add("set xrange [{}:{}] noextend\nset yrange [{}:{}] noextend\n", layout_.x.low, layout_.x.high,
        layout_.y.low, layout_.y.high);
    add("set border 3 linecolor rgb \"{}\" linewidth 1\n", kAxisColour);
    add_ticks("x", layout_.x);
    add_ticks("y", layout_.y);
    const std::string_view wanted = layout_.categories.empty() ? "xtics ytics" : "noxtics ytics";
    add("set grid {} back linetype 1 linewidth 1 linecolor rgb \"{}\"\n", wanted, kGridColour);
    add("set style fill solid {} border rgb \"#ffffff\"\n", bar_opacity(figure_));
    add("set errorbars 0.8\nset style circle noclip\n");
    add_legend();
    for (const Text& text : layout_.texts) add_text(text);
    add_series();
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
  }

  double screen_x(double px) const { return px / figure_.width_px; }
  double screen_y(double px) const { return 1 - px / figure_.height_px; }

  void add_ticks(std::string_view axis, const Scale& scale) {
    add("set format {} \"\"\nset {}tics nomirror out scale 0.5 (", axis, axis);
    for (std::size_t i = 0; i < scale.ticks.size(); ++i)
      add("{}\"\" {}", i == 0 ? "" : ",", scale.ticks[i].at);
    add(")\n");
  }

  void add_text(const Text& text) {
    add("set label {} at screen {},{} {}", gnuplot_string(text.text), screen_x(text.x), screen_y(text.y),
        anchor_text(text.anchor));
    if (text.turned_degrees != 0) add(" rotate by {}", text.turned_degrees);
    add(" font \"{}{},{}\" textcolor rgb \"{}\" front\n", kFont, text.is_bold ? ":Bold" : "",
        text.size_px * kPointsOfPixel, text.colour);
  }

  static std::string_view anchor_text(Anchor anchor) {
    switch (anchor) {
      case Anchor::kLeft:
        return "left";
      case Anchor::kMiddle:
        return "center";
      case Anchor::kRight:
        return "right";
    }
    return "left";
  }

  void add_legend() {
    for (const LegendMark& mark : layout_.legend) {
      const double middle = mark.x + kLegendMarkPx / 2;
      switch (mark.symbol) {
        case Symbol::kBox:
          add("set object rectangle from screen {},{} to screen {},{} fillcolor rgb \"{}\" fillstyle solid "
              "{} noborder\n",
              screen_x(middle - 6), screen_y(mark.y + 6), screen_x(middle + 6), screen_y(mark.y - 6),
              mark.colour, bar_opacity(figure_));
          break;
        case Symbol::kDot:
          add("set label \"\" at screen {},{} point pointtype 7 pointsize {} linecolor rgb \"{}\" front\n",
              screen_x(middle), screen_y(mark.y), 9 / kDiameterOfPointSize, mark.colour);
          break;
        case Symbol::kLine:
        case Symbol::kDashedLine:
          add("set arrow from screen {0},{1} to screen {2},{1} nohead linewidth 2 linecolor rgb \"{3}\" "
              "dashtype {4}\n",
              screen_x(mark.x), screen_y(mark.y), screen_x(mark.x + kLegendMarkPx), mark.colour,
              mark.symbol == Symbol::kDashedLine ? "(10,6)" : "solid");
          break;
      }
    }
  }

  // A data block, and the plot element that draws it.
  template <typename AddRows>
  void add_block(const std::string& element, const AddRows& add_rows) {
    const std::string name = fmt::format("$series{}", elements_.size());
    add("{} << END\n", name);
    add_rows();
    add("END\n");
    elements_.push_back(name + " " + element);
  }

  void add_series() {
    add_bars();
    add_points();
    add_lines();
    add_categories();
    // gnuplot does not draw axes without anything on them.
    if (elements_.empty()) elements_.push_back("NaN");
    add("plot {} notitle\n", core::join(elements_, " notitle, "));
  }

  void add_bars() {
    for (std::size_t b = 0; b < figure_.bars.size(); ++b) {
      const Bars& bars = figure_.bars[b];
      if (!is_drawable(bars)) continue;
      const std::string element =
          fmt::format("using (($1+$2)/2):3:1:2:(0):3 with boxxyerror linewidth 0.8 fillcolor rgb \"{}\"",
                      colour_of_bars(figure_, b));
      add_block(element, [&] {
        for (std::size_t i = 0; i < bars.counts.size(); ++i) {
          if (!is_drawable(bars.counts[i]) || bars.counts[i] == 0) continue;
          add("{} {} {}\n", bars.first_edge + bars.bin_width * static_cast<double>(i),
              bars.first_edge + bars.bin_width * static_cast<double>(i + 1), bars.counts[i]);
        }
      });
    }
  }

  void add_points() {
    for (std::size_t p = 0; p < figure_.points.size(); ++p) {
      const Points& points = figure_.points[p];
      const std::size_t count = std::min(points.x.size(), points.y.size());
      const PointStyle style = point_style(count);
      // Circles, as gnuplot's transparent points have a rim.
      const double radius =
          style.diameter_px / 2 / (layout_.x.high_px - layout_.x.low_px) * (layout_.x.high - layout_.x.low);
      const std::string element = fmt::format(
          "using 1:2:({}) with circles fillstyle transparent solid {} noborder fillcolor rgb \"{}\"", radius,
          style.opacity, colour_of_points(figure_, p));
      add_block(element, [&] {
        for (std::size_t i = 0; i < count; ++i) {
          if (is_inside(layout_, points.x[i], points.y[i])) add("{} {}\n", points.x[i], points.y[i]);
        }
      });
    }
  }

  void add_lines() {
    for (std::size_t l = 0; l < figure_.lines.size(); ++l) {
      const Line& line = figure_.lines[l];
      const std::string element =
          fmt::format("using 1:2 with lines linewidth {} dashtype {} linecolor rgb \"{}\"",
                      line.dashed ? 1.5 : 2.2, line.dashed ? "(12,8)" : "solid", colour_of_line(figure_, l));
      add_block(element, [&] { add_curve(line.x, line.y); });
    }
  }

  // An empty row is a gap.
  void add_curve(const std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      if (is_drawable(x[i]) && is_drawable(y[i])) {
        add("{} {}\n", x[i], y[i]);
      } else {
        add("\n");
      }
    }
  }

  void add_categories() {
    for (std::size_t c = 0; c < layout_.categories.size(); ++c) {
      const CategorySeries& series = layout_.categories[c];
      const std::string colour = colour_of_categories(figure_, c);
      const std::string element =
          series.has_ranges
              ? fmt::format(
                    "using 1:2:3:4 with yerrorbars pointtype 7 pointsize {:.3f} linewidth 1.8 linecolor rgb "
                    "\"{}\"",
                    8 / kDiameterOfPointSize, colour)
              : fmt::format(
                    "using 1:2:($1-$5):($1+$5):(0):2 with boxxyerror linewidth 0.8 fillcolor rgb \"{}\"",
                    colour);
      add_block(element, [&] {
        for (const CategoryMark& mark : series.marks) {
          add("{} {} {} {} {}\n", mark.x, mark.value, mark.low, mark.high, mark.half_width);
        }
      });
    }
  }

  const Figure& figure_;
  const Layout& layout_;
  std::string text_;
  std::vector<std::string> elements_;
};

core::Result<void> check_size(const Figure& figure) {
  for (const int side : {figure.width_px, figure.height_px}) {
    if (side < kSidePxMin || side > kSidePxMax) {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("a figure of {} x {} pixels: each side has to be {} to {}",
                                     figure.width_px, figure.height_px, kSidePxMin, kSidePxMax));
    }
  }
  return {};
}

}  // namespace

std::string gnuplot_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : plain_text(text)) {
    // Not digits: gnuplot would take one that follows an escape for a part of it.
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
    if (is_plain) {
      quoted += c;
    } else {
      fmt::format_to(std::back_inserter(quoted), "\\{:03o}",
                     static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return quoted + "\"";
}

std::string gnuplot_script(const Figure& figure) {
  const Layout layout = layout_of(figure);
  return Script(figure, layout).whole();
}

core::Result<std::string> to_png(const Figure& figure, os::ProcessRunner& processes) {
  TRY(check_size(figure));
  os::Command command;
  command.arguments = {"gnuplot", "-d", "-"};  // -d: nobody's own settings
  command.environment = {{"LC_ALL", "C"}};
  command.input = gnuplot_script(figure);
  command.standard_output = os::Output::kCapture;
  command.standard_error = os::Output::kCapture;
  command.capture_bytes_max = kPngBytesMax;
  core::Result<os::Exit> result = processes.run(command);
  if (!result && result.error().code() == core::ErrorCode::kNotFound) {
    return core::Error(
        core::ErrorCode::kNotFound,
        "figures are drawn by gnuplot, which is not installed; on Debian: apt-get install gnuplot-nox");
  }
  os::Exit exit = TRY(std::move(result), "gnuplot");
  if (exit.status == 0 && !exit.truncated && exit.output.starts_with(kPngSignature))
    return std::move(exit.output);
  const std::string words = plain_text(core::trimmed(exit.error_output).substr(0, kWordsBytesMax));
  return core::Error(core::ErrorCode::kInternal,
                     fmt::format("gnuplot drew no figure (exit status {}): {}", exit.status,
                                 words.empty() ? "it gave no reason" : words));
}

}  // namespace starcast::plot
