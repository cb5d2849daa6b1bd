// Session: what the options before every command say, and what commands print through.
#pragma once

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/workspace.h"
#include "cli/exit_status.h"
#include "codec/json.h"
#include "core/result.h"

namespace starcast::cli {

// One thread. Filled by the parser, then used by the one action that was chosen.
class Session {
 public:
  Session();
  ~Session();

  // Options of every command.
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string folder;  // -C

  // The command that was chosen, and whose exit statuses it has.
  std::function<core::Result<void>(Session&)> action;
  Grammar grammar = Grammar::kOwn;
  // The exit status of a failure, instead of what the error's code says.
  std::optional<int> failure_status;

  // The real world; valid while the session lives. The first call fixes -q and -v.
  const app::Context& context();

  // Results, to standard output. A failed write is remembered: finish() reports it.
  void print(std::string_view text);
  template <typename... Arguments>
  void print_line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    print(fmt::format(format, std::forward<Arguments>(arguments)...) + "\n");
  }
  void print_json(const codec::Json& json_value);  // one pretty document

  // A question to a person, to standard error and at once, so that standard output holds results only.
  void prompt(std::string_view text);

  // Flushes standard output; kExhausted when it could not be written.
  core::Result<void> finish();

 private:
  struct World;
  std::unique_ptr<World> world_;
  bool write_failed_ = false;
};

// Adds a subcommand whose action is `run`.
CLI::App* add_command(CLI::App& parent, Session& session, const std::string& name, const std::string& help,
                      Grammar grammar, std::function<core::Result<void>(Session&)> run);

// One function a group of commands; each is defined in the file of its name.
void add_data_commands(CLI::App& parent, Session& session);      // data fetch, new
void add_model_commands(CLI::App& parent, Session& session);     // prepare, split, train, evaluate, predict
void add_explain_commands(CLI::App& parent, Session& session);   // explain, whatif
void add_pipeline_commands(CLI::App& parent, Session& session);  // repro
void add_config_commands(CLI::App& parent, Session& session);    // config, remote, cache
// status, add, checkout, commit, push, fetch, pull, gc, remove, unprotect, root
void add_versioning_commands(CLI::App& parent, Session& session);
void add_server_commands(CLI::App& parent, Session& session);      // server, up, db
void add_experiment_commands(CLI::App& parent, Session& session);  // experiments
void add_run_commands(CLI::App& parent, Session& session);         // runs, artifacts, models
void add_serve_commands(CLI::App& parent, Session& session);       // models serve; after add_run_commands
void add_import_commands(CLI::App& parent, Session& session);      // import

}  // namespace starcast::cli
