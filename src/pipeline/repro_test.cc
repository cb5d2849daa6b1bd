#include "pipeline/repro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/digest.h"
#include "core/strings.h"
#include "core/testing/manual_clock.h"
#include "os/path.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"
#include "pipeline/workspace.h"

namespace starcast::pipeline {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kChain =
    "stages:\n"
    "  first:\n    cmd: copy in.txt a.txt\n    deps: [in.txt]\n    params: [seed]\n    outs: [a.txt]\n"
    "  second:\n    cmd: copy a.txt b.txt\n    deps: [a.txt]\n    outs: [b.txt]\n";

// What the screen would show, in short.
class Recorder final : public ReproObserver {
 public:
  void stage_unchanged(const std::string& name) override { events.push_back("unchanged " + name); }
  void stage_starts(const std::string& name, const std::vector<std::string>& why,
                    const std::vector<std::string>&, std::size_t, std::size_t) override {
    events.push_back("starts " + name);
    reasons.insert(reasons.end(), why.begin(), why.end());
  }
  void stage_restored(const std::string& name) override { events.push_back("restored " + name); }
  void stage_done(const StageReport& report) override { events.push_back("done " + report.name); }
  void warning(const std::string& text) override { warnings.push_back(text); }

  std::vector<std::string> events;
  std::vector<std::string> reasons;
  std::vector<std::string> warnings;
};

class ReproTest : public testing::Test {
 protected:
  ReproTest() : processes_([this](const os::Command& command) { return shell(command); }) {
    clock_.advance(1e9 + 1000);
    EXPECT_TRUE(init_workspace(files_, "/w", Scm::kNone));
    files_.put("/w/in.txt", "input");
    files_.put("/w/params.yaml", "seed: 1\n");
    options_.root = "/w";
    options_.clock = &clock_;
    options_.take_lock = [this](const std::string& path) -> Result<std::shared_ptr<void>> {
      if (is_locked_by_other_) return Error(ErrorCode::kUnavailable, path + " is held by process 7");
      locks_.push_back(path);
      return std::shared_ptr<void>();
    };
  }

  // "copy FROM TO...", "write TEXT TO", "fail N", "interrupt": on the memory files, from the command's
  // folder.
  Result<os::Exit> shell(const os::Command& command) {
    files_.tick();
    const std::vector<std::string_view> words = core::split(command.arguments.back(), ' ');
    const auto path = [&](std::size_t word) {
      return os::normalized(os::joined(command.folder, words[word]));
    };
    os::Exit exit;
    exit.seconds = 1.5;
    exit.memory_peak_bytes = 1000;
    if (words[0] == "copy") {
      const std::string text = TRY(files_.read(path(1)));
      for (std::size_t i = 2; i < words.size(); ++i) files_.put(path(i), text);
    } else if (words[0] == "write") {
      files_.put(path(2), words[1]);
    } else if (words[0] == "fail") {
      exit.status = 3;
    } else if (words[0] == "interrupt") {
      return Error(ErrorCode::kCancelled, "interrupted");
    }
    return exit;
  }

  Result<ReproReport> run(std::string_view yaml = {}) {
    if (!yaml.empty()) files_.put("/w/dvc.yaml", yaml);
    files_.tick();
    recorder_ = Recorder();
    return repro(options_, files_, processes_, environment_, recorder_);
  }
  void must_run(std::string_view yaml = {}) {
    const auto report = run(yaml);
    ASSERT_TRUE(report) << report.error().message();
  }
  std::string error_of(std::string_view yaml, ErrorCode code) {
    const auto report = run(yaml);
    if (report) return "no error";
    EXPECT_EQ(report.error().code(), code) << report.error().message();
    return report.error().message();
  }
  const std::vector<std::string>& events() const { return recorder_.events; }
  std::string lock_text() { return files_.read("/w/dvc.lock").value(); }

