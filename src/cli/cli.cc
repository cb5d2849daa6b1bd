#include "cli/cli.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "cli/session.h"
#include "core/strings.h"

namespace starcast::cli {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* kAbout = "starcast forecasts the stars: a Google Play app's rating, from its store listing.";
constexpr const char* kFooter =
    "Environment: STARCAST_RAW (the raw file), STARCAST_THREADS, STARCAST_LIGHTGBM (its library).\n"
    "Start with: starcast new my-workspace && cd my-workspace && starcast data fetch && starcast repro";

// Commands whose bad arguments end with DVC's status.
bool is_dvc_command(std::string_view name) { return name == "repro"; }

// The known command nearest to a misspelt one, or "".
std::string nearest_command(const CLI::App& app, const std::string& word) {
  std::string nearest;
  std::size_t distance = 4;
  for (const CLI::App* const command : app.get_subcommands({})) {
    const std::size_t edits = core::edit_distance(command->get_name(), word);
    if (edits < distance) {
      distance = edits;
      nearest = command->get_name();
    }
  }
  return nearest;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::string first_word;
  for (int i = 1; i < argc && first_word.empty(); ++i) {
    if (argv[i][0] != '-') first_word = argv[i];
  }
  bool known = false;
  for (const CLI::App* const command : app.get_subcommands({})) known = known || command->get_name() == first_word;
  std::string message = error.what();
  std::string help = "starcast --help";
  if (known) {
    help = "starcast " + first_word + " --help";
  } else if (!first_word.empty()) {
    const std::string nearest = nearest_command(app, first_word);
    message = fmt::format("there is no command '{}'", first_word);
    if (!nearest.empty()) message += fmt::format("; did you mean '{}'?", nearest);
  }
  fmt::print(stderr, "starcast: {}\nTry '{}'.\n", message, help);
  return usage_status(is_dvc_command(first_word) ? Grammar::kDvc : Grammar::kOwn);
}

Result<void> act(Session& session) {
  if (!session.folder.empty() && ::chdir(session.folder.c_str()) != 0) {
    return Error(ErrorCode::kNotFound, fmt::format("-C {}: {}", session.folder, std::strerror(errno)));
  }
  TRY(session.action(session));
  return session.finish();
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
  add_data_commands(app, session);
  add_pipeline_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  try {
    const Result<void> result = act(session);
    if (result) return kSuccess;
    if (session.json) {
      fmt::print(stderr, "{}\n",
                 codec::to_text(codec::JsonObject{{"error", codec::JsonObject{{"code", core::name_of(result.error().code())},
                                                                              {"message", result.error().message()}}}},
                                codec::JsonStyle::kCompact));
    } else {
      fmt::print(stderr, "starcast: {}\n", result.error().message());
    }
    return exit_status_of(result.error().code(), session.grammar);
  } catch (const std::exception& exception) {
    fmt::print(stderr, "starcast: internal error: {}\n", exception.what());
    return exit_status_of(ErrorCode::kInternal, session.grammar);
  }
}

}  // namespace starcast::cli
