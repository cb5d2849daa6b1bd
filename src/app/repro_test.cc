#include "app/repro.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "core/testing/manual_clock.h"
#include "os/testing/fake_processes.h"
#include "os/testing/memory_files.h"
#include "pipeline/workspace.h"

namespace starcast::app {
namespace {

class SilentObserver final : public pipeline::ReproObserver {
 public:
  void stage_unchanged(const std::string&) override {}
  void stage_starts(const std::string&, const std::vector<std::string>&, const std::vector<std::string>&,
                    std::size_t, std::size_t) override {}
  void stage_restored(const std::string&) override {}
  void stage_done(const pipeline::StageReport&) override {}
};

// Runs a workspace of one pipeline stage and gives the commands that were started.
std::vector<os::Command> commands_of_repro(os::Output output) {
  os::MemoryFiles files;
  EXPECT_TRUE(pipeline::init_workspace(files, "/w", pipeline::Scm::kNone));
  files.put("/w/dvc.yaml", "stages:\n  one:\n    cmd: make-it\n    outs:\n    - made.txt\n");
  os::FakeProcesses processes([&files](const os::Command&) {
    files.put("/w/made.txt", "made\n");
    return os::Exit{};
  });
  const os::MapEnvironment environment(std::map<std::string, std::string>{{"PATH", "/bin"}});
  core::ManualClock clock;
  core::NullLog log;
  const std::unique_ptr<os::ProgressScreen> screen = os::silent_progress();
  SilentObserver observer;
  pipeline::ReproOptions options;
  options.root = "/w";
  options.take_lock = [](const std::string&) -> core::Result<std::shared_ptr<void>> {
    return std::shared_ptr<void>();
  };
  const auto report = repro(options, output, {files, processes, environment, clock, log, *screen}, observer);
  EXPECT_TRUE(report) << (report ? "" : report.error().message());
  return processes.commands();
}

TEST(Repro, SendsTheOutputOfCommandsWhereItIsTold) {
  const std::vector<os::Command> commands = commands_of_repro(os::Output::kStandardError);

  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands[0].standard_output, os::Output::kStandardError);
}

TEST(Repro, PutsItsOwnExecutableFirstOnThePath) {
  const std::vector<os::Command> commands = commands_of_repro(os::Output::kInherit);

  ASSERT_EQ(commands.size(), 1U);
  const std::string folder = os::own_executable().value();
  EXPECT_EQ(commands[0].environment.at("PATH"), folder.substr(0, folder.rfind('/')) + ":/bin");
}

}  // namespace
}  // namespace starcast::app