  os::MemoryFiles files_;
  os::FakeProcesses processes_;
  os::MapEnvironment environment_{{{"SHELL", "/bin/bash"}}};
  core::ManualClock clock_;
  ReproOptions options_;
  Recorder recorder_;
  std::vector<std::string> locks_;
  bool is_locked_by_other_ = false;
};

TEST_F(ReproTest, RunsEverythingOnceThenNothing) {
  must_run(kChain);
  EXPECT_THAT(events(), ElementsAre("starts first", "done first", "starts second", "done second"));
  EXPECT_EQ(files_.read("/w/b.txt").value(), "input");
  const std::string lock = lock_text();

  must_run();

  EXPECT_THAT(events(), ElementsAre("unchanged first", "unchanged second"));
  EXPECT_EQ(processes_.commands().size(), 2U);
  EXPECT_EQ(lock_text(), lock);
}

TEST_F(ReproTest, WritesDvcsLock) {
  must_run(kChain);

  const std::string md5 = codec::md5_hex("input");
  EXPECT_EQ(lock_text(),
            "schema: '2.0'\nstages:\n  first:\n    cmd: copy in.txt a.txt\n    deps:\n    - path: in.txt\n   "
            "   hash: md5\n      md5: " +
                md5 +
                "\n      size: 5\n    params:\n      params.yaml:\n        seed: 1\n    outs:\n    - path: "
                "a.txt\n      hash: md5\n      md5: " +
                md5 +
                "\n      size: 5\n  second:\n    cmd: copy a.txt b.txt\n    deps:\n    - path: a.txt\n      "
                "hash: md5\n      md5: " +
                md5 + "\n      size: 5\n    outs:\n    - path: b.txt\n      hash: md5\n      md5: " + md5 +
                "\n      size: 5\n");
}

TEST_F(ReproTest, CommandsGetTheirShellFolderAndEnvironment) {
  options_.environment["EXTRA"] = "1";
  ASSERT_TRUE(files_.make_folders("/w/sub"));
  must_run("stages:\n  s:\n    cmd: write x o\n    wdir: sub\n    outs: [o]\n");

  ASSERT_EQ(processes_.commands().size(), 1U);
  const os::Command& command = processes_.commands()[0];
  EXPECT_THAT(command.arguments, ElementsAre("/bin/bash", "--noprofile", "--norc", "-c", "write x o"));
  EXPECT_EQ(command.folder, "/w/sub");
  EXPECT_EQ(command.environment.at("DVC_ROOT"), "/w");
  EXPECT_EQ(command.environment.at("DVC_STAGE"), "s");
  EXPECT_EQ(command.environment.at("EXTRA"), "1");
  EXPECT_TRUE(command.inherit_input);
}

TEST_F(ReproTest, WithoutAShellItIsSh) {
  environment_ = os::MapEnvironment{{}};
  must_run("stages:\n  s:\n    cmd: write x o\n    outs: [o]\n");

  EXPECT_THAT(processes_.commands()[0].arguments, ElementsAre("/bin/sh", "-c", "write x o"));
}

TEST_F(ReproTest, AChangedDepNamesBothSums) {
  must_run(kChain);
  files_.put("/w/in.txt", "other");
  must_run();

  EXPECT_THAT(recorder_.reasons[0],
              testing::StartsWith("in.txt: md5 " + codec::md5_hex("input").substr(0, 8) + "… is now " +
                                  codec::md5_hex("other").substr(0, 8)));
}

TEST_F(ReproTest, AChangedParamNamesBothValues) {
  must_run(kChain);
  files_.put("/w/params.yaml", "seed: 2\nother: 1\n");
  must_run();

  EXPECT_THAT(events(), ElementsAre("starts first", "done first", "unchanged second"));
  EXPECT_THAT(recorder_.reasons, ElementsAre("params.yaml: seed 1 -> 2"));
}

TEST_F(ReproTest, AnEqualParamOfAnotherTypeIsNoChange) {
  must_run(kChain);
  files_.put("/w/params.yaml", "seed: 1.0\n");
  must_run();

  EXPECT_THAT(events(), ElementsAre("unchanged first", "unchanged second"));
}

TEST_F(ReproTest, AWholeFileCountsEveryKeyOnEitherSide) {
  const std::string yaml =
      "stages:\n  s:\n    cmd: copy params.yaml o\n    params: [params.yaml: ]\n    outs: [o]\n";
  must_run(yaml);
  files_.put("/w/params.yaml", "other: 1\n");
  must_run();

  EXPECT_THAT(recorder_.reasons, ElementsAre("params.yaml: other is new", "params.yaml: seed is gone"));
}

TEST_F(ReproTest, AChangedCommandIsAReason) {
  must_run("stages:\n  s:\n    cmd: write x o\n    outs: [o]\n");
  must_run("stages:\n  s:\n    cmd: write y o\n    outs: [o]\n");

  EXPECT_THAT(recorder_.reasons, ElementsAre("the command changed"));
}

TEST_F(ReproTest, ATextAndAListOfOneAreDifferentCommands) {
  must_run("stages:\n  s:\n    cmd: write x o\n    outs: [o]\n");
  must_run("stages:\n  s:\n    cmd: [write x o]\n    outs: [o]\n");

  EXPECT_THAT(recorder_.reasons, ElementsAre("the command changed"));
}

TEST_F(ReproTest, AnEqualResultStopsTheChainThere) {
  const std::string yaml =
      "stages:\n  a:\n    cmd: write same a\n    deps: [in.txt]\n    outs: [a]\n  b:\n    cmd: copy a b\n    "
      "deps: [a]\n    outs: [b]\n";
  must_run(yaml);
  files_.put("/w/in.txt", "changed");
  must_run();

  EXPECT_THAT(events(), ElementsAre("starts a", "done a", "unchanged b"));
}

TEST_F(ReproTest, AMissingOutComesFromTheCache) {
  must_run(kChain);
  ASSERT_TRUE(files_.remove("/w/a.txt"));
  must_run();

  EXPECT_THAT(events(), ElementsAre("restored first", "unchanged second"));
  EXPECT_EQ(files_.read("/w/a.txt").value(), "input");
}

TEST_F(ReproTest, AnEarlierRunComesFromTheRunCache) {
  must_run(kChain);
  files_.put("/w/in.txt", "other");
  must_run();
  files_.put("/w/in.txt", "input");
  must_run();

  EXPECT_THAT(events(), ElementsAre("restored first", "restored second"));
  EXPECT_EQ(files_.read("/w/b.txt").value(), "input");
  EXPECT_EQ(processes_.commands().size(), 4U);
}

TEST_F(ReproTest, ForceRunsAllTheSame) {
  must_run(kChain);
  options_.force = Force::kYes;
  must_run();

  EXPECT_THAT(events(), ElementsAre("starts first", "done first", "starts second", "done second"));
  EXPECT_THAT(recorder_.reasons, Contains("forced"));
}

TEST_F(ReproTest, AnOutThatLeftTheCacheIsMadeAgain) {
  must_run(kChain);
  ASSERT_TRUE(files_.remove("/w/.dvc/cache"));
  must_run();

  // The second stage's out has the same content, which is in the cache again by then.
  EXPECT_THAT(recorder_.reasons, ElementsAre("a.txt: is not in the cache"));
  EXPECT_EQ(processes_.commands().size(), 3U);
}

TEST_F(ReproTest, APersistentOutStaysBeforeTheRun) {
  const std::string yaml =
      "stages:\n  s:\n    cmd: copy old.txt seen.txt\n    deps: [in.txt]\n    outs: [seen.txt, old.txt: "
      "{persist: true}]\n";
  files_.put("/w/old.txt", "kept");
  must_run(yaml);

  EXPECT_EQ(files_.read("/w/seen.txt").value(), "kept");
}

TEST_F(ReproTest, OutsAreGoneBeforeTheRun) {
  files_.put("/w/o", "stale");
  files_.put("/w/dir/x", "stale");
  const auto message =
      error_of("stages:\n  s:\n    cmd: copy o dir/new\n    deps: [in.txt]\n    outs: [dir, o]\n",
               ErrorCode::kNotFound);

  EXPECT_THAT(message, HasSubstr("/w/o"));
  EXPECT_FALSE(files_.exists("/w/dir/x"));
}

TEST_F(ReproTest, AMissingParamLeavesTheOuts) {
  must_run(kChain);
  files_.put("/w/params.yaml", "sed: 1\n");

  EXPECT_EQ(error_of("", ErrorCode::kInvalidInput),
            "stage 'first' (dvc.yaml:2): there is no 'seed' in 'params.yaml'");
  EXPECT_TRUE(files_.exists("/w/a.txt"));
}

TEST_F(ReproTest, AMissingDepLeavesTheOuts) {
  must_run(kChain);
  ASSERT_TRUE(files_.remove("/w/in.txt"));

  EXPECT_EQ(error_of("", ErrorCode::kNotFound),
            "stage 'first' (dvc.yaml:2): its dep 'in.txt' does not exist");
  EXPECT_TRUE(files_.exists("/w/a.txt"));
}

TEST_F(ReproTest, AMissingParamsFileIsNamed) {
  ASSERT_TRUE(files_.remove("/w/params.yaml"));

  EXPECT_THAT(error_of(kChain, ErrorCode::kNotFound),
              HasSubstr("its params file 'params.yaml' does not exist"));
}

TEST_F(ReproTest, AFailureNamesStageCommandAndStatusAndKeepsWhatIsDone) {
  const std::string yaml = std::string(kChain) +
                           "  third:\n    cmd:\n    - write x c\n    - fail 3\n    - write y c\n    deps: "
                           "[b.txt]\n    outs: [c]\n";

  EXPECT_EQ(error_of(yaml, ErrorCode::kFailedPrecondition),
            "stage 'third' (dvc.yaml:11) failed: `fail 3` ended with status 3");
  EXPECT_THAT(lock_text(), HasSubstr("second:"));
  EXPECT_THAT(lock_text(), Not(HasSubstr("third:")));
  EXPECT_THAT(files_.read("/w/.dvc/tmp/rwlock").value(), Not(HasSubstr("/w/")));
}

TEST_F(ReproTest, AnInterruptKeepsWhatIsDone) {
  const std::string yaml =
      std::string(kChain) + "  third:\n    cmd: interrupt\n    deps: [b.txt]\n    outs: [c]\n";

  EXPECT_THAT(error_of(yaml, ErrorCode::kCancelled), HasSubstr("stage 'third'"));
  EXPECT_THAT(lock_text(), HasSubstr("second:"));
}

TEST_F(ReproTest, AnOutThatWasNotMadeIsNamed) {
  EXPECT_EQ(error_of("stages:\n  s:\n    cmd: write x o\n    outs:\n    - o\n    - p\n",
                     ErrorCode::kFailedPrecondition),
            "dvc.yaml:6: stage 's': its command did not make the out 'p'");
  EXPECT_FALSE(files_.exists("/w/dvc.lock"));
}

TEST_F(ReproTest, ReportsTimeAndMemory) {
  const auto report = run("stages:\n  s:\n    cmd: [write x o, write y p]\n    outs: [o, p]\n");

  ASSERT_TRUE(report);
  EXPECT_EQ(report.value().stages[0].outcome, StageOutcome::kRan);
  EXPECT_DOUBLE_EQ(report.value().stages[0].seconds, 3.0);
  EXPECT_EQ(report.value().stages[0].memory_peak_bytes, 1000U);
}

TEST_F(ReproTest, ADryRunSaysWhatWouldRunAndRunsNothing) {
  must_run(kChain);
  files_.put("/w/in.txt", "other");
  options_.dry = Dry::kYes;
  const auto before = files_.files();
  files_.tick();
  recorder_ = Recorder();
  ASSERT_TRUE(repro(options_, files_, processes_, environment_, recorder_));

  EXPECT_THAT(events(), ElementsAre("starts first", "starts second"));
  EXPECT_THAT(recorder_.reasons, Contains("'first' would run before it"));
  EXPECT_EQ(processes_.commands().size(), 2U);
  EXPECT_EQ(files_.files().at("/w/dvc.lock"), before.at("/w/dvc.lock"));
  EXPECT_EQ(files_.files().at("/w/a.txt"), before.at("/w/a.txt"));
}

TEST_F(ReproTest, ATargetRunsWithWhatItNeeds) {
  options_.targets = {"first"};
  must_run(kChain);
  EXPECT_THAT(events(), ElementsAre("starts first", "done first"));

  options_.targets = {"b.txt"};
  must_run();
  EXPECT_THAT(events(), ElementsAre("unchanged first", "starts second", "done second"));
}

TEST_F(ReproTest, AnUnknownTargetNamesTheNearest) {
  options_.targets = {"frist"};

  EXPECT_EQ(error_of(kChain, ErrorCode::kInvalidInput),
            "dvc.yaml has no stage 'frist'; did you mean 'first'?");
}

TEST_F(ReproTest, AFrozenStageDoesNotRun) {
  must_run(kChain);
  files_.put("/w/in.txt", "other");
  must_run(core::replaced(kChain, "outs: [a.txt]", "outs: [a.txt]\n    frozen: true"));

  EXPECT_THAT(events(), ElementsAre("unchanged first", "unchanged second"));
}

TEST_F(ReproTest, AlwaysChangedRunsEachTime) {
  const std::string yaml = "stages:\n  s:\n    cmd: write x o\n    outs: [o]\n    always_changed: true\n";
  must_run(yaml);
  must_run();

  EXPECT_EQ(processes_.commands().size(), 2U);
}

TEST_F(ReproTest, AStageWithoutDepsAndOutsRunsEachTime) {
  must_run("stages:\n  s:\n    cmd: write x elsewhere\n");
  must_run();

  EXPECT_EQ(processes_.commands().size(), 2U);
  EXPECT_EQ(lock_text(), "schema: '2.0'\nstages:\n  s:\n    cmd: write x elsewhere\n");
}

TEST_F(ReproTest, AHashOfDvc2IsMadeNew) {
  must_run(kChain);
  files_.put("/w/dvc.lock", core::replaced(lock_text(), "      hash: md5\n", ""));

  const auto report = run();

  ASSERT_TRUE(report);
  EXPECT_THAT(report.value().stages[0].reasons, ElementsAre("in.txt: was recorded by DVC 2"));
  EXPECT_THAT(lock_text(), HasSubstr("hash: md5"));
}

TEST_F(ReproTest, MetricsThatGitKeepsAreRestoredToo) {
  const std::string yaml =
      "stages:\n  s:\n    cmd: copy in.txt m.json\n    deps: [in.txt]\n    metrics: [m.json: {cache: "
      "false}]\n";
  must_run(yaml);
  files_.put("/w/in.txt", "other");
  must_run();
  files_.put("/w/in.txt", "input");
  must_run();

  EXPECT_THAT(events(), ElementsAre("restored s"));
  EXPECT_EQ(files_.read("/w/m.json").value(), "input");
}

TEST_F(ReproTest, APlainOutWithoutCacheIsNotRemembered) {
  const std::string yaml =
      "stages:\n  s:\n    cmd: copy in.txt o\n    deps: [in.txt]\n    outs: [o: {cache: false}]\n";
  must_run(yaml);

  EXPECT_FALSE(files_.exists("/w/.dvc/cache/runs"));
  ASSERT_TRUE(files_.remove("/w/o"));
  must_run();
  EXPECT_THAT(events(), ElementsAre("starts s", "done s"));
}

TEST_F(ReproTest, BinaryMetricsAreRefused) {
  files_.put("/w/in.txt", std::string("\0\1\2", 3));

  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: copy in.txt m\n    deps: [in.txt]\n    metrics: [m]\n",
                       ErrorCode::kInvalidInput),
              HasSubstr("the metrics file 'm' is not text"));
}

