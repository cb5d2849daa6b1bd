#include "cli/log_beside_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starcast::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A terminal: what happens on it, in order.
class Terminal final : public core::Log, public os::ProgressScreen {
 public:
  void write(core::LogLevel, std::string_view text) override { events.emplace_back(text); }
  void show(std::string_view) override { events.emplace_back("progress"); }
  void clear() override { events.emplace_back("clear"); }

  std::vector<std::string> events;
};

TEST(LogBesideProgress, ClearsTheProgressLineBeforeALogLine) {
  Terminal terminal;
  LogBesideProgress log(terminal, terminal, core::LogLevel::kInfo);
  terminal.show("training");

  log.warning("a cell is repaired");

  EXPECT_THAT(terminal.events, ElementsAre("progress", "clear", "a cell is repaired"));
}

TEST(LogBesideProgress, LeavesTheProgressLineWhenNothingIsShown) {
  Terminal terminal;
  LogBesideProgress log(terminal, terminal, core::LogLevel::kWarning);

  log.info("not shown");

  EXPECT_THAT(terminal.events, IsEmpty());
}

}  // namespace
}  // namespace starcast::cli
