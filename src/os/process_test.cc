#include "os/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "os/file_system.h"
#include "os/testing/fake_processes.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

Command captured(std::vector<std::string> arguments) {
  Command command;
  command.arguments = std::move(arguments);
  command.standard_output = Output::kCapture;
  command.standard_error = Output::kCapture;
  return command;
}

Command shell(const std::string& script) {
  return captured({"sh", "-c", script});
}

TEST(RealProcesses, CaptureBothOutputs) {
  const Exit exit = real_processes().run(shell("echo out; echo error >&2; exit 3")).value();

  EXPECT_EQ(exit.output, "out\n");
  EXPECT_EQ(exit.error_output, "error\n");
  EXPECT_EQ(exit.status, 3);
}

TEST(RealProcesses, FeedAnInputOfAnySize) {
  Command command = captured({"cat"});
  command.input = std::string(5'000'000, 'x');

  const Exit exit = real_processes().run(command).value();

  EXPECT_EQ(exit.output, command.input);
}

TEST(RealProcesses, SurviveAChildThatDoesNotReadItsInput) {
  Command command = captured({"true"});
  command.input = std::string(5'000'000, 'x');

  EXPECT_EQ(real_processes().run(command).value().status, 0);
}

TEST(RealProcesses, GiveAnEmptyInputElse) {
  EXPECT_EQ(real_processes().run(captured({"cat"})).value().output, "");
}

TEST(RealProcesses, DropOutputOverTheLimitAndSaySo) {
  Command command = shell("head -c 1000000 /dev/zero");
  command.capture_bytes_max = 1000;

  const Exit exit = real_processes().run(command).value();

  EXPECT_EQ(exit.output.size(), 1000U);
  EXPECT_TRUE(exit.truncated);
}

TEST(RealProcesses, CountOutputOfExactlyTheLimitAsWhole) {
  Command command = shell("printf 12345");
  command.capture_bytes_max = 5;

  EXPECT_FALSE(real_processes().run(command).value().truncated);
}

TEST(RealProcesses, DiscardOutput) {
  Command command = shell("echo out");
  command.standard_output = Output::kDiscard;

  EXPECT_EQ(real_processes().run(command).value().output, "");
}

TEST(RealProcesses, SendStandardOutputToOurStandardError) {
  const TemporaryFolder folder;
  Command command = shell("echo out; echo error >&2");
  command.standard_output = Output::kStandardError;
  const int kept = ::dup(STDERR_FILENO);
  std::FILE* const file = std::fopen(folder.at("errors").c_str(), "w");
  ::dup2(::fileno(file), STDERR_FILENO);

  const Exit exit = real_processes().run(command).value();
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::fclose(file);

  EXPECT_EQ(real_files().read(folder.at("errors")).value(), "out\n");
  EXPECT_EQ(exit.output, "");
  EXPECT_EQ(exit.error_output, "error\n");
}

TEST(RealProcesses, NameAProgramThatIsMissing) {
  for (const char* program : {"no-such-program-here", "/no/such/program"}) {
    const core::Error error = real_processes().run(captured({program})).error();

    EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
    EXPECT_NE(error.message().find(program), std::string::npos);
  }
}

TEST(RealProcesses, NameAFolderThatIsMissing) {
  Command command = captured({"true"});
  command.folder = "/no/such/folder";

  const core::Error error = real_processes().run(command).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_NE(error.message().find("/no/such/folder"), std::string::npos);
}

