#include "plot/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/strings.h"

namespace starcast::plot {
namespace {

constexpr double kDrawableMax = 1e100;
constexpr double kEdgePx = 18;       // around everything
constexpr double kGlyphWidth = 0.6;  // of the size: DejaVu Sans's average, rounded up
constexpr double kTickSizePx = 12;
constexpr double kLabelSizePx = 13;
constexpr double kLegendSizePx = 12;
constexpr std::size_t kCategoryCharactersMax = 26;
constexpr double kTurnedDegrees = 35;
constexpr std::string_view kQuietColour = "#5b616b";
constexpr std::string_view kReferenceColour = "#3c4047";

struct Extent {
  double low = kDrawableMax;
  double high = -kDrawableMax;

  void take(double value) {
    if (!is_drawable(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return low > high; }
};

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

double width_px(std::string_view text, double size_px) {
  return static_cast<double>(characters_in(text)) * size_px * kGlyphWidth;
}

// At most `characters`, the last of them an ellipsis when something is missing.
std::string shortened(const std::string& text, std::size_t characters) {
  if (characters_in(text) <= characters) return text;
  std::size_t kept = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (starts && ++kept == characters) break;
    ++end;
  }
  return text.substr(0, end) + "\xE2\x80\xA6";
}

std::string shortened_to(const std::string& text, double size_px, double room_px) {
  return shortened(text, static_cast<std::size_t>(std::max(4.0, room_px / (size_px * kGlyphWidth))));
}

std::string number_text(double value, int decimals) {
  if (value == 0) value = 0;  // no "-0"
  if (std::abs(value) >= 1e15 || (value != 0 && decimals > 8)) return fmt::format("{:.4g}", value);
  if (decimals == 0 && std::abs(value) >= 1e4) return core::with_thousands(std::llround(value));
  return fmt::format("{:.{}f}", value, decimals);
}

// The labels of all category series, each once, in order of appearance.
std::vector<std::string> category_labels(const Figure& figure) {
  std::vector<std::string> labels;
  for (const Categories& series : figure.categories) {
    for (const std::string& label : series.labels) {
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
  }
  return labels;
}

bool has_ranges(const Categories& series) {
  return !series.values.empty() && series.lows.size() == series.values.size() &&
         series.highs.size() == series.values.size();
}

std::vector<CategorySeries> category_series(const Figure& figure, const std::vector<std::string>& labels) {
  std::vector<CategorySeries> all;
  const double share = 0.7 / static_cast<double>(std::max<std::size_t>(1, figure.categories.size()));
  for (std::size_t s = 0; s < figure.categories.size(); ++s) {
    const Categories& series = figure.categories[s];
    CategorySeries drawn;
    drawn.has_ranges = has_ranges(series);
    const double middle = static_cast<double>(figure.categories.size() - 1) / 2;
    for (std::size_t i = 0; i < std::min(series.labels.size(), series.values.size()); ++i) {
      if (!is_drawable(series.values[i])) continue;
      const auto place = std::find(labels.begin(), labels.end(), series.labels[i]) - labels.begin();
      CategoryMark mark;
      mark.x = static_cast<double>(place) + (static_cast<double>(s) - middle) * share;
      mark.half_width = share * 0.46;
      mark.value = series.values[i];
      mark.low = drawn.has_ranges && is_drawable(series.lows[i]) ? series.lows[i] : mark.value;
      mark.high = drawn.has_ranges && is_drawable(series.highs[i]) ? series.highs[i] : mark.value;
      mark.label = series.labels[i];
      drawn.marks.push_back(std::move(mark));
    }
    all.push_back(std::move(drawn));
  }
  return all;
}

struct Extents {
  Extent x;
  Extent y;
  bool x_is_exact = false;   // no room beside the first and last bar
  bool y_has_floor = false;  // bars and boxes stand on 0
};

void take_curve(Extents& extents, const std::vector<double>& x, const std::vector<double>& y) {
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!is_drawable(x[i]) || !is_drawable(y[i])) continue;
    extents.x.take(x[i]);
    extents.y.take(y[i]);
  }
}

Extents extents_of(const Figure& figure, const std::vector<CategorySeries>& categories,
                   std::size_t label_count) {
  Extents extents;
  for (const Bars& bars : figure.bars) {
    if (!is_drawable(bars)) continue;
    extents.x.take(bars.first_edge);
    extents.x.take(bars.first_edge + bars.bin_width * static_cast<double>(bars.counts.size()));
    for (const double count : bars.counts) extents.y.take(count);
    extents.x_is_exact = true;
    extents.y_has_floor = true;
  }
  for (const Points& points : figure.points) take_curve(extents, points.x, points.y);
  for (const Line& line : figure.lines) take_curve(extents, line.x, line.y);
  if (label_count > 0) {
    extents.x.take(-0.6);
    extents.x.take(static_cast<double>(label_count) - 0.4);
    extents.x_is_exact = true;
  }
  for (const CategorySeries& series : categories) {
    for (const CategoryMark& mark : series.marks) {
      extents.y.take(mark.value);
      extents.y.take(mark.low);
      extents.y.take(mark.high);
    }
    if (!series.has_ranges && !series.marks.empty()) extents.y_has_floor = true;
  }
  if (extents.y_has_floor) extents.y.take(0);
  return extents;
}

Scale scale_of(const Axis& axis, const Extent& extent, bool is_exact, bool has_floor) {
  Scale scale;
  if (is_drawable(axis.low) && is_drawable(axis.high) && axis.low < axis.high) {
    scale.low = axis.low;
    scale.high = axis.high;
  } else if (!extent.is_empty()) {
    const double room = is_exact ? 0 : (extent.high - extent.low) * 0.05;
    scale.low = has_floor && extent.low >= 0 ? 0 : extent.low - room;
    scale.high = has_floor && extent.high <= 0 ? 0 : extent.high + room;
  }
  // One value only, or a spread that doubles cannot resolve.
  const double size = std::max(std::abs(scale.low), std::abs(scale.high));
  if (scale.high - scale.low <= size * 1e-9) {
    const double room = size == 0 ? 0.5 : size * 0.05;
    scale.low -= room;
    scale.high += room;
  }
  return scale;
}

double widest_px(const std::vector<Tick>& ticks, double size_px) {
  double widest = 0;
  for (const Tick& tick : ticks) widest = std::max(widest, width_px(tick.label, size_px));
  return widest;
}

struct LegendEntry {
  Symbol symbol = Symbol::kBox;
  std::string name{};
  std::string colour{};
};

// Empty when there is nothing to tell apart.
std::vector<LegendEntry> legend_entries(const Figure& figure, const std::vector<CategorySeries>& categories) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < figure.bars.size(); ++i) {
    entries.push_back({Symbol::kBox, plain_text(figure.bars[i].name), colour_of_bars(figure, i)});
  }
  for (std::size_t i = 0; i < figure.points.size(); ++i) {
    entries.push_back({Symbol::kDot, plain_text(figure.points[i].name), colour_of_points(figure, i)});
  }
  for (std::size_t i = 0; i < figure.lines.size(); ++i) {
    const Symbol symbol = figure.lines[i].dashed ? Symbol::kDashedLine : Symbol::kLine;
    entries.push_back({symbol, plain_text(figure.lines[i].name), colour_of_line(figure, i)});
  }
  for (std::size_t i = 0; i < figure.categories.size(); ++i) {
    const Symbol symbol = categories[i].has_ranges ? Symbol::kDot : Symbol::kBox;
    entries.push_back({symbol, plain_text(figure.categories[i].name), colour_of_categories(figure, i)});
  }
  if (entries.size() < 2) return {};
  std::erase_if(entries, [](const LegendEntry& entry) { return entry.name.empty(); });
  return entries;
}

