#include <fmt/format.h>

#include <algorithm>

#include "app/artifact_transfer.h"
#include "app/promote.h"
#include "app/tracking_connection.h"
#include "cli/session.h"
#include "cli/tracking_calls.h"
#include "core/strings.h"
#include "os/path.h"
#include "os/terminal.h"
#include "tracking/answer.h"
#include "tracking/gc.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using tracking::array_member;
using tracking::for_each_entry;
using tracking::integer_member;
using tracking::object_member;
using tracking::text_member;

namespace {

struct Chosen {
  std::string uri{};
  std::string run_id{};
  std::string experiment_id{};
  std::string experiment_name{};
  std::string run_name{};
  std::string description{};
  std::string parent_run_id{};
  std::string status = "FINISHED";
  std::vector<std::string> tags{};
  std::string view = "active_only";
  std::string artifact_path{};
  std::string artifact_uri{};
  std::string local{};
};
using Shared = std::shared_ptr<Chosen>;

Result<std::unique_ptr<tracking::Connection>> connect(Session& session, const Chosen& chosen) {
  return app::connect_tracking(chosen.uri, session.context());
}

Result<void> list_runs(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  const std::string view = TRY(view_type(chosen.view));
  JsonArray found;
  TRY(for_each_entry(*connection, Method::kPost, "2.0/mlflow/runs/search",
                     {{"experiment_ids", JsonArray{Json(chosen.experiment_id)}}, {"run_view_type", view}},
                     "runs", 0, [&](const Json& run) -> Result<void> {
                       found.push_back(object_member(run, "info"));
                       return {};
                     }));
  if (session.json) {
    session.print_json(JsonObject{{"runs", std::move(found)}});
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& info : found) {
    rows.push_back({utc_text(integer_member(info, "start_time")), text_member(info, "run_name"),
                    text_member(info, "run_id")});
  }
  std::sort(rows.rbegin(), rows.rend());
  session.print(ruled_table({"Date", "Name", "ID"}, rows));
  return {};
}

JsonObject as_object(const JsonArray& pairs) {
  JsonObject object;
  for (const Json& pair : pairs) {
    const Json* const value = pair.find("value");
    object.emplace_back(text_member(pair, "key"), value ? *value : Json());
  }
  return object;
}

// In the shape of `mlflow runs describe`: keys and values as objects, what is missing as null or [].
Result<void> describe_run(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  const Json answer = TRY(connection->call(Method::kGet, "2.0/mlflow/runs/get", {{"run_id", chosen.run_id}}));
  const Json& run = object_member(answer, "run");
  const Json& info = object_member(run, "info");
  const Json& data = object_member(run, "data");
  JsonObject shown_info;
  for (const std::string_view name : {"artifact_uri", "end_time", "experiment_id", "lifecycle_stage",
                                      "run_id", "run_name", "start_time", "status", "user_id"}) {
    const Json* const value = info.find(name);
    shown_info.emplace_back(std::string(name), value ? *value : Json());
  }
  session.print_json(JsonObject{
      {"info", std::move(shown_info)},
      {"data", JsonObject{{"metrics", as_object(array_member(data, "metrics"))},
                          {"params", as_object(array_member(data, "params"))},
                          {"tags", as_object(array_member(data, "tags"))}}},
      {"inputs",
       JsonObject{{"model_inputs", array_member(object_member(run, "inputs"), "model_inputs")},
                  {"dataset_inputs", array_member(object_member(run, "inputs"), "dataset_inputs")}}},
      {"outputs",
       JsonObject{{"model_outputs", array_member(object_member(run, "outputs"), "model_outputs")}}}});
  return {};
}

Result<void> change_run(Session& session, const Chosen& chosen, std::string_view call,
                        const std::string& done) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  TRY(connection->call(Method::kPost, fmt::format("2.0/mlflow/runs/{}", call), {{"run_id", chosen.run_id}}));
  if (session.json) {
    session.print_json(JsonObject{{"run_id", chosen.run_id}});
  } else {
    session.print_line("{}", done);
  }
  return {};
}

