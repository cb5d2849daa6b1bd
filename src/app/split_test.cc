#include "app/split.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

using ::testing::HasSubstr;

std::string listings_text(int apps, std::string_view rating = "4") {
  std::string text =
      "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current "
      "Ver,Android Ver\n";
  for (int i = 0; i < apps; ++i) {
    text += fmt::format("App {},ART,{},10,1M,10+,Free,0,Everyone,Art,\"January 7, 2018\",1,4\n", i, rating);
  }
  return text;
}

class Split : public ::testing::Test {
 protected:
  os::MemoryFiles files_;
  os::FakeProcesses processes_{[](const os::Command&) { return os::Exit{}; }};
  os::MapEnvironment environment_{{}};
  core::ManualClock clock_;
  core::NullLog log_;
  std::unique_ptr<os::ProgressScreen> screen_ = os::silent_progress();
  const Context context_{files_, processes_, environment_, clock_, log_, *screen_};
};

TEST_F(Split, PutsEveryAppOnOneSide) {
  files_.put(kListingsFile, listings_text(200));

  const SplitReport report = split({}, context_).value();
  const learn::SplitListings parts = load_split_listings(kListingsFile, kSplitFile, context_).value();

  EXPECT_EQ(report.train + report.test, 200U);
  EXPECT_EQ(parts.train.size(), report.train);
  EXPECT_EQ(parts.test.size(), report.test);
}

TEST_F(Split, TakesTheShareFromTheParams) {
  files_.put(kListingsFile, listings_text(200));
  files_.put(kParamsFile, "split: {test_share: 0.9}\n");

  const SplitReport report = split({}, context_).value();

  EXPECT_GT(report.test, report.train);
}

TEST_F(Split, RefusesOneApp) {
  files_.put(kListingsFile, listings_text(1));

  const core::Error error = split({}, context_).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(error.message(), HasSubstr("both parts need some"));
  EXPECT_FALSE(files_.exists(kSplitFile));
}

TEST_F(Split, NamesTheCommandThatMakesTheListings) {
  const core::Error error = split({}, context_).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr("starcast prepare"));
}

TEST_F(Split, RefusesParamsItDoesNotKnowBeforeItWrites) {
  files_.put(kListingsFile, listings_text(200));
  files_.put(kParamsFile, "split: {test_shar: 0.9}\n");

  EXPECT_EQ(split({}, context_).error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_FALSE(files_.exists(kSplitFile));
}

TEST_F(Split, LoadingListingsNamesARowWithoutARating) {
  files_.put(kListingsFile,
             listings_text(1) + "B,ART,NaN,10,1M,10+,Free,0,Everyone,Art,\"January 7, 2018\",1,4\n");

  EXPECT_THAT(load_listings(kListingsFile, context_).error().message(),
              HasSubstr("data row 2 has no rating"));
}

TEST_F(Split, LoadingNamesAnAppThatTheSplitLacks) {
  files_.put(kListingsFile, listings_text(200));
  ASSERT_TRUE(split({}, context_));
  files_.put(kListingsFile, listings_text(201));

  EXPECT_EQ(load_split_listings(kListingsFile, kSplitFile, context_).error().code(),
            core::ErrorCode::kFailedPrecondition);
}

TEST_F(Split, LoadingNamesTheCommandThatMakesTheSplit) {
  files_.put(kListingsFile, listings_text(2));

  EXPECT_THAT(load_split_listings(kListingsFile, kSplitFile, context_).error().message(),
              HasSubstr("starcast split"));
}

}  // namespace
}  // namespace starcast::app