// Puts title, subtitle and legend at the top; returns where the plot may begin.
double lay_out_head(const Figure& figure, const std::vector<LegendEntry>& legend, Layout& layout) {
  const double width = figure.width_px;
  double y = kEdgePx;
  if (!figure.title.empty()) {
    Text text{.x = kEdgePx, .y = y + 8, .size_px = 17, .is_bold = true};
    text.text = shortened_to(plain_text(figure.title), text.size_px * 1.1, width - 2 * kEdgePx);
    layout.texts.push_back(std::move(text));
    y += 25;
  }
  if (!figure.subtitle.empty()) {
    Text text{.x = kEdgePx, .y = y + 7, .size_px = 12.5, .colour = std::string(kQuietColour)};
    text.text = shortened_to(plain_text(figure.subtitle), text.size_px, width - 2 * kEdgePx);
    layout.texts.push_back(std::move(text));
    y += 21;
  }
  if (!legend.empty()) {
    double x = kEdgePx;
    y += 5;
    for (const LegendEntry& entry : legend) {
      Text text{.size_px = kLegendSizePx};
      text.text = shortened_to(entry.name, kLegendSizePx, width - 2 * kEdgePx - kLegendMarkPx - 7);
      const double entry_px = kLegendMarkPx + 7 + width_px(text.text, kLegendSizePx);
      if (x > kEdgePx && x + entry_px > width - kEdgePx) {
        x = kEdgePx;
        y += 18;
      }
      layout.legend.push_back({x, y + 7, entry.symbol, entry.colour});
      text.x = x + kLegendMarkPx + 7;
      text.y = y + 7;
      layout.texts.push_back(std::move(text));
      x += entry_px + 18;
    }
    y += 18;
  }
  return y + 12;
}