Result<void> create_run(Session& session, const Chosen& chosen) {
  if (chosen.experiment_id.empty() == chosen.experiment_name.empty()) {
    return Error(ErrorCode::kInvalidInput, "give either --experiment-id or --experiment-name");
  }
  const std::string status = core::ascii_lower(chosen.status);
  if (status != "finished" && status != "failed" && status != "killed") {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("--status: '{}' is none of FINISHED, FAILED and KILLED", chosen.status));
  }
  JsonArray tags;
  for (const std::string& tag : chosen.tags) {
    const std::size_t equals = tag.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error(ErrorCode::kInvalidInput, fmt::format("--tags: '{}' is not key=value", tag));
    }
    tags.push_back(JsonObject{{"key", tag.substr(0, equals)}, {"value", tag.substr(equals + 1)}});
  }
  if (!chosen.description.empty()) {
    tags.push_back(JsonObject{{"key", "mlflow.note.content"}, {"value", chosen.description}});
  }
  if (!chosen.parent_run_id.empty()) {
    tags.push_back(JsonObject{{"key", "mlflow.parentRunId"}, {"value", chosen.parent_run_id}});
  }
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  std::string experiment_id = chosen.experiment_id;
  if (experiment_id.empty()) {
    const Json found = TRY(connection->call(Method::kGet, "2.0/mlflow/experiments/get-by-name",
                                            {{"experiment_name", chosen.experiment_name}}));
    experiment_id = text_member(object_member(found, "experiment"), "experiment_id");
  }
  JsonObject request{{"experiment_id", experiment_id},
                     {"start_time", core::unix_milliseconds(session.context().clock.now())},
                     {"tags", std::move(tags)}};
  if (!chosen.run_name.empty()) request.emplace_back("run_name", chosen.run_name);
  const Json made = TRY(connection->call(Method::kPost, "2.0/mlflow/runs/create", request));
  const Json& info = object_member(object_member(made, "run"), "info");
  std::string upper = status;
  for (char& letter : upper) letter = static_cast<char>(letter - 'a' + 'A');
  TRY(connection->call(Method::kPost, "2.0/mlflow/runs/update",
                       {{"run_id", text_member(info, "run_id")},
                        {"status", upper},
                        {"end_time", core::unix_milliseconds(session.context().clock.now())}}));
  session.print_json(JsonObject{{"run_id", text_member(info, "run_id")},
                                {"experiment_id", experiment_id},
                                {"status", upper},
                                {"run_name", text_member(info, "run_name")}});
  return {};
}

// The place of a run's artifacts.
Result<std::string> artifact_root(const std::string& run_id, tracking::Connection& connection) {
  const Json answer = TRY(connection.call(Method::kGet, "2.0/mlflow/runs/get", {{"run_id", run_id}}));
  return text_member(object_member(object_member(answer, "run"), "info"), "artifact_uri");
}

Result<void> list_artifacts(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  JsonObject request{{"run_id", chosen.run_id}};
  if (!chosen.artifact_path.empty()) request.emplace_back("path", chosen.artifact_path);
  const Json answer = TRY(connection->call(Method::kGet, "2.0/mlflow/artifacts/list", request));
  session.print_json(Json(array_member(answer, "files")));
  return {};
}

Result<void> log_artifacts(Session& session, const Chosen& chosen, bool is_folder) {
  const app::Context& context = session.context();
  if (!context.files.exists(chosen.local)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such file or folder", chosen.local));
  }
  if (context.files.is_folder(chosen.local) != is_folder) {
    return Error(ErrorCode::kInvalidInput,
                 is_folder ? fmt::format("{} is a file; log-artifact takes files", chosen.local)
                           : fmt::format("{} is a folder; log-artifacts takes folders", chosen.local));
  }
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  std::string place = TRY(artifact_root(chosen.run_id, *connection));
  place = app::artifact_below(place, chosen.artifact_path);
  if (!is_folder) place = app::artifact_below(place, os::name_of(chosen.local));
  TRY(app::upload_artifacts(chosen.local, place, *connection, context));
  if (session.json) {
    session.print_json(JsonObject{{"run_id", chosen.run_id}, {"artifact_uri", place}});
  } else {
    session.print_line("Logged artifact from local {} {} to artifact_path={}", is_folder ? "dir" : "file",
                       chosen.local, chosen.artifact_path.empty() ? "None" : chosen.artifact_path);
  }
  return {};
}

