#include "app/data_fetch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "codec/digest.h"
#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"
#include "pipeline/workspace.h"

namespace starcast::app {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRaw = "App,Rating\r\nA,4.1\r\n";
constexpr const char* kRawWithLf = "App,Rating\nA,4.1\n";
constexpr const char* kOther = "App,Rating\r\nB,1.0\r\n";
constexpr const char* kZip = "PK\x03\x04 packed";

// The file that curl is told to write.
std::string output_of(const os::Command& command) {
  const auto output = std::find(command.arguments.begin(), command.arguments.end(), "--output");
  return *(output + 1);
}

// A workspace in memory that declares kRaw, and a machine where curl reaches nothing until a test says so.
class FetchData : public ::testing::Test {
 protected:
  FetchData() {
    EXPECT_TRUE(pipeline::init_workspace(files_, ".", pipeline::Scm::kNone));
    files_.put("data/raw/googleplaystore.csv.dvc",
               fmt::format("outs:\n- md5: {}\n  size: {}\n  hash: md5\n  path: googleplaystore.csv\n",
                           codec::md5_hex(kRaw), std::string_view(kRaw).size()));
  }

  core::Result<DataFetchReport> fetch(const std::string& from = "", Accept accept = Accept::kDeclared) {
    const os::MapEnvironment environment(variables_);
    const Context context{files_, processes_, environment, clock_, log_, *screen_};
    return fetch_data({".", from, accept, false}, context);
  }

  std::string placed() { return files_.read(kRawFile).value(); }