void put_tick_labels(const Scale& x, const Scale& y, bool x_is_turned, Layout& layout) {
  for (const Tick& tick : x.ticks) {
    Text text{.x = x.px(tick.at), .y = y.low_px + 16, .text = tick.label, .size_px = kTickSizePx};
    text.colour = kQuietColour;
    text.anchor = x_is_turned ? Anchor::kRight : Anchor::kMiddle;
    text.turned_degrees = x_is_turned ? kTurnedDegrees : 0;
    if (x_is_turned) text.x += 4;
    layout.texts.push_back(std::move(text));
  }
  for (const Tick& tick : y.ticks) {
    Text text{.x = x.low_px - 9, .y = y.px(tick.at), .text = tick.label, .size_px = kTickSizePx};
    text.colour = kQuietColour;
    text.anchor = Anchor::kRight;
    layout.texts.push_back(std::move(text));
  }
}

std::string palette(std::size_t index) {
  constexpr std::array<std::string_view, 7> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                        "#e69f00", "#56b4e9", "#6b6b6b"};
  return std::string(kColours[index % kColours.size()]);
}

// The length of the well-formed UTF-8 sequence at the start of `text`, or 0.
std::size_t sequence_length(std::string_view text, char32_t& code) {
  const auto byte = [&text](std::size_t i) { return char32_t{static_cast<unsigned char>(text[i])}; };
  const char32_t first = byte(0);
  const std::size_t length = first < 0x80   ? 1U
                             : first < 0xC2 ? 0U
                             : first < 0xE0 ? 2U
                             : first < 0xF0 ? 3U
                             : first < 0xF5 ? 4U
                                            : 0U;
  if (length == 0 || length > text.size()) return 0;
  code = length == 1 ? first : first & (char32_t{0x7F} >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool is_short_form = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_character =
      code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
  return is_short_form || !is_character ? 0 : length;
}

}  // namespace

bool is_drawable(double value) {
  return std::isfinite(value) && std::abs(value) < kDrawableMax;
}

bool is_drawable(const Bars& bars) {
  return !bars.counts.empty() && is_drawable(bars.first_edge) && is_drawable(bars.bin_width) &&
         bars.bin_width > 0;
}

bool is_inside(const Layout& layout, double x, double y) {
  return x >= layout.x.low && x <= layout.x.high && y >= layout.y.low && y <= layout.y.high;
}

std::vector<Tick> ticks_between(double low, double high, int count) {
  const double rough = (high - low) / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10);
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  std::vector<Tick> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double n = first; n <= last && ticks.size() < 100; n += 1)
    ticks.push_back({n * step, number_text(n * step, decimals)});
  return ticks;
}

std::string colour_of_bars(const Figure&, std::size_t index) {
  return palette(index);
}

std::string colour_of_points(const Figure& figure, std::size_t index) {
  return palette(figure.bars.size() + index);
}

std::string colour_of_line(const Figure& figure, std::size_t index) {
  if (figure.lines[index].dashed) return std::string(kReferenceColour);
  std::size_t solid_before = 0;
  for (std::size_t i = 0; i < index; ++i) solid_before += figure.lines[i].dashed ? 0U : 1U;
  return palette(figure.bars.size() + figure.points.size() + solid_before);
}

