#include <fmt/format.h>

#include <map>
#include <utility>

#include "app/import_mlflow.h"
#include "cli/session.h"
#include "cli/tracking_calls.h"
#include "os/terminal.h"

namespace starcast::cli {

using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

std::int64_t number(std::size_t count) {
  return static_cast<std::int64_t>(count);
}

void print_json_report(Session& session, const app::ImportReport& report) {
  JsonArray left;
  for (const app::LeftOut& one : report.left_out) {
    left.push_back(
        JsonObject{{"what", one.what}, {"id", one.id}, {"reason", one.reason}, {"count", number(one.count)}});
  }
  const tracking::ImportCounts& stored = report.stored;
  session.print_json(JsonObject{{"experiments", number(report.experiments)},
                                {"experiments_merged", number(report.experiments_merged)},
                                {"runs", number(stored.runs)},
                                {"runs_already_there", number(report.runs_there)},
                                {"metric_points", number(stored.points)},
                                {"params", number(stored.params)},
                                {"tags", number(stored.tags)},
                                {"logged_models", number(stored.models)},
                                {"logged_models_already_there", number(report.models_there)},
                                {"registered_models", number(stored.registered_models)},
                                {"model_versions", number(stored.versions)},
                                {"model_versions_already_there", number(stored.versions_there)},
                                {"aliases", number(stored.aliases)},
                                {"artifact_files", static_cast<std::int64_t>(report.artifact_files)},
                                {"artifact_bytes", static_cast<std::int64_t>(report.artifact_bytes)},
                                {"left_out", std::move(left)}});
}

Result<void> import_mlflow(Session& session, const app::ImportOptions& options) {
  const app::ImportReport report = TRY(app::import_mlflow(options, session.context()));
  if (session.json) {
    print_json_report(session, report);
    return {};
  }
  const tracking::ImportCounts& stored = report.stored;
  session.print_line("experiments        {} ({} more of a name that was here)", report.experiments,
                     report.experiments_merged);
  session.print_line("runs               {} ({} were here already)", stored.runs, report.runs_there);
  session.print_line("metric points      {}", stored.points);
  session.print_line("params, tags       {}, {}", stored.params, stored.tags);
  session.print_line("logged models      {} ({} were here already)", stored.models, report.models_there);
  session.print_line("registered models  {} with {} versions ({} were here already) and {} aliases",
                     stored.registered_models, stored.versions, stored.versions_there, stored.aliases);
  session.print_line("artifact files     {} copied, {}", report.artifact_files,
                     os::bytes_text(static_cast<double>(report.artifact_bytes)));
  // One line a reason, with an example.
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, std::string>> reasons;
  for (const app::LeftOut& one : report.left_out) {
    auto& [count, example] = reasons[{one.what, one.reason}];
    count += one.count;
    if (example.empty()) example = one.id;
  }
  for (const auto& [what, seen] : reasons) {
    session.print_line("left out           {} {} ({}): {}", seen.first, what.first, seen.second, what.second);
  }
  return {};
}

}  // namespace

void add_import_commands(CLI::App& parent, Session& session) {
  CLI::App* const import = parent.add_subcommand("import", "bring in what another tool kept");
  import->require_subcommand(1);
  import->fallthrough();
  const auto options = std::make_shared<app::ImportOptions>();
  CLI::App* const mlflow =
      add_command(*import, session, "mlflow",
                  "experiments, runs, models and artifacts of an ./mlruns folder or a database of any "
                  "MLflow; goes on where "
                  "it was cut off",
                  Grammar::kOwn, [options](Session& current) { return import_mlflow(current, *options); });
  mlflow->add_option("source", options->source, "the folder, or sqlite:///…")
      ->type_name("SOURCE")
      ->required();
  mlflow->add_flag("--keep-artifacts-in-place", options->keep_artifacts_in_place,
                   "copy no artifacts and keep their URIs (the server reads only its own folders)");
  mlflow
      ->add_option(
          "--artifacts-from", options->artifacts_from,
          "the folder of the source's mlflow-artifacts:/… (default: mlartifacts beside the database)")
      ->type_name("DIR");
  add_local_store(*mlflow, std::shared_ptr<app::LocalStoreOptions>(options, &options->store));
}

}  // namespace starcast::cli
