#include "app/prepare.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHeader =
    "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current "
    "Ver,Android Ver\n";

std::string row(std::string_view app, std::string_view rating) {
  return fmt::format("{},ART,{},10,1M,10+,Free,0,Everyone,Art,\"January 7, 2018\",1,4\n", app, rating);
}

class Prepare : public ::testing::Test {
 protected:
  core::Result<PrepareReport> prepare_raw(const std::string& text) {
    files_.put(kRawFile, text);
    return prepare({}, context_);
  }
  bool wrote_nothing() const { return !files_.exists(kListingsFile) && !files_.exists(kDataReportFile); }

  os::MemoryFiles files_;
  os::FakeProcesses processes_{[](const os::Command&) { return os::Exit{}; }};
  os::MapEnvironment environment_{{}};
  core::ManualClock clock_;
  core::NullLog log_;
  std::unique_ptr<os::ProgressScreen> screen_ = os::silent_progress();
  const Context context_{files_, processes_, environment_, clock_, log_, *screen_};
};

TEST_F(Prepare, WritesOneRowAnAppAndAReport) {
  const PrepareReport report =
      prepare_raw(std::string(kHeader) + row("A", "4.1") + row("A", "4.1") + row("B", "3")).value();

  EXPECT_EQ(report.read.rows, 3U);
  EXPECT_EQ(report.clean.apps, 2U);
  EXPECT_EQ(files_.read(kListingsFile).value(), std::string(kHeader) + row("A", "4.1") + row("B", "3"));
  EXPECT_THAT(files_.read(kDataReportFile).value(), HasSubstr("\"duplicates\": 1"));
}

TEST_F(Prepare, GivesTheSameBytesFromItsOwnOutput) {
  ASSERT_TRUE(prepare_raw(std::string(kHeader) + row("A", "4.1") + row("\"a, b\"", "5")));
  const std::string once = files_.read(kListingsFile).value();

  ASSERT_TRUE(prepare_raw(once));

  EXPECT_EQ(files_.read(kListingsFile).value(), once);
}

TEST_F(Prepare, NamesTheCommandThatBringsTheRawFile) {
  const core::Error error = prepare({}, context_).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr("starcast data fetch"));
}

TEST_F(Prepare, WritesNothingWhenNoAppIsRated) {
  const core::Error error = prepare_raw(std::string(kHeader) + row("A", "NaN")).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kInvalidInput);
  EXPECT_TRUE(wrote_nothing());
}

TEST_F(Prepare, WritesNothingWhenTheFileBreaksOffInAQuote) {
  EXPECT_FALSE(prepare_raw(std::string(kHeader) + row("A", "4") + "\"B"));
  EXPECT_TRUE(wrote_nothing());
}

TEST_F(Prepare, LeavesOldOutsWhenTheDiskIsFull) {
  ASSERT_TRUE(prepare_raw(std::string(kHeader) + row("A", "4.1")));
  const auto before = files_.files();
  files_.put(kRawFile, std::string(kHeader) + row("A", "4.1") + row("B", "3"));
  files_.fail_writes_after(100);

  EXPECT_EQ(prepare({}, context_).error().code(), core::ErrorCode::kExhausted);
  EXPECT_EQ(files_.read(kListingsFile).value(), before.at(kListingsFile));
  EXPECT_EQ(files_.read(kDataReportFile).value(), before.at(kDataReportFile));
}

}  // namespace
}  // namespace starcast::app
