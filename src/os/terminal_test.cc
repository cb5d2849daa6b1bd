#include "os/terminal.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

#include "core/guarded.h"
#include "core/testing/manual_clock.h"

namespace starcast::os {
namespace {

class RecordingScreen final : public ProgressScreen {
 public:
  void show(std::string_view line) override {
    lines_.with([&](std::vector<std::string>& lines) { lines.emplace_back(line); });
  }
  void clear() override { show("<cleared>"); }
  std::vector<std::string> lines() {
    return lines_.with([](std::vector<std::string>& lines) { return std::vector<std::string>(lines); });
  }

 private:
  core::Guarded<std::vector<std::string>> lines_;
};

TEST(DurationText, PicksItsUnits) {
  EXPECT_EQ(duration_text(0), "0 ms");
  EXPECT_EQ(duration_text(0.0015), "1.5 ms");
  EXPECT_EQ(duration_text(0.45), "450 ms");
  EXPECT_EQ(duration_text(12.34), "12.3 s");
  EXPECT_EQ(duration_text(125), "2 min 05 s");
  EXPECT_EQ(duration_text(3725), "1 h 02 min");
}

TEST(DurationText, CarriesWhenRoundingFillsAUnit) {
  EXPECT_EQ(duration_text(0.00999), "10 ms");
  EXPECT_EQ(duration_text(0.9999), "1.0 s");
  EXPECT_EQ(duration_text(59.97), "1 min 00 s");
  EXPECT_EQ(duration_text(3599.6), "1 h 00 min");
}

TEST(DurationText, HasAWordForWhatIsNoNumber) {
  EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "unknown");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), "unknown");
}

TEST(DurationText, TakesALessThanNothingForNothing) {
  EXPECT_EQ(duration_text(-1), "0 ms");
}

TEST(BytesText, PicksItsUnits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1'380'000), "1.4 MB");
  EXPECT_EQ(bytes_text(2e12), "2.0 TB");
}

TEST(BytesText, CarriesWhenRoundingFillsAUnit) {
  EXPECT_EQ(bytes_text(999.6), "1.0 kB");
  EXPECT_EQ(bytes_text(999'960), "1.0 MB");
}

TEST(ProgressLine, TellsShareRateAndTimeLeft) {
  const ProgressOptions options{.label = "training", .unit = "trees", .total = 500};

  EXPECT_EQ(Progress::line(options, 312, 3.0), "training  312/500 trees  62 %  104 trees/s  1.8 s left");
}

TEST(ProgressLine, LeavesOutWhatNeedsATotal) {
  const ProgressOptions options{.label = "reading", .unit = "B"};

  EXPECT_EQ(Progress::line(options, 1.2e6, 0.353), "reading  1.2 MB  3.4 MB/s");
}

TEST(ProgressLine, ShowsBytesOfATotal) {
  const ProgressOptions options{.label = "fetching", .unit = "B", .total = 4e6};

  EXPECT_EQ(Progress::line(options, 1e6, 1), "fetching  1.0 MB/4.0 MB  25 %  1.0 MB/s  3.0 s left");
}

TEST(ProgressLine, KnowsNoRateAtTheStart) {
  EXPECT_EQ(Progress::line({.label = "training", .unit = "trees", .total = 500}, 0, 0),
            "training  0/500 trees  0 %");
}

TEST(ProgressLine, SaysAHundredPercentOnlyAtTheEnd) {
  const ProgressOptions options{.label = "l", .unit = "rows", .total = 1000};

  EXPECT_EQ(Progress::line(options, 999, 1), "l  999/1,000 rows  99 %  999 rows/s  1.0 ms left");
  EXPECT_EQ(Progress::line(options, 1000, 1), "l  1,000/1,000 rows  100 %  1,000 rows/s");
}

TEST(ProgressLine, StaysSensibleBeyondItsTotal) {
  EXPECT_EQ(Progress::line({.label = "l", .unit = "rows", .total = 10}, 12, 24),
            "l  12/10 rows  100 %  0.50 rows/s");
}

TEST(Progress, ShowsNoMoreThanOneLineARefresh) {
  RecordingScreen screen;
  core::ManualClock clock;
  Progress progress(screen, clock, {.label = "l", .unit = "rows", .refresh_seconds = 1});

  for (int i = 0; i < 30; ++i) {
    clock.advance(0.125);
    progress.advance();
  }

  EXPECT_EQ(screen.lines().size(), 3U);
}

TEST(Progress, ShowsNothingOfWorkThatIsQuicklyDone) {
  RecordingScreen screen;
  core::ManualClock clock;
  {
    Progress progress(screen, clock, {.label = "l", .unit = "rows"});
    progress.advance();
  }

  EXPECT_TRUE(screen.lines().empty());
}

TEST(Progress, ClearsItsLineAtTheEnd) {
  RecordingScreen screen;
  core::ManualClock clock;
  {
    Progress progress(screen, clock, {.label = "l", .unit = "rows"});
    clock.advance(1);
    progress.advance();
  }

  EXPECT_EQ(screen.lines(), (std::vector<std::string>{"l  1 rows  1.0 rows/s", "<cleared>"}));
}

TEST(Progress, CountsAllThatThreadsAdd) {
  RecordingScreen screen;
  core::ManualClock clock;
  Progress progress(screen, clock, {.label = "l", .unit = "rows"});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&progress] {
        for (int i = 0; i < 1000; ++i) progress.advance();
      });
    }
  }

  clock.advance(1);
  progress.advance();

  EXPECT_EQ(screen.lines().back(), "l  4,001 rows  4,001 rows/s");
}

}  // namespace
}  // namespace starcast::os