TEST_F(ReproTest, AnEmptyOutIsWorthAWord) {
  files_.put("/w/in.txt", "");
  must_run("stages:\n  s:\n    cmd: copy in.txt o\n    deps: [in.txt]\n    outs: [o]\n");

  EXPECT_THAT(recorder_.warnings, ElementsAre("'o' is empty"));
}

TEST_F(ReproTest, CachedOutsGetALineInGitignore) {
  files_.put("/w/.git/HEAD", "");
  files_.put("/w/.dvc/config", "");
  must_run(
      "stages:\n  s:\n    cmd: copy in.txt o m\n    deps: [in.txt]\n    outs: [o]\n    metrics: [m: {cache: "
      "false}]\n");

  EXPECT_EQ(files_.read("/w/.gitignore").value(), "/o\n");
}

TEST_F(ReproTest, TrackedDataIsChecked) {
  ASSERT_TRUE(track(files_, "/w", "in.txt", environment_, clock_));
  must_run(kChain);

  EXPECT_THAT(events(), ElementsAre("unchanged in.txt.dvc", "starts first", "done first", "starts second",
                                    "done second"));
}

TEST_F(ReproTest, ChangedTrackedDataIsRecordedAnew) {
  ASSERT_TRUE(track(files_, "/w", "in.txt", environment_, clock_));
  must_run(kChain);
  files_.tick();
  files_.put("/w/in.txt", "other");
  must_run();

  EXPECT_THAT(events(), Contains("done in.txt.dvc"));
  EXPECT_THAT(files_.read("/w/in.txt.dvc").value(), HasSubstr(codec::md5_hex("other")));
}