Result<void> download(Session& session, const Chosen& chosen) {
  if (chosen.run_id.empty() == chosen.artifact_uri.empty()) {
    return Error(ErrorCode::kInvalidInput, "give either --run-id or --artifact-uri");
  }
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  std::string run_id = chosen.run_id;
  std::string path = chosen.artifact_path;
  std::string place = chosen.artifact_uri;
  if (place.starts_with("runs:/")) {
    const std::string rest = place.substr(6);
    run_id = rest.substr(0, rest.find('/'));
    path = rest.find('/') == std::string::npos ? "" : rest.substr(rest.find('/') + 1);
  }
  if (!run_id.empty()) place = app::artifact_below(TRY(artifact_root(run_id, *connection)), path);
  std::string target = chosen.local.empty() ? "." : chosen.local;
  // A folder or file lands under its own name, a run's artifacts do without one.
  if (run_id.empty()) path = place;
  if (!path.empty()) target = os::joined(target, os::name_of(path));
  TRY(app::download_artifacts(place, target, *connection, session.context()));
  if (session.json) {
    session.print_json(JsonObject{{"path", target}});
  } else {
    session.print_line("{}", target);
  }
  return {};
}

struct GcChosen {
  app::LocalStoreOptions store{};
  std::string older_than{};
  std::string run_ids{};
  std::string experiment_ids{};
  std::string model_ids{};
  bool dry_run = false;
};

std::vector<std::string> at_commas(const std::string& list) {
  std::vector<std::string> parts;
  for (const std::string_view part : core::split(list, ',')) {
    const std::string_view word = core::trimmed(part);
    if (!word.empty()) parts.emplace_back(word);
  }
  return parts;
}

