#include "plot/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/numeric.h"

namespace starcast::plot {
namespace {

std::vector<std::string> labels_of(const std::vector<Tick>& ticks) {
  std::vector<std::string> labels;
  for (const Tick& tick : ticks) labels.push_back(tick.label);
  return labels;
}

bool has_text(const Layout& layout, std::string_view wanted) {
  return std::any_of(layout.texts.begin(), layout.texts.end(),
                     [&](const Text& text) { return text.text == wanted; });
}

Figure with_points(std::vector<double> x, std::vector<double> y) {
  Figure figure;
  figure.points.push_back({.name = "points", .x = std::move(x), .y = std::move(y)});
  return figure;
}

TEST(TicksBetween, AreRoundSteps) {
  EXPECT_EQ(labels_of(ticks_between(0, 1, 5)),
            (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels_of(ticks_between(-1.2, 2.3, 4)), (std::vector<std::string>{"-1", "0", "1", "2"}));
}

TEST(TicksBetween, HaveThousandsSeparatorsFromTenThousand) {
  EXPECT_EQ(labels_of(ticks_between(0, 20'000, 2)), (std::vector<std::string>{"0", "10,000", "20,000"}));
}

TEST(TicksBetween, HaveAsManyDecimalsAsTheStep) {
  EXPECT_EQ(labels_of(ticks_between(0, 0.1, 2)), (std::vector<std::string>{"0.00", "0.05", "0.10"}));
}

TEST(TicksBetween, AreFewForAnyRange) {
  for (const double size : {1e-300, 1e-12, 1.0, 1e15, 1e99}) {
    const std::vector<Tick> ticks = ticks_between(-size, size, 5);
    EXPECT_GE(ticks.size(), 2U) << size;
    EXPECT_LE(ticks.size(), 12U) << size;
  }
}

TEST(PlainText, LeavesTextAlone) {
  EXPECT_EQ(plain_text("a<b> \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "a<b> \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(PlainText, TurnsControlCharactersIntoSpaces) {
  EXPECT_EQ(plain_text("a\nb\tc\x1B\x7F"), "a b c  ");
  EXPECT_EQ(plain_text(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(plain_text("\xC2\x85\xE2\x80\xA8"), "  ");
}

TEST(PlainText, ReplacesBrokenUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";

  EXPECT_EQ(plain_text("\xFF"), replacement);
  EXPECT_EQ(plain_text("a\xC3"), "a" + replacement);
  EXPECT_EQ(plain_text("\xC0\xAF"), replacement + replacement);
  EXPECT_EQ(plain_text("\xED\xA0\x80"), replacement + replacement + replacement);
  EXPECT_EQ(plain_text("\xF4\x90\x80\x80").substr(0, 3), replacement);
}

TEST(LayoutOf, FitsAxesToTheData) {
  const Layout layout = layout_of(with_points({1, 3}, {10, 20}));

  EXPECT_LT(layout.x.low, 1);
  EXPECT_GT(layout.x.high, 3);
  EXPECT_LT(layout.y.low, 10);
  EXPECT_GT(layout.y.high, 20);
}

TEST(LayoutOf, KeepsAGivenRange) {
  Figure figure = with_points({1, 3}, {10, 20});
  figure.x.low = 0;
  figure.x.high = 2;

  const Layout layout = layout_of(figure);

  EXPECT_EQ(layout.x.low, 0);
  EXPECT_EQ(layout.x.high, 2);
  EXPECT_FALSE(is_inside(layout, 3, 20));
}

TEST(LayoutOf, StandsBarsOnZeroFromEdgeToEdge) {
  Figure figure;
  figure.bars.push_back({.name = "b", .first_edge = -2, .bin_width = 0.5, .counts = {5, 9, 7}});

  const Layout layout = layout_of(figure);

  EXPECT_EQ(layout.y.low, 0);
  EXPECT_GT(layout.y.high, 9);
  EXPECT_EQ(layout.x.low, -2);
  EXPECT_EQ(layout.x.high, -0.5);
}

TEST(LayoutOf, LeavesOutWhatIsNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();

  const Layout layout = layout_of(with_points({core::kMissing, 1, infinity, 1e200, 2}, {1, 1, 1, 1, 2}));

  EXPECT_LT(layout.x.high, 3);
}

TEST(LayoutOf, OpensARangeAroundASingleValue) {
  const Layout layout = layout_of(with_points({5}, {0}));

  EXPECT_LT(layout.x.low, 5);
  EXPECT_GT(layout.x.high, 5);
  EXPECT_LT(layout.y.low, layout.y.high);
}

TEST(LayoutOf, SaysWhenThereIsNoData) {
  EXPECT_TRUE(has_text(layout_of(Figure{}), "no data"));
  EXPECT_TRUE(has_text(layout_of(with_points({core::kMissing}, {1})), "no data"));
  EXPECT_FALSE(has_text(layout_of(with_points({1}, {1})), "no data"));
}

TEST(LayoutOf, IgnoresBarsWithoutAWidth) {
  Figure figure;
  figure.bars.push_back({.name = "b", .first_edge = 0, .bin_width = 0, .counts = {1}});

  EXPECT_TRUE(has_text(layout_of(figure), "no data"));
}

TEST(LayoutOf, ShowsALegendFromTwoSeriesOn) {
  Figure figure = with_points({1}, {1});
  const Layout one = layout_of(figure);
  figure.lines.push_back({.name = "line", .x = {0, 1}, .y = {0, 1}});
  const Layout two = layout_of(figure);

  EXPECT_TRUE(one.legend.empty());
  EXPECT_EQ(two.legend.size(), 2U);
  EXPECT_TRUE(has_text(two, "line"));
}

TEST(LayoutOf, BreaksALongLegendIntoRows) {
  Figure figure;
  for (int i = 0; i < 12; ++i)
    figure.lines.push_back({.name = "a rather long name", .x = {0, 1}, .y = {0, 1}});

  const Layout layout = layout_of(figure);

  EXPECT_GT(layout.legend.back().y, layout.legend.front().y);
  for (const LegendMark& mark : layout.legend) EXPECT_LT(mark.x + kLegendMarkPx, figure.width_px);
}

TEST(LayoutOf, CutsATitleThatIsTooLong) {
  Figure figure = with_points({1}, {1});
  figure.title = std::string(500, 'w');

  const Layout layout = layout_of(figure);

  EXPECT_LT(layout.texts.front().text.size(), 100U);
  EXPECT_TRUE(layout.texts.front().text.ends_with("\xE2\x80\xA6"));
}

TEST(LayoutOf, TurnsCategoryNamesThatNeedIt) {
  Figure figure;
  figure.categories.push_back({.name = "c", .labels = {"a", "b"}, .values = {1, 2}});
  const Layout few = layout_of(figure);
  figure.categories[0].labels = std::vector<std::string>(1, "a very long name of a category");
  for (int i = 0; i < 20; ++i) figure.categories[0].labels.push_back("category number " + std::to_string(i));
  figure.categories[0].values.assign(21, 1.0);
  const Layout many = layout_of(figure);

  const auto is_turned = [](const Text& text) { return text.turned_degrees != 0; };
  EXPECT_EQ(std::count_if(few.texts.begin(), few.texts.end(), is_turned), 0);
  EXPECT_EQ(std::count_if(many.texts.begin(), many.texts.end(), is_turned), 21);
}

TEST(LayoutOf, PutsCategorySeriesBesideEachOther) {
  Figure figure;
  figure.categories.push_back({.name = "c", .labels = {"a", "b"}, .values = {1, 2}});
  figure.categories.push_back({.name = "d", .labels = {"b", "c"}, .values = {3, 4}});

  const Layout layout = layout_of(figure);

  EXPECT_EQ(layout.x.ticks.size(), 3U);
  EXPECT_LT(layout.categories[0].marks[1].x, layout.categories[1].marks[0].x);
  EXPECT_EQ(layout.y.low, 0);
}

TEST(LayoutOf, DoesNotForceZeroOnRanges) {
  Figure figure;
  figure.categories.push_back({.name = "c", .labels = {"a"}, .values = {5}, .lows = {4}, .highs = {6}});

  EXPECT_GT(layout_of(figure).y.low, 3);
}

TEST(LayoutOf, KeepsThePlotUprightInATinyFigure) {
  Figure figure = with_points({1, 2}, {1, 2});
  figure.width_px = 100;
  figure.height_px = 100;
  figure.title = figure.subtitle = figure.x.label = figure.y.label = "text";

  const Layout layout = layout_of(figure);

  EXPECT_LT(layout.x.low_px, layout.x.high_px);
  EXPECT_LT(layout.y.high_px, layout.y.low_px);
}

TEST(Colours, DifferBetweenSeriesAndAreGreyForReferences) {
  Figure figure = with_points({1}, {1});
  figure.bars.push_back({.name = "b", .counts = {1}});
  figure.lines.push_back({.name = "reference", .x = {0, 1}, .y = {0, 1}, .dashed = true});
  figure.lines.push_back({.name = "line", .x = {0, 1}, .y = {0, 1}});

  EXPECT_NE(colour_of_bars(figure, 0), colour_of_points(figure, 0));
  EXPECT_NE(colour_of_points(figure, 0), colour_of_line(figure, 1));
  EXPECT_EQ(colour_of_line(figure, 0), "#3c4047");
}

}  // namespace
}  // namespace starcast::plot
