#include "cli/cli.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "cli/session.h"
#include "core/strings.h"

namespace starcast::cli {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* kAbout =
    "starcast forecasts the stars: a Google Play app's rating, from its store listing.";
constexpr const char* kFooter =
    "Environment: STARCAST_RAW (the raw file), STARCAST_THREADS, STARCAST_LIGHTGBM (its library).\n"
    "Start with: starcast new my-workspace && cd my-workspace && starcast data fetch && starcast repro";

// Commands whose bad arguments end with DVC's status.
bool is_dvc_command(std::string_view name) {
  constexpr std::array<std::string_view, 15> kNames = {"add",    "cache", "checkout", "commit", "config",
                                                       "fetch",  "gc",    "pull",     "push",   "remote",
                                                       "remove", "repro", "root",     "status", "unprotect"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// The command that the arguments chose, as deep as they could be followed, with its parents in front.
std::vector<const CLI::App*> chosen_commands(const CLI::App& app) {
  std::vector<const CLI::App*> chain = {&app};
  while (!chain.back()->get_subcommands().empty()) chain.push_back(chain.back()->get_subcommands().front());
  return chain;
}

// The known name nearest to a misspelt one, as "; did you mean 'name'?", or "".
std::string suggestion(const std::vector<std::string>& known, const std::string& word) {
  const std::string* nearest = nullptr;
  std::size_t distance = 4;
  for (const std::string& name : known) {
    const std::size_t edits = core::edit_distance(name, word);
    if (edits >= distance || edits >= word.size()) continue;
    distance = edits;
    nearest = &name;
  }
  return nearest == nullptr ? "" : fmt::format("; did you mean '{}'?", *nearest);
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const std::vector<const CLI::App*>& chain) {
  std::vector<std::string> names;
  for (const CLI::App* const command : chain) {
    for (const CLI::Option* const option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// What is wrong with the arguments, in our words where CLI11's are none.
std::string usage_message(const std::vector<const CLI::App*>& chain, const CLI::ParseError& error) {
  const CLI::App& command = *chain.back();
  const std::vector<std::string> names = command_names(command);
  for (const std::string& word : chain.front()->remaining(true)) {
    if (word.starts_with("-") && word.size() > 1) {
      const std::string name = word.substr(0, word.find('='));
      return fmt::format("there is no option '{}'{}", name, suggestion(option_names(chain), name));
    }
    if (names.empty()) return fmt::format("'{}' is one argument too many", word);
    return fmt::format("there is no command '{}'{}", word, suggestion(names, word));
  }
  if (!names.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return fmt::format("a command is missing: {}", fmt::join(names, ", "));
  }
  std::string message = error.what();
  if (!message.empty()) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  return message;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> chain = chosen_commands(app);
  std::string help;
  for (const CLI::App* const command : chain) help += command->get_name() + " ";
  fmt::print(stderr, "starcast: {}\nTry '{}--help'.\n", usage_message(chain, error), help);
  const bool is_dvcs = chain.size() > 1 && is_dvc_command(chain[1]->get_name());
  return usage_status(is_dvcs ? Grammar::kDvc : Grammar::kOwn);
}

Result<void> act(Session& session) {
  if (!session.folder.empty() && ::chdir(session.folder.c_str()) != 0) {
    return Error(ErrorCode::kNotFound, fmt::format("-C {}: {}", session.folder, std::strerror(errno)));
  }
  TRY(session.action(session));
  return session.finish();
}

int report_error(const Error& error, Session& session) {
  // What was printed before comes first; that it could not be printed matters less than the error itself.
  static_cast<void>(session.finish().has_value());
  if (session.json) {
    const codec::JsonObject details{{"code", core::name_of(error.code())}, {"message", error.message()}};
    fmt::print(stderr, "{}\n",
               codec::to_text(codec::JsonObject{{"error", details}}, codec::JsonStyle::kCompact));
  } else {
    if (!error.message().empty()) fmt::print(stderr, "starcast: {}\n", error.message());
  }
  return session.failure_status.value_or(exit_status_of(error.code(), session.grammar));
}

// --help and --version.
int print_answer(const CLI::App& app, const CLI::Success& success, Session& session) {
  std::ostringstream answer;
  app.exit(success, answer, answer);
  session.print(answer.str());
  const Result<void> printed = session.finish();
  return printed ? kSuccess : report_error(printed.error(), session);
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{kAbout, "starcast"};
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("starcast ") + STARCAST_VERSION);
  Session session;
  app.add_flag("--json", session.json, "print the result as JSON, for programs");
  app.add_flag("-q,--quiet", session.quiet, "no progress, no messages but warnings and errors");
  app.add_flag("-v,--verbose", session.verbose, "more messages");
  app.add_option("-C,--directory", session.folder, "work in this folder")->type_name("DIR");
  add_model_commands(app, session);
  add_explain_commands(app, session);
  add_data_commands(app, session);
  add_pipeline_commands(app, session);
  add_config_commands(app, session);
  add_versioning_commands(app, session);
  add_server_commands(app, session);
  add_experiment_commands(app, session);
  add_run_commands(app, session);
  add_serve_commands(app, session);
  add_import_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return print_answer(app, success, session);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error);
  }
  try {
    const Result<void> result = act(session);
    return result ? kSuccess : report_error(result.error(), session);
  } catch (const std::exception& exception) {
    fmt::print(stderr, "starcast: internal error: {}\n", exception.what());
    return exit_status_of(ErrorCode::kInternal, session.grammar);
  }
}

}  // namespace starcast::cli