JsonArray as_array(const std::vector<std::string>& texts) {
  JsonArray array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

void print_report(Session& session, const tracking::GcReport& report, bool dry_run) {
  if (session.json) {
    JsonArray kept;
    for (const tracking::GcKept& one : report.kept) {
      kept.push_back(JsonObject{{"what", one.what}, {"id", one.id}, {"reason", one.reason}});
    }
    session.print_json(JsonObject{{"dry_run", dry_run},
                                  {"runs", as_array(report.runs)},
                                  {"logged_models", as_array(report.models)},
                                  {"experiments", as_array(report.experiments)},
                                  {"experiment_names", as_array(report.experiment_names)},
                                  {"traces", static_cast<std::int64_t>(report.traces)},
                                  {"artifact_files", static_cast<std::int64_t>(report.files)},
                                  {"artifact_bytes", static_cast<std::int64_t>(report.bytes)},
                                  {"model_versions_without_artifacts", as_array(report.versions)},
                                  {"kept", std::move(kept)}});
    return;
  }
  const char* const verb = dry_run ? "would be" : "has been";
  for (const std::string& id : report.runs) {
    session.print_line("Run with ID {} {} permanently deleted.", id, verb);
  }
  for (const std::string& id : report.models) {
    session.print_line("Logged model with ID {} {} permanently deleted.", id, verb);
  }
  for (std::size_t i = 0; i < report.experiments.size(); ++i) {
    session.print_line("Experiment with ID {} {} permanently deleted; its name '{}' is free.",
                       report.experiments[i], verb, report.experiment_names[i]);
  }
  session.print_line("{}{} runs, {} logged models, {} traces, {} experiments; {} in {} artifact files",
                     dry_run ? "dry run, nothing was changed: " : "removed ", report.runs.size(),
                     report.models.size(), report.traces, report.experiments.size(),
                     os::bytes_text(static_cast<double>(report.bytes)), report.files);
}

Result<void> collect_garbage(Session& session, const GcChosen& chosen) {
  tracking::GcOptions options;
  if (!chosen.older_than.empty()) {
    options.older_than_ms = TRY(tracking::parse_age(chosen.older_than), "--older-than");
  }
  options.run_ids = at_commas(chosen.run_ids);
  options.experiment_ids = at_commas(chosen.experiment_ids);
  options.model_ids = at_commas(chosen.model_ids);
  options.dry_run = chosen.dry_run;
  const app::Context& context = session.context();
  const std::unique_ptr<tracking::Service> service = TRY(app::open_local_store(chosen.store, context));
  std::unique_ptr<os::Progress> progress;
  std::size_t shown = 0;
  const auto report_progress = [&](std::size_t done, std::size_t total) {
    if (!progress) {
      progress = std::make_unique<os::Progress>(
          context.progress, context.clock,
          os::ProgressOptions{"removing", "things", static_cast<double>(total)});
    }
    progress->advance(static_cast<double>(done - shown));
    shown = done;
  };
  const tracking::GcReport report = TRY(tracking::collect_garbage(service->store(), service->artifacts(),
                                                                  context.files, options, report_progress));
  progress.reset();
  print_report(session, report, chosen.dry_run);
  for (const tracking::GcKept& one : report.kept) {
    context.log.warning("{} {} stays: {}", one.what, one.id, one.reason);
  }
  for (const std::string& version : report.versions) {
    context.log.warning("model version {} {} its artifacts with its run or logged model", version,
                        chosen.dry_run ? "would lose" : "has lost");
  }
  return {};
}

void add_gc(CLI::App& runs, Session& session) {
  const auto chosen = std::make_shared<GcChosen>();
  chosen->store.create = false;
  CLI::App* const gc =
      add_command(runs, session, "gc",
                  "remove deleted runs, experiments and logged models for good, with their "
                  "artifacts, as `mlflow gc`",
                  Grammar::kOwn, [chosen](Session& current) { return collect_garbage(current, *chosen); });
  gc->add_option("--older-than", chosen->older_than, "only what was deleted so long ago: 30d, 1d2h3m4s")
      ->type_name("AGE");
  gc->add_option("--run-ids", chosen->run_ids,
                 "these runs, separated by commas; what is named goes, nothing else")
      ->type_name("IDS");
  gc->add_option("--experiment-ids", chosen->experiment_ids, "these experiments, with all that is in them")
      ->type_name("IDS");
  gc->add_option("--logged-model-ids", chosen->model_ids, "these logged models")->type_name("IDS");
  gc->add_flag("--dry-run", chosen->dry_run, "say what would go, and change nothing");
  add_local_store(*gc, std::shared_ptr<app::LocalStoreOptions>(chosen, &chosen->store));
}

Json to_json(const app::Promotion& promotion) {
  Json json;
  json.set("run_id", promotion.run_id);
  json.set("model_id", promotion.model_id);
  json.set("version", promotion.version);
  json.set("registered_now", promotion.registered_now);
  json.set("is_champion", promotion.is_champion);
  if (promotion.comparison) {
    json.set("comparison", JsonObject{{"champion_version", promotion.comparison->champion_version},
                                      {"apps", promotion.comparison->apps},
                                      {"champion_mse", promotion.comparison->champion_mse},
                                      {"new_mse", promotion.comparison->new_mse},
                                      {"gain_low", promotion.comparison->gain_low},
                                      {"gain_high", promotion.comparison->gain_high}});
  }
  json.set("reason", promotion.reason);
  return json;
}

Result<void> promote(Session& session, const app::PromoteOptions& options) {
  const app::Promotion promotion = TRY(app::promote(options, session.context()));
  if (session.json) {
    session.print_json(to_json(promotion));
    return {};
  }
  session.print_line("{} is version {} of '{}'{}, from run {}", options.package, promotion.version,
                     options.name, promotion.registered_now ? "" : " already", promotion.run_id);
  session.print_line("{}", promotion.reason);
  if (promotion.is_champion)
    session.print_line("models:/{}@{} is version {}", options.name, options.alias, promotion.version);
  return {};
}

using Action = Result<void> (*)(Session&, const Chosen&);

std::pair<CLI::App*, Shared> add(CLI::App& group, Session& session, const std::string& name,
                                 const std::string& help, Action action) {
  const Shared chosen = std::make_shared<Chosen>();
  CLI::App* const command =
      add_command(group, session, name, help, Grammar::kOwn,
                  [chosen, action](Session& current) { return action(current, *chosen); });
  add_tracking_uri(*command, std::shared_ptr<std::string>(chosen, &chosen->uri));
  return {command, chosen};
}

void add_run_id(CLI::App& command, const Shared& chosen, const std::string& names) {
  command.add_option(names, chosen->run_id, "the run")->type_name("ID")->required();
}

CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& help) {
  CLI::App* const group = parent.add_subcommand(name, help);
  group->require_subcommand(1);
  group->fallthrough();
  return *group;
}

}  // namespace