TEST_F(ReproTest, MissingTrackedDataSaysWhereItIs) {
  ASSERT_TRUE(track(files_, "/w", "in.txt", environment_, clock_));
  ASSERT_TRUE(files_.remove("/w/in.txt"));
  EXPECT_EQ(error_of(kChain, ErrorCode::kNotFound),
            "'in.txt' is missing but in the cache: `dvc checkout in.txt.dvc` brings it back");

  ASSERT_TRUE(files_.remove("/w/.dvc/cache"));
  EXPECT_THAT(error_of(kChain, ErrorCode::kNotFound), HasSubstr("`starcast data fetch`"));
}

TEST_F(ReproTest, AnotherPipelineThatMakesADepIsNotSupportedYet) {
  files_.put("/w/sub/dvc.yaml", "stages:\n  inner:\n    cmd: x\n    outs: [made]\n");
  files_.put("/w/sub/made", "1");

  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: copy sub/made o\n    deps: [sub/made]\n    outs: [o]\n",
                       ErrorCode::kUnsupported),
              HasSubstr("which 'inner' makes (sub/dvc.yaml:4)"));
}

TEST_F(ReproTest, TheRepositoryLockIsTakenAgainAfterEachCommand) {
  must_run(kChain);

  EXPECT_EQ(std::count(locks_.begin(), locks_.end(), "/w/.dvc/tmp/lock"), 3);
}

