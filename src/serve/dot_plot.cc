#include "serve/dot_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace starcast::serve {

namespace {

struct Knot {
  double probability;
  double value;
};

double at(const std::vector<Knot>& knots, double probability) {
  const auto above = std::find_if(knots.begin(), knots.end(), [probability](const Knot& knot) {
    return knot.probability >= probability;
  });
  if (above == knots.begin()) return knots.front().value;
  if (above == knots.end()) return knots.back().value;
  const Knot& below = *(above - 1);
  const double part = (probability - below.probability) / (above->probability - below.probability);
  return below.value + part * (above->value - below.value);
}

// Of the picture.
constexpr double kWidth = 520;
constexpr double kMargin = 18;
constexpr double kStackMax = 132;
constexpr double kRadiusMax = 7;

class Scale {
 public:
  Scale(DotAxis axis, double width, double margin) : axis_(axis), width_(width), margin_(margin) {}
  double place(double value) const {
    const double part = (std::clamp(value, axis_.low, axis_.high) - axis_.low) / (axis_.high - axis_.low);
    return margin_ + part * (width_ - 2 * margin_);
  }

 private:
  DotAxis axis_;
  double width_;
  double margin_;
};

std::map<long, std::size_t> stacks_of(const std::vector<double>& values, const Scale& scale, double radius) {
  std::map<long, std::size_t> stacks;
  for (const double value : values) ++stacks[std::lround(scale.place(value) / (2 * radius))];
  return stacks;
}

std::string title_of(double value, const std::vector<double>& values) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t quarter = sorted.size() / 4;
  return fmt::format("{:.1f}; of {} equally likely values, {} lie below {:.1f} and {} above {:.1f}", value,
                     sorted.size(), quarter, sorted[quarter], quarter, sorted[sorted.size() - 1 - quarter]);
}

}  // namespace

std::vector<double> likely_values(std::span<const model::Interval> intervals, std::size_t count) {
  std::vector<Knot> knots;
  for (std::size_t i = intervals.size(); i > 0; --i)
    knots.push_back({(1 - intervals[i - 1].level) / 2, intervals[i - 1].low});
  for (const model::Interval& interval : intervals)
    knots.push_back({(1 + interval.level) / 2, interval.high});
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(at(knots, (static_cast<double>(i) + 0.5) / static_cast<double>(count)));
  return values;
}

std::string dot_plot(double value, const std::vector<double>& values, DotAxis axis) {
  const Scale scale(axis, kWidth, kMargin);
  double radius = kRadiusMax;
  std::size_t tallest = 1;
  for (; radius > 2; radius -= 0.5) {
    tallest = 1;
    for (const auto& [place, dots] : stacks_of(values, scale, radius)) tallest = std::max(tallest, dots);
    if (2 * radius * static_cast<double>(tallest) <= kStackMax) break;
  }
  const double base = 2 * radius * static_cast<double>(tallest) + 26;
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {:.0f}\" width=\"{}\" height=\"{:.0f}\" role=\"img\"><title>{}</title>", kWidth,
      base + 26, kWidth, base + 26, title_of(value, values));
  svg += fmt::format("<path class=\"axis\" d=\"M{} {:.1f}H{}\"/>", kMargin, base, kWidth - kMargin);
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const double tick = axis.low + (axis.high - axis.low) * i / kTicks;
    svg += fmt::format(
        "<path class=\"axis\" d=\"M{0:.1f} {1:.1f}v5\"/>"
        "<text class=\"quiet\" x=\"{0:.1f}\" y=\"{2:.1f}\" text-anchor=\"middle\">{3:.3g}</text>",
        scale.place(tick), base, base + 19, tick);
  }
  for (const auto& [place, dots] : stacks_of(values, scale, radius)) {
    for (std::size_t i = 0; i < dots; ++i) {
      svg += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>",
                         static_cast<double>(place) * 2 * radius,
                         base - 1 - radius - static_cast<double>(i) * 2 * radius, radius - 0.7);
    }
  }
  const double place = scale.place(value);
  svg += fmt::format(
      "<path class=\"mark\" d=\"M{0:.1f} 18V{1:.1f}\"/>"
      "<text x=\"{0:.1f}\" y=\"13\" text-anchor=\"middle\">{2:.1f}</text></svg>",
      place, base, value);
  return svg;
}

std::string dot_strip(double value, const std::vector<double>& values, DotAxis axis) {
  constexpr double kStripWidth = 180;
  const Scale scale(axis, kStripWidth, 6);
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {0} 16\" width=\"{0}\" height=\"16\" role=\"img\"><title>{1}</title>",
                  kStripWidth, title_of(value, values));
  svg += fmt::format("<path class=\"axis\" d=\"M6 8H{}\"/>", kStripWidth - 6);
  for (const double each : values)
    svg += fmt::format("<circle class=\"faint-dot\" cx=\"{:.1f}\" cy=\"8\" r=\"3.5\"/>", scale.place(each));
  svg += fmt::format("<path class=\"mark\" d=\"M{:.1f} 2V14\"/></svg>", scale.place(value));
  return svg;
}

}  // namespace starcast::serve
