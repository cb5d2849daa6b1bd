#include "plot/gnuplot.h"

#include <gtest/gtest.h>

#include "core/numeric.h"
#include "os/file_system.h"
#include "os/testing/fake_processes.h"
#include "os/testing/temporary_folder.h"

namespace starcast::plot {
namespace {

constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n...";

Figure small_figure() {
  Figure figure;
  figure.title = "Title";
  figure.points.push_back({.name = "points", .x = {0, 1, core::kMissing}, .y = {1, 2, 3}});
  figure.lines.push_back({.name = "line", .x = {0, 1}, .y = {0, 1}, .dashed = true});
  return figure;
}

os::FakeProcesses answering(int status, std::string_view output, std::string_view errors) {
  return os::FakeProcesses([=](const os::Command&) {
    return os::Exit{.status = status, .output = std::string(output), .error_output = std::string(errors)};
  });
}

TEST(GnuplotString, EscapesAllButLettersAndSpaces) {
  EXPECT_EQ(gnuplot_string("ab Z"), "\"ab Z\"");
  EXPECT_EQ(gnuplot_string("\"'`$@\\"), "\"\\042\\047\\140\\044\\100\\134\"");
  EXPECT_EQ(gnuplot_string("a\nb"), "\"a b\"");
}

TEST(GnuplotString, EscapesDigitsThatAnEscapeWouldSwallow) {
  EXPECT_EQ(gnuplot_string(".0"), "\"\\056\\060\"");
}

TEST(GnuplotScript, HasNoTextOfTheFigureInTheClear) {
  Figure figure = small_figure();
  const std::string evil = "x\"; system('id') `id` $(id)\n!id\nset output '/tmp/x'";
  figure.title = figure.subtitle = figure.x.label = figure.y.label = evil;
  figure.points[0].name = evil;
  figure.categories.push_back({.name = evil, .labels = {evil}, .values = {1}});

  const std::string script = gnuplot_script(figure);

  for (const char* part : {"system(", "`", "$(", "!", "/tmp", "'"}) {
    EXPECT_EQ(script.find(part), std::string::npos) << part;
  }
}

TEST(GnuplotScript, HoldsTheDataInline) {
  const std::string script = gnuplot_script(small_figure());

  EXPECT_NE(script.find("$series0 << END\n0 1\n1 2\nEND\n"), std::string::npos);
}

TEST(ToPng, FeedsTheScriptToGnuplot) {
  os::FakeProcesses processes = answering(0, kPng, "");

  const std::string png = to_png(small_figure(), processes).value();

  EXPECT_EQ(png, kPng);
  EXPECT_EQ(processes.commands().at(0).arguments, (std::vector<std::string>{"gnuplot", "-d", "-"}));
  EXPECT_EQ(processes.commands().at(0).input, gnuplot_script(small_figure()));
}

TEST(ToPng, SaysHowToGetGnuplot) {
  os::FakeProcesses processes(
      [](const os::Command&) { return core::Error(core::ErrorCode::kNotFound, "no such program"); });

  const core::Error error = to_png(small_figure(), processes).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_NE(error.message().find("apt-get install gnuplot-nox"), std::string::npos);
}

TEST(ToPng, PassesGnuplotsWordsOn) {
  os::FakeProcesses processes = answering(1, "", "line 3: undefined\n");

  const core::Error error = to_png(small_figure(), processes).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kInternal);
  EXPECT_NE(error.message().find("line 3: undefined"), std::string::npos);
}

TEST(ToPng, RefusesOutputThatIsNoPng) {
  os::FakeProcesses processes = answering(0, "text", "");

  EXPECT_EQ(to_png(small_figure(), processes).error().code(), core::ErrorCode::kInternal);
}

TEST(ToPng, PassesOnThatItWasCancelled) {
  os::FakeProcesses processes(
      [](const os::Command&) { return core::Error(core::ErrorCode::kCancelled, "stopped"); });

  EXPECT_EQ(to_png(small_figure(), processes).error().code(), core::ErrorCode::kCancelled);
}

TEST(ToPng, RefusesSizesThatCannotBeDrawn) {
  os::FakeProcesses processes = answering(0, kPng, "");
  Figure figure = small_figure();
  figure.width_px = 99;

  EXPECT_EQ(to_png(figure, processes).error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_TRUE(processes.commands().empty());
}

// With the real program, where it is installed.
class RealGnuplot : public testing::Test {
 protected:
  void SetUp() override {
    os::Command command;
    command.arguments = {"gnuplot", "--version"};
    command.standard_output = os::Output::kDiscard;
    if (!os::real_processes().run(command)) GTEST_SKIP() << "gnuplot is not installed";
  }
};

TEST_F(RealGnuplot, DrawsTheSameBytesForTheSameFigure) {
  const std::string first = to_png(small_figure(), os::real_processes()).value();
  const std::string second = to_png(small_figure(), os::real_processes()).value();

  EXPECT_EQ(first, second);
  EXPECT_GT(first.size(), 2000U);
}

TEST_F(RealGnuplot, DrawsEveryKindOfSeriesWithoutAWarning) {
  Figure figure = small_figure();
  figure.bars.push_back({.name = "bars", .first_edge = 0, .bin_width = 0.5, .counts = {1, 0, 2}});
  figure.categories.push_back(
      {.name = "dots", .labels = {"a", "b"}, .values = {1, 2}, .lows = {0, 1}, .highs = {2, 3}});
  figure.categories.push_back({.name = "boxes", .labels = {"a", "c"}, .values = {1, 2}});
  os::Command command;
  command.arguments = {"gnuplot", "-d", "-"};
  command.input = gnuplot_script(figure);
  command.standard_output = os::Output::kCapture;
  command.standard_error = os::Output::kCapture;

  const os::Exit exit = os::real_processes().run(command).value();

  EXPECT_EQ(exit.status, 0);
  EXPECT_EQ(exit.error_output, "");
}

TEST_F(RealGnuplot, DrawsFiguresWithoutData) {
  Figure only_missing;
  only_missing.lines.push_back({.name = "line", .x = {core::kMissing}, .y = {1}});
  Figure one_bar;
  one_bar.bars.push_back({.name = "bar", .first_edge = 0, .bin_width = 1, .counts = {0}});

  EXPECT_TRUE(to_png(Figure{}, os::real_processes()).has_value());
  EXPECT_TRUE(to_png(only_missing, os::real_processes()).has_value());
  EXPECT_TRUE(to_png(one_bar, os::real_processes()).has_value());
}

TEST_F(RealGnuplot, RunsNothingThatALabelSays) {
  const os::TemporaryFolder folder;
  const std::string touch = "touch " + folder.at("made");
  Figure figure = small_figure();
  figure.title = "`" + touch + "` \"; system(\"" + touch + "\") #\n!" + touch + "\nsystem '" + touch + "'\n";
  figure.subtitle = "\" `" + touch + "`";
  figure.x.label = "'; !" + touch;
  figure.y.label = "\\\"; system(\"" + touch + "\")";
  figure.points[0].name = "$(" + touch + ") @x %s {/Bold a}^2_3";
  figure.width_px = 2000;

  const core::Result<std::string> png = to_png(figure, os::real_processes());

  EXPECT_TRUE(png.has_value());
  EXPECT_FALSE(os::real_files().exists(folder.at("made")));
}

}  // namespace
}  // namespace starcast::plot