TEST(RealProcesses, RefuseAFileThatIsNoProgram) {
  const TemporaryFolder folder;
  ASSERT_TRUE(real_files().write(folder.at("a"), "text", {.mode = 0755, .sync = false}).has_value());
  ASSERT_TRUE(real_files().write(folder.at("b"), "text", {.mode = 0644, .sync = false}).has_value());

  EXPECT_EQ(real_processes().run(captured({folder.at("a")})).error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_EQ(real_processes().run(captured({folder.at("b")})).error().code(),
            core::ErrorCode::kPermissionDenied);
}

TEST(RealProcesses, RefuseAnEmptyCommand) {
  EXPECT_EQ(real_processes().run(Command{}).error().code(), core::ErrorCode::kInvalidInput);
}

TEST(RealProcesses, RefuseANulByteInAnArgument) {
  EXPECT_EQ(real_processes().run(captured({"echo", std::string("a\0b", 3)})).error().code(),
            core::ErrorCode::kInvalidInput);
}

TEST(RealProcesses, RunInTheFolderGiven) {
  const TemporaryFolder folder;
  ASSERT_TRUE(real_files().write(folder.at("inside"), "").has_value());
  Command command = captured({"ls"});
  command.folder = folder.path();

  EXPECT_EQ(real_processes().run(command).value().output, "inside\n");
}

TEST(RealProcesses, AddToTheEnvironment) {
  Command command = shell("echo $STARCAST_TEST $HOME");
  command.environment = {{"STARCAST_TEST", "added"}, {"HOME", "/replaced"}};

  EXPECT_EQ(real_processes().run(command).value().output, "added /replaced\n");
}

TEST(RealProcesses, LookTheProgramUpInTheChildsPath) {
  const TemporaryFolder folder;
  ASSERT_TRUE(real_files().write(folder.at("tool"), "#!/bin/sh\necho found\n", {.mode = 0755}).has_value());
  Command command = captured({"tool"});
  command.environment = {{"PATH", folder.path()}};

  EXPECT_EQ(real_processes().run(command).value().output, "found\n");
}

TEST(RealProcesses, ReportASignalAsTheShellDoes) {
  EXPECT_EQ(real_processes().run(shell("kill -KILL $$")).value().status, 128 + SIGKILL);
}

TEST(RealProcesses, PassASignalOnAndReportItAsCancelled) {
  for (const char* name : {"TERM", "INT"}) {
    const core::Error error =
        real_processes().run(shell(std::string("kill -") + name + " $PPID; exec sleep 60")).error();

    EXPECT_EQ(error.code(), core::ErrorCode::kCancelled);
    EXPECT_NE(error.message().find(name), std::string::npos);
  }
}

TEST(RealProcesses, WaitForAChildThatCleansUpAfterASignal) {
  const TemporaryFolder folder;
  const std::string script = "trap 'touch " + folder.at("cleaned") +
                             "; exit 0' TERM; kill -TERM $PPID; "
                             "while :; do sleep 0.01; done";

  const core::Result<Exit> result = real_processes().run(shell(script));

  EXPECT_EQ(result.error().code(), core::ErrorCode::kCancelled);
  EXPECT_TRUE(real_files().exists(folder.at("cleaned")));
}

TEST(RealProcesses, LeaveTheHandlersAsTheyWere) {
  struct sigaction before;
  struct sigaction after;
  sigaction(SIGTERM, nullptr, &before);

  ASSERT_TRUE(real_processes().run(captured({"true"})).has_value());
  sigaction(SIGTERM, nullptr, &after);

  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(RealProcesses, StartTheChildWithTheUsualSigpipe) {
  struct sigaction ignored = {};
  struct sigaction before;
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, &before);

  const Exit exit = real_processes().run(shell("kill -PIPE $$")).value();
  sigaction(SIGPIPE, &before, nullptr);

  EXPECT_EQ(exit.status, 128 + SIGPIPE);
}

TEST(RealProcesses, DoNotWaitForAGrandchildInTheBackground) {
  const Exit exit = real_processes().run(shell("echo first; sleep 20 & exit 0")).value();

  EXPECT_EQ(exit.output, "first\n");
  EXPECT_LT(exit.seconds, 10.0);
}

TEST(RealProcesses, ReadWhatAGrandchildStillWrites) {
  EXPECT_EQ(real_processes().run(shell("(sleep 0.02; echo late) & exit 0")).value().output, "late\n");
}

TEST(RealProcesses, KeepOurDescriptorsFromTheChild) {
  const TemporaryFolder folder;
  std::string pattern = folder.at("open-XXXXXX");
  const int ours = mkstemp(pattern.data());

  const Exit exit = real_processes().run(captured({"ls", "/proc/self/fd"})).value();
  close(ours);

  EXPECT_EQ(exit.output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(RealProcesses, MeasureTimeAndMemory) {
  const Exit exit = real_processes()
                        .run(shell("sleep 0.05; head -c 200000000 /dev/zero | tail -c 100000000 >/dev/null"))
                        .value();

  EXPECT_GE(exit.seconds, 0.05);
  EXPECT_GT(exit.memory_peak_bytes, std::size_t{90'000'000});
}

TEST(RealProcesses, RunOnManyThreads) {
  std::vector<int> statuses(8, -1);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < statuses.size(); ++t) {
      threads.emplace_back([&statuses, t] {
        for (int i = 0; i < 5; ++i) {
          const core::Result<Exit> exit = real_processes().run(shell("exit " + std::to_string(t)));
          statuses[t] = exit ? exit->status : -2;
        }
      });
    }
  }

  EXPECT_EQ(statuses, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(OwnExecutable, IsThisTest) {
  EXPECT_TRUE(own_executable().value().ends_with("/os_test"));
}

TEST(FakeProcesses, RecordCommandsAndAnswer) {
  FakeProcesses processes([](const Command&) { return Exit{.status = 7}; });

  const Exit exit = processes.run(captured({"gnuplot", "-"})).value();

  EXPECT_EQ(exit.status, 7);
  EXPECT_EQ(processes.commands().at(0).arguments.at(0), "gnuplot");
}

}  // namespace
}  // namespace starcast::os