TEST_F(ReproTest, AnotherDvcIsNotDisturbed) {
  is_locked_by_other_ = true;

  EXPECT_THAT(error_of(kChain, ErrorCode::kUnavailable), HasSubstr("process 7"));
  EXPECT_THAT(processes_.commands(), IsEmpty());
}

TEST_F(ReproTest, WhatAnotherDvcWritesIsNotRead) {
  files_.put("/proc/42/stat", "");
  files_.put("/w/.dvc/tmp/rwlock", "{\"write\": {\"/w/in.txt\": {\"pid\": 42, \"cmd\": \"dvc repro\"}}}");

  EXPECT_THAT(error_of(kChain, ErrorCode::kUnavailable), HasSubstr("'/w/in.txt' is busy"));
}

TEST_F(ReproTest, WhatACommandAddedToTheLockStays) {
  const std::string other = "schema: '2.0'\nstages:\n  other:\n    cmd: x\n";
  processes_ = os::FakeProcesses([&](const os::Command& command) {
    files_.tick();
    files_.put("/w/dvc.lock", other);
    return shell(command);
  });
  must_run("stages:\n  s:\n    cmd: write x o\n    outs: [o]\n");

  EXPECT_THAT(lock_text(), HasSubstr("other:\n    cmd: x\n  s:\n"));
}

