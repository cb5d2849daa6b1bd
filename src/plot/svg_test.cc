#include <gtest/gtest.h>

#include "core/numeric.h"
#include "plot/figure.h"

namespace starcast::plot {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool has(std::string_view text, std::string_view part) {
  return count_of(text, part) > 0;
}

// Every opened element is closed, in order: enough of XML for what we write.
bool is_well_formed(std::string_view svg) {
  std::vector<std::string> open;
  for (std::size_t at = svg.find('<'); at != std::string_view::npos; at = svg.find('<', at + 1)) {
    const std::string_view tag = svg.substr(at + 1, svg.find('>', at) - at - 1);
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    }
  }
  return open.empty();
}

Figure full_figure() {
  Figure figure;
  figure.title = "Title";
  figure.subtitle = "Subtitle";
  figure.x.label = "across";
  figure.y.label = "upwards";
  figure.bars.push_back({.name = "bars", .first_edge = 0, .bin_width = 1, .counts = {3, 0, 2}});
  figure.points.push_back({.name = "points", .x = {0.5, 1.5}, .y = {1, 2}});
  figure.lines.push_back({.name = "line", .x = {0, 1, 2, 3}, .y = {1, core::kMissing, 2, 3}, .dashed = true});
  return figure;
}

TEST(ToSvg, IsOneElementThatReadersCanName) {
  const std::string svg = to_svg(full_figure());

  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(has(svg, "role=\"img\""));
  EXPECT_TRUE(has(svg, "viewBox=\"0 0 800 500\""));
  EXPECT_TRUE(has(svg, "<title>Title</title>"));
}

TEST(ToSvg, IsWellFormed) {
  Figure categories;
  categories.categories.push_back({.name = "c", .labels = {"<a>"}, .values = {1}, .lows = {0}, .highs = {2}});

  EXPECT_TRUE(is_well_formed(to_svg(full_figure())));
  EXPECT_TRUE(is_well_formed(to_svg(categories)));
  EXPECT_TRUE(is_well_formed(to_svg(Figure{})));
}

TEST(ToSvg, DrawsEverySeries) {
  const std::string svg = to_svg(full_figure());

  EXPECT_EQ(count_of(svg, "<title>0 to 1: 3</title>"), 1U);
  EXPECT_EQ(count_of(svg, "h0"), 2U);
  EXPECT_TRUE(has(svg, "stroke-dasharray=\"6 4\""));
}

TEST(ToSvg, LeavesAGapForAMissingValue) {
  Figure figure;
  figure.lines.push_back({.name = "line", .x = {0, 1, 2, 3}, .y = {1, core::kMissing, 2, 3}});

  const std::string svg = to_svg(figure);
  const std::string_view path = std::string_view(svg).substr(svg.find("stroke-linejoin"));
  const std::string_view drawn = path.substr(0, path.find("/>"));

  EXPECT_EQ(count_of(drawn, "M"), 2U);
  EXPECT_EQ(count_of(drawn, "L"), 1U);
}

TEST(ToSvg, EscapesAllText) {
  Figure figure = full_figure();
  const std::string evil = "</title><script>alert('1')</script>&\"\x01";
  figure.title = figure.subtitle = figure.x.label = figure.y.label = evil;
  figure.bars[0].name = evil;
  figure.categories.push_back({.name = evil, .labels = {evil}, .values = {1}});

  const std::string svg = to_svg(figure);

  EXPECT_FALSE(has(svg, "<script"));
  EXPECT_FALSE(has(svg, "\x01"));
  EXPECT_TRUE(has(svg, "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)"));
  EXPECT_TRUE(is_well_formed(svg));
}

TEST(ToSvg, IsTheSameForTheSameFigure) {
  EXPECT_EQ(to_svg(full_figure()), to_svg(full_figure()));
}

TEST(ToSvg, NamesItsClipPathByContent) {
  Figure other = full_figure();
  other.bars[0].counts[0] = 9;
  const auto clip_of = [](const std::string& svg) { return svg.substr(svg.find("plot-"), 21); };

  EXPECT_NE(clip_of(to_svg(full_figure())), clip_of(to_svg(other)));
}

TEST(ToSvg, StaysSmallWithManyPoints) {
  Figure figure;
  Points points;
  for (int i = 0; i < 10'000; ++i) {
    points.x.push_back(i % 100);
    points.y.push_back(i / 100);
  }
  figure.points.push_back(points);

  EXPECT_LT(to_svg(figure).size(), 200'000U);
}

TEST(ToSvg, KeepsBarsInsideAGivenRange) {
  Figure figure = full_figure();
  figure.y.low = 0;
  figure.y.high = 1;
  figure.x.low = 0.5;
  figure.x.high = 1;

  const std::string svg = to_svg(figure);

  EXPECT_FALSE(has(svg, "width=\"-"));
  EXPECT_FALSE(has(svg, "height=\"-"));
}

}  // namespace
}  // namespace starcast::plot