std::string colour_of_categories(const Figure& figure, std::size_t index) {
  std::size_t solid_lines = 0;
  for (const Line& line : figure.lines) solid_lines += line.dashed ? 0U : 1U;
  return palette(figure.bars.size() + figure.points.size() + solid_lines + index);
}

PointStyle point_style(std::size_t count) {
  if (count <= 100) return {8, 0.8};
  if (count <= 500) return {7, 0.6};
  if (count <= 3000) return {5.5, 0.35};
  return {4.5, 0.13};
}

double bar_opacity(const Figure& figure) {
  return figure.bars.size() > 1 ? 0.55 : 0.85;
}

std::string plain_text(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    char32_t code = 0;
    const std::size_t length = sequence_length(text, code);
    if (length == 0) {
      plain += "\xEF\xBF\xBD";
    } else if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029) {
      plain += ' ';
    } else {
      plain.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return plain;
}

Layout layout_of(const Figure& figure) {
  Layout layout;
  const double width = figure.width_px;
  const double height = figure.height_px;
  const std::vector<std::string> labels = category_labels(figure);
  layout.categories = category_series(figure, labels);
  const Extents extents = extents_of(figure, layout.categories, labels.size());
  Scale x = scale_of(figure.x, extents.x, extents.x_is_exact, false);
  Scale y = scale_of(figure.y, extents.y, false, extents.y_has_floor);

  y.high_px = lay_out_head(figure, legend_entries(figure, layout.categories), layout);
  y.ticks = ticks_between(y.low, y.high, std::max(2, static_cast<int>((height - y.high_px) / 65)));
  const double y_label_px = figure.y.label.empty() ? 0 : kLabelSizePx + 9;
  x.low_px = kEdgePx + y_label_px + widest_px(y.ticks, kTickSizePx) + 9;
  x.high_px = width - kEdgePx - 8;

  bool x_is_turned = false;
  double x_ticks_px = 26;
  if (labels.empty()) {
    x.ticks = ticks_between(x.low, x.high, std::max(2, static_cast<int>((x.high_px - x.low_px) / 90)));
  } else {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      x.ticks.push_back({static_cast<double>(i), shortened(plain_text(labels[i]), kCategoryCharactersMax)});
    }
    const double room = (x.high_px - x.low_px) / static_cast<double>(labels.size());
    const double widest = widest_px(x.ticks, kTickSizePx);
    x_is_turned = widest + 8 > room;
    if (x_is_turned) x_ticks_px = 22 + widest * std::sin(kTurnedDegrees * 3.14159265358979 / 180);
  }
  const double x_label_px = figure.x.label.empty() ? 0 : kLabelSizePx + 8;
  // Never upside down, however small the figure.
  y.low_px = std::max(height - kEdgePx + 6 - x_label_px - x_ticks_px, y.high_px + 10);
  x.high_px = std::max(x.high_px, x.low_px + 10);

  put_tick_labels(x, y, x_is_turned, layout);
  if (!figure.x.label.empty()) {
    Text text{.x = (x.low_px + x.high_px) / 2, .y = height - kEdgePx + 2, .size_px = kLabelSizePx};
    text.text = shortened_to(plain_text(figure.x.label), kLabelSizePx, x.high_px - x.low_px);
    text.anchor = Anchor::kMiddle;
    layout.texts.push_back(std::move(text));
  }
  if (!figure.y.label.empty()) {
    Text text{.x = kEdgePx + 3, .y = (y.low_px + y.high_px) / 2, .size_px = kLabelSizePx};
    text.text = shortened_to(plain_text(figure.y.label), kLabelSizePx, y.low_px - y.high_px + 40);
    text.anchor = Anchor::kMiddle;
    text.turned_degrees = 90;
    layout.texts.push_back(std::move(text));
  }
  if (extents.x.is_empty() || extents.y.is_empty()) {
    Text text{
        .x = (x.low_px + x.high_px) / 2, .y = (y.low_px + y.high_px) / 2, .text = "no data", .size_px = 15};
    text.colour = kQuietColour;
    text.anchor = Anchor::kMiddle;
    layout.texts.push_back(std::move(text));
  }
  layout.x = std::move(x);
  layout.y = std::move(y);
  return layout;
}

}  // namespace starcast::plot