  os::MemoryFiles files_;
  std::map<std::string, std::string> variables_;
  std::function<core::Result<os::Exit>(const os::Command&)> run_ = [](const os::Command&) {
    os::Exit exit;
    exit.status = 6;
    exit.error_output = "curl: (6) no network here\n";
    return exit;
  };
  os::FakeProcesses processes_{[this](const os::Command& command) { return run_(command); }};
  core::ManualClock clock_;
  core::NullLog log_;
  std::unique_ptr<os::ProgressScreen> screen_ = os::silent_progress();
};

TEST_F(FetchData, LeavesTheDeclaredFileInPlace) {
  files_.put(kRawFile, kRaw);

  const DataFetchReport report = fetch().value();

  EXPECT_EQ(report.source, "");
  EXPECT_EQ(report.md5, codec::md5_hex(kRaw));
}

TEST_F(FetchData, PutsTheFileInPlaceIntoTheCache) {
  files_.put(kRawFile, kRaw);

  ASSERT_TRUE(fetch());
  ASSERT_TRUE(files_.remove(kRawFile));

  EXPECT_THAT(fetch().value().source, HasSubstr(".dvc/cache/files/md5/"));
  EXPECT_EQ(placed(), kRaw);
}

TEST_F(FetchData, RefusesAnotherFileInPlaceAndNamesTheMend) {
  files_.put(kRawFile, kOther);

  const core::Error error = fetch().error();

  EXPECT_EQ(error.code(), core::ErrorCode::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("starcast data fetch --accept --from data/raw/googleplaystore.csv"));
  EXPECT_EQ(placed(), kOther);
}

TEST_F(FetchData, TakesAGivenFile) {
  files_.put("given.csv", kRaw);

  EXPECT_EQ(fetch("given.csv").value().source, "given.csv");
  EXPECT_EQ(placed(), kRaw);
}

TEST_F(FetchData, LooksIntoAGivenFolder) {
  files_.put("given/googleplaystore.csv", kRaw);

  EXPECT_EQ(fetch("given").value().source, "given/googleplaystore.csv");
}

TEST_F(FetchData, TakesTheFileOfTheEnvironment) {
  files_.put("given.csv", kRaw);
  variables_["STARCAST_RAW"] = "given.csv";

  EXPECT_EQ(fetch().value().source, "given.csv");
}

TEST_F(FetchData, PrefersTheGivenFileToTheEnvironments) {
  files_.put("given.csv", kRaw);
  variables_["STARCAST_RAW"] = "elsewhere.csv";

  EXPECT_EQ(fetch("given.csv").value().source, "given.csv");
}

TEST_F(FetchData, LooksNowhereElseWhenAFileIsGiven) {
  files_.put("data/external/googleplaystore.csv", kRaw);

  EXPECT_EQ(fetch("missing.csv").error().code(), core::ErrorCode::kNotFound);
}

TEST_F(FetchData, PrefersDataExternalToTheSharedFolder) {
  files_.put("data/external/googleplaystore.csv", kRaw);
  files_.put("../shared/data/googleplaystore.csv", kRaw);

  EXPECT_EQ(fetch().value().source, "data/external/googleplaystore.csv");
}

TEST_F(FetchData, TakesTheSharedFolderNext) {
  files_.put("../shared/data/googleplaystore.csv", kRaw);

  EXPECT_EQ(fetch().value().source, "../shared/data/googleplaystore.csv");
}

TEST_F(FetchData, GoesOnPastAPlaceThatHoldsAnotherFile) {
  files_.put("data/external/googleplaystore.csv", kOther);
  files_.put("../shared/data/googleplaystore.csv", kRaw);

  EXPECT_EQ(fetch().value().source, "../shared/data/googleplaystore.csv");
}

TEST_F(FetchData, GivesALfCopyItsCarriageReturnsBack) {
  files_.put("given.csv", kRawWithLf);

  EXPECT_TRUE(fetch("given.csv").value().carriage_returns_restored);
  EXPECT_EQ(placed(), kRaw);
}

TEST_F(FetchData, RefusesAnotherFileAndWritesNothing) {
  files_.put("given.csv", kOther);

  const core::Error error = fetch("given.csv").error();

  EXPECT_EQ(error.code(), core::ErrorCode::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr(fmt::format("given.csv has md5 {}", codec::md5_hex(kOther))));
  EXPECT_THAT(error.message(), HasSubstr(codec::md5_hex(kRaw)));
  EXPECT_FALSE(files_.exists(kRawFile));
}

TEST_F(FetchData, DeclaresAnotherFileWhenToldToAcceptIt) {
  files_.put("given.csv", kOther);

  ASSERT_TRUE(fetch("given.csv", Accept::kAny));

  EXPECT_EQ(placed(), kOther);
  EXPECT_THAT(files_.read("data/raw/googleplaystore.csv.dvc").value(), HasSubstr(codec::md5_hex(kOther)));
}

TEST_F(FetchData, ListsEveryPlaceThatWasTried) {
  const core::Error error = fetch().error();

  EXPECT_EQ(error.code(), core::ErrorCode::kUnavailable);
  for (const char* const place : {"data/external (", "../shared/data (", "DVC's cache (not in it)",
                                  "Kaggle (", "curl: (6) no network here", "--from FILE", "STARCAST_RAW"}) {
    EXPECT_THAT(error.message(), HasSubstr(place));
  }
}

TEST_F(FetchData, NeedsADeclaration) {
  ASSERT_TRUE(files_.remove("data/raw/googleplaystore.csv.dvc"));

  EXPECT_EQ(fetch().error().code(), core::ErrorCode::kNotFound);
}

TEST_F(FetchData, FetchesNothingWhereThereIsNoWorkspace) {
  files_.put("given.csv", kRaw);
  ASSERT_TRUE(files_.remove(".dvc"));

  EXPECT_EQ(fetch("given.csv").error().code(), core::ErrorCode::kFailedPrecondition);
  EXPECT_FALSE(files_.exists(kRawFile));
}

TEST_F(FetchData, UnpacksAGivenArchiveByUnzip) {
  files_.put("archive.zip", kZip);
  run_ = [](const os::Command&) {
    os::Exit exit;
    exit.output = kRaw;
    return exit;
  };

  ASSERT_TRUE(fetch("archive.zip"));

  EXPECT_EQ(processes_.commands().at(0).arguments,
            (std::vector<std::string>{"unzip", "-p", "archive.zip", "googleplaystore.csv"}));
  EXPECT_EQ(placed(), kRaw);
}

// A server that sends `pieces`, one a call, and breaks off after each but the last.
class DownloadData : public FetchData {
 protected:
  void serve(std::vector<std::string> pieces) {
    run_ = [this, pieces = std::move(pieces), sent = std::size_t{0}](const os::Command& command) mutable {
      os::Exit exit;
      if (command.arguments.front() == "unzip") {
        exit.output = kRaw;
        return exit;
      }
      const std::string part = output_of(command);
      const std::string before = files_.exists(part) ? files_.read(part).value() : "";
      files_.put(part, before + pieces.at(sent));
      ++sent;
      exit.status = sent < pieces.size() ? 18 : 0;
      exit.output = "200";
      return exit;
    };
  }
  // curl fails with this status, HTTP's behind it.
  void refuse(int status, const std::string& http_status) {
    run_ = [status, http_status](const os::Command&) {
      os::Exit exit;
      exit.status = status;
      exit.output = http_status;
      exit.error_output = fmt::format("curl: ({}) said {}\n", status, http_status);
      return exit;
    };
  }
  std::vector<std::string> left_over() const {
    std::vector<std::string> found;
    for (const auto& [path, bytes] : files_.files()) {
      if (path.find(".part") != std::string::npos) found.push_back(path);
    }
    return found;
  }
};

TEST_F(DownloadData, AsksKaggleLast) {
  serve({kZip});

  EXPECT_THAT(fetch().value().source, HasSubstr("lava18/google-play-store-apps"));
  EXPECT_EQ(placed(), kRaw);
  EXPECT_TRUE(left_over().empty());
}

TEST_F(DownloadData, TakesAFileThatIsNotPacked) {
  serve({kRaw});

  EXPECT_EQ(fetch("https://example.org/raw.csv").value().source, "https://example.org/raw.csv");
}

TEST_F(DownloadData, AsksTheAddressOfTheEnvironmentInsteadOfKaggle) {
  serve({kRaw});
  variables_["STARCAST_KAGGLE_URL"] = "http://stand-in/download";

  EXPECT_EQ(fetch().value().source, "http://stand-in/download");
}

TEST_F(DownloadData, GoesOnWhereTheConnectionBrokeOff) {
  serve({"PK\x03\x04", " pack", "ed"});

  ASSERT_TRUE(fetch());

  EXPECT_EQ(processes_.commands().size(), 4U);  // three of curl, one of unzip
  EXPECT_THAT(processes_.commands().at(1).arguments, Contains("--continue-at"));
}

TEST_F(DownloadData, GivesUpWhenNothingMoreComes) {
  refuse(56, "200");

  EXPECT_FALSE(fetch());
  EXPECT_EQ(processes_.commands().size(), 1U);
}

TEST_F(DownloadData, BeginsAnewWhereTheServerCannotGoOn) {
  const std::string url = "http://a/y";
  const std::string part =
      fmt::format(".dvc/tmp/starcast/download-{}.part", codec::md5_hex(url).substr(0, 8));
  files_.put(part, "a part of something else");
  run_ = [this, part](const os::Command&) {
    os::Exit exit;
    exit.status = files_.exists(part) ? 22 : 0;
    exit.output = files_.exists(part) ? "416" : "200";
    if (exit.status == 0) files_.put(part, kRaw);
    return exit;
  };

  EXPECT_TRUE(fetch(url));
  EXPECT_EQ(placed(), kRaw);
}

TEST_F(DownloadData, DropsAnArchiveThatDoesNotUnpack) {
  run_ = [this](const os::Command& command) {
    os::Exit exit;
    if (command.arguments.front() == "unzip") exit.status = 9;
    if (command.arguments.front() == "curl") files_.put(output_of(command), kZip);
    return exit;
  };

  EXPECT_EQ(fetch("http://a/x").error().code(), core::ErrorCode::kCorrupt);
  EXPECT_TRUE(left_over().empty());
}

TEST_F(DownloadData, RefusesADownloadOfAnotherFile) {
  serve({kOther});

  EXPECT_EQ(fetch("http://a/x").error().code(), core::ErrorCode::kCorrupt);
  EXPECT_FALSE(files_.exists(kRawFile));
  EXPECT_TRUE(left_over().empty());
}

TEST_F(DownloadData, HandsTheTokenOverBesideTheArguments) {
  serve({kRaw});
  variables_["KAGGLE_USERNAME"] = "someone";
  variables_["KAGGLE_KEY"] = "s3cr\"et";

  ASSERT_TRUE(fetch());

  const os::Command& curl = processes_.commands().at(0);
  EXPECT_EQ(curl.input, "user = \"someone:s3cr\\\"et\"\n");
  for (const std::string& argument : curl.arguments) EXPECT_THAT(argument, Not(HasSubstr("s3cr")));
}

TEST_F(DownloadData, ReadsTheTokenFileOfKagglesClient) {
  serve({kRaw});
  variables_["HOME"] = "/somebody";
  files_.put("/somebody/.kaggle/kaggle.json", R"({"username": "someone", "key": "abc"})");

  ASSERT_TRUE(fetch());

  EXPECT_EQ(processes_.commands().at(0).input, "user = \"someone:abc\"\n");
}

TEST_F(DownloadData, SendsNoTokenToAnotherAddress) {
  serve({kRaw});
  variables_["KAGGLE_USERNAME"] = "someone";
  variables_["KAGGLE_KEY"] = "abc";

  ASSERT_TRUE(fetch("http://elsewhere/raw.csv"));

  EXPECT_EQ(processes_.commands().at(0).input, "");
}

TEST_F(DownloadData, NamesTheTokenWhenTheServerAsksForOne) {
  refuse(22, "401");

  const core::Error error = fetch("http://a/x").error();

  EXPECT_EQ(error.code(), core::ErrorCode::kUnauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("KAGGLE_USERNAME"));
}

TEST_F(DownloadData, SaysWhatIsNotThere) {
  refuse(22, "404");

  EXPECT_EQ(fetch("http://a/x").error().code(), core::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace starcast::app