TEST_F(ReproTest, BadGraphsAreRefusedBeforeAnythingRuns) {
  EXPECT_THAT(error_of("stages:\n  a:\n    cmd: x\n    deps: [b]\n    outs: [a]\n  b:\n    cmd: x\n    deps: "
                       "[a]\n    outs: [b]\n",
                       ErrorCode::kInvalidInput),
              HasSubstr("cycle"));
  EXPECT_THAT(
      error_of("stages:\n  a:\n    cmd: x\n    outs:\n    - d\n  b:\n    cmd: x\n    outs:\n    - d/e\n",
               ErrorCode::kInvalidInput),
      HasSubstr("dvc.yaml:9: out 'd/e' of 'b' lies inside out 'd' of 'a' (dvc.yaml:5)"));
  EXPECT_THAT(error_of("stages:\n  a:\n    cmd: x\n    outs: [../o]\n", ErrorCode::kInvalidInput),
              HasSubstr("outside the workspace"));
  EXPECT_THAT(processes_.commands(), IsEmpty());
}

TEST_F(ReproTest, ADamagedLockIsNamedAndKept) {
  files_.put("/w/dvc.lock", "schema: '2.0'\nstages: [\n");

  EXPECT_THAT(error_of(kChain, ErrorCode::kCorrupt), HasSubstr("dvc.lock: line 3"));
  EXPECT_EQ(lock_text(), "schema: '2.0'\nstages: [\n");
}

TEST_F(ReproTest, AFolderWithoutDvcIsNoWorkspace) {
  options_.root = "/elsewhere";

  EXPECT_EQ(run().error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(ReproTest, NoPipelineIsNotFound) {
  EXPECT_THAT(error_of("", ErrorCode::kNotFound), HasSubstr("there is no '/w/dvc.yaml'"));
}

TEST_F(ReproTest, AWdirThatIsNoFolderIsNamed) {
  EXPECT_THAT(
      error_of("stages:\n  s:\n    cmd: write x o\n    wdir: nowhere\n    outs: [o]\n", ErrorCode::kNotFound),
      HasSubstr("its wdir 'nowhere' is no folder"));
}

}  // namespace
}  // namespace starcast::pipeline
