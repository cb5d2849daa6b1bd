#include "cli/session.h"

#include <cstdio>

#include "cli/log_beside_progress.h"

namespace starcast::cli {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

core::LogLevel minimum_of(const Session& session) {
  if (session.quiet) return core::LogLevel::kWarning;
  return session.verbose ? core::LogLevel::kDebug : core::LogLevel::kInfo;
}

}  // namespace

struct Session::World {
  explicit World(const Session& session)
      : progress(session.quiet ? os::silent_progress() : os::terminal_progress()),
        lines(minimum_of(session)),
        log(lines, *progress, minimum_of(session)),
        context{os::real_files(), os::real_processes(), os::real_environment(), core::system_clock(), log,
                *progress} {}

  std::unique_ptr<os::ProgressScreen> progress;
  core::StderrLog lines;
  LogBesideProgress log;
  app::Context context;
};

Session::Session() = default;
Session::~Session() = default;

const app::Context& Session::context() {
  if (!world_) world_ = std::make_unique<World>(*this);
  return world_->context;
}

void Session::print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) write_failed_ = true;
}

void Session::print_json(const codec::Json& json_value) {
  print(codec::to_text(json_value, codec::JsonStyle::kPretty));
  print("\n");
}

void Session::prompt(std::string_view text) {
  // That nobody sees the question shows in the answer.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

Result<void> Session::finish() {
  if (std::fflush(stdout) != 0 || write_failed_) {
    return Error(ErrorCode::kExhausted, "standard output could not be written; is the disk full?");
  }
  return {};
}

CLI::App* add_command(CLI::App& parent, Session& session, const std::string& name, const std::string& help,
                      Grammar grammar, std::function<Result<void>(Session&)> run) {
  CLI::App* const command = parent.add_subcommand(name, help);
  command->fallthrough();
  command->callback([&session, grammar, run = std::move(run)] {
    session.grammar = grammar;
    session.action = run;
  });
  return command;
}

}  // namespace starcast::cli