void add_run_commands(CLI::App& parent, Session& session) {
  CLI::App& runs = add_group(parent, "runs", "runs of a tracking store, as `mlflow runs`");
  const auto [list, listed] = add(runs, session, "list", "list an experiment's runs", list_runs);
  list->add_option("--experiment-id", listed->experiment_id, "the experiment")->type_name("ID")->required();
  list->add_option("-v,--view", listed->view, "active_only, deleted_only or all")->type_name("VIEW");
  const auto [describe, described] = add(runs, session, "describe", "all of a run, as JSON", describe_run);
  add_run_id(*describe, described, "--run-id");
  const auto [remove, removed] =
      add(runs, session, "delete", "mark a run as deleted", [](Session& current, const Chosen& chosen) {
        return change_run(current, chosen, "delete",
                          fmt::format("Run with ID {} has been deleted.", chosen.run_id));
      });
  add_run_id(*remove, removed, "--run-id");
  const auto [restore, restored] =
      add(runs, session, "restore", "bring a deleted run back", [](Session& current, const Chosen& chosen) {
        return change_run(current, chosen, "restore",
                          fmt::format("Run with id {} has been restored.", chosen.run_id));
      });
  add_run_id(*restore, restored, "--run-id");
  const auto [create, created] = add(runs, session, "create", "make a run and end it at once", create_run);
  create->add_option("--experiment-id", created->experiment_id, "the experiment, by id")->type_name("ID");
  create->add_option("--experiment-name", created->experiment_name, "or by name")->type_name("NAME");
  create->add_option("--run-name", created->run_name, "its name")->type_name("NAME");
  create->add_option("--description", created->description, "what it is about")->type_name("TEXT");
  create->add_option("-t,--tags", created->tags, "key=value; may be repeated")->type_name("TAG");
  create->add_option("--status", created->status, "finished, failed or killed")->type_name("STATUS");
  create->add_option("--parent-run-id", created->parent_run_id, "the run that it belongs to")
      ->type_name("ID");

  add_gc(runs, session);

  CLI::App& artifacts = add_group(parent, "artifacts", "artifacts of runs, as `mlflow artifacts`");
  const auto [list_command, list_chosen] =
      add(artifacts, session, "list", "list a run's artifacts", list_artifacts);
  add_run_id(*list_command, list_chosen, "-r,--run-id");
  list_command->add_option("-a,--artifact-path", list_chosen->artifact_path, "below this folder")
      ->type_name("PATH");
  const auto [log_file, file] =
      add(artifacts, session, "log-artifact", "log a file as a run's artifact",
          [](Session& current, const Chosen& chosen) { return log_artifacts(current, chosen, false); });
  add_run_id(*log_file, file, "-r,--run-id");
  log_file->add_option("-l,--local-file", file->local, "the file")->type_name("FILE")->required();
  log_file->add_option("-a,--artifact-path", file->artifact_path, "into this folder")->type_name("PATH");
  const auto [log_folder, folder] =
      add(artifacts, session, "log-artifacts", "log a folder's files as a run's artifacts",
          [](Session& current, const Chosen& chosen) { return log_artifacts(current, chosen, true); });
  add_run_id(*log_folder, folder, "-r,--run-id");
  log_folder->add_option("-l,--local-dir", folder->local, "the folder")->type_name("DIR")->required();
  log_folder->add_option("-a,--artifact-path", folder->artifact_path, "into this folder")->type_name("PATH");
  const auto [get, got] = add(artifacts, session, "download", "bring artifacts to this disk", download);
  get->add_option("-r,--run-id", got->run_id, "of this run")->type_name("ID");
  get->add_option("-a,--artifact-path", got->artifact_path, "this file or folder")->type_name("PATH");
  get->add_option("-u,--artifact-uri", got->artifact_uri, "or by URI: runs:/…, mlflow-artifacts:/…")
      ->type_name("URI");
  get->add_option("-d,--dst-path", got->local, "into this folder (default: here)")->type_name("DIR");

  CLI::App& models = add_group(parent, "models", "registered models");
  const auto options = std::make_shared<app::PromoteOptions>();
  CLI::App* const promote_command =
      add_command(models, session, "promote",
                  "register a package's model; champion if it is better on the same apps beyond chance",
                  Grammar::kOwn, [options](Session& current) { return promote(current, *options); });
  promote_command->add_option("package", options->package, "the model package")
      ->type_name("DIR")
      ->capture_default_str();
  promote_command->add_option("-n,--name", options->name, "the registered model")
      ->type_name("NAME")
      ->capture_default_str();
  promote_command->add_option("--alias", options->alias, "the alias to move")
      ->type_name("ALIAS")
      ->capture_default_str();
  add_tracking_uri(*promote_command, std::shared_ptr<std::string>(options, &options->tracking_uri));
}

}  // namespace starcast::cli
