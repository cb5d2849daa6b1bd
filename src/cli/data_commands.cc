#include "app/data_fetch.h"
#include "app/new_workspace.h"
#include "cli/session.h"
#include "core/strings.h"

namespace starcast::cli {

using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

Result<void> run_fetch(Session& session, app::DataFetchOptions options) {
  options.terminal = os::is_terminal_error() && !session.quiet;
  const app::DataFetchReport report = TRY(app::fetch_data(options, session.context()));
  if (session.json) {
    session.print_json(JsonObject{{"path", report.path},
                                  {"md5", report.md5},
                                  {"source", report.source},
                                  {"carriage_returns_restored", report.carriage_returns_restored}});
    return {};
  }
  if (report.source.empty()) {
    session.print_line("{} is in place (md5 {})", report.path, report.md5);
  } else {
    session.print_line("{} from {} (md5 {}{})", report.path, report.source, report.md5,
                       report.carriage_returns_restored ? ", its CRs restored" : "");
  }
  return {};
}

Result<void> run_new(Session& session, const app::NewWorkspaceOptions& options) {
  const app::NewWorkspaceReport report = TRY(app::make_workspace(options, session.context()));
  if (session.json) {
    JsonArray files(report.files.begin(), report.files.end());
    session.print_json(JsonObject{{"folder", options.folder}, {"files", std::move(files)}});
    return {};
  }
  for (const std::string& file : report.files) session.print_line("{}/{}", options.folder, file);
  if (options.raw == app::RawData::kGenerated) {
    session.print_line("THE RAW DATA IS A GENERATED SAMPLE: its apps do not exist.");
    session.print_line("Next: cd {} && starcast repro", options.folder);
  } else {
    session.print_line("Next: cd {} && starcast data fetch && starcast repro", options.folder);
  }
  return {};
}

}  // namespace

void add_data_commands(CLI::App& parent, Session& session) {
  CLI::App* const data = parent.add_subcommand("data", "the raw data: fetch");
  data->fallthrough();
  data->require_subcommand(1);
  const auto fetch = std::make_shared<app::DataFetchOptions>();
  const auto accept = std::make_shared<bool>(false);
  CLI::App* const fetch_command =
      add_command(*data, session, "fetch", "bring the declared raw file into data/raw", Grammar::kOwn,
                  [fetch, accept](Session& current) {
                    app::DataFetchOptions options = *fetch;
                    if (*accept) options.accept = app::Accept::kAny;
                    return run_fetch(current, options);
                  });
  fetch_command
      ->add_option("--from", fetch->from,
                   "a file, a folder or a URL (default: STARCAST_RAW, then data/external, "
                   "../shared/data, DVC's cache, Kaggle)")
      ->type_name("FILE|DIR|URL");
  fetch_command->add_flag("--accept", *accept, "declare the file that is given, whatever its md5");

  const auto workspace = std::make_shared<app::NewWorkspaceOptions>();
  const auto generated = std::make_shared<bool>(false);
  CLI::App* const new_command =
      add_command(parent, session, "new", "make a workspace: folders, pipeline, params", Grammar::kOwn,
                  [workspace, generated](Session& current) {
                    app::NewWorkspaceOptions options = *workspace;
                    if (*generated) options.raw = app::RawData::kGenerated;
                    return run_new(current, options);
                  });
  new_command->add_option("folder", workspace->folder, "where")->required()->type_name("DIR");
  new_command->add_flag("--sample", *generated, "with a generated sample as raw data");
  new_command->add_option("--sample-apps", workspace->sample.apps, "how many listings the sample has")
      ->check(CLI::Range(std::size_t{100}, std::size_t{10000000}));
  new_command->add_option("--sample-seed", workspace->sample.seed, "the sample's seed");
}

}  // namespace starcast::cli
