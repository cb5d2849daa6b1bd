#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "app/tracking_connection.h"
#include "cli/session.h"
#include "cli/tracking_calls.h"
#include "codec/csv.h"
#include "tracking/answer.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
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
  std::string id{};
  std::string name{};
  std::string place{};
  std::string view = "active_only";
  std::string output = "table";
  std::string file{};
  std::size_t max_results = 0;
};
using Shared = std::shared_ptr<Chosen>;

Result<std::unique_ptr<tracking::Connection>> connect(Session& session, const Chosen& chosen) {
  return app::connect_tracking(chosen.uri, session.context());
}

Result<void> create(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  JsonObject request{{"name", chosen.name}};
  if (!chosen.place.empty()) request.emplace_back("artifact_location", chosen.place);
  const Json made = TRY(connection->call(Method::kPost, "2.0/mlflow/experiments/create", request));
  const std::string id = text_member(made, "experiment_id");
  if (session.json) {
    session.print_json(JsonObject{{"experiment_id", id}, {"name", chosen.name}});
  } else {
    session.print_line("Created experiment '{}' with id {}", chosen.name, id);
  }
  return {};
}

Result<void> search(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  const std::string view = TRY(view_type(chosen.view));
  JsonArray found;
  TRY(for_each_entry(*connection, Method::kPost, "2.0/mlflow/experiments/search", {{"view_type", view}},
                     "experiments", chosen.max_results, [&](const Json& experiment) -> Result<void> {
                       found.push_back(experiment);
                       return {};
                     }));
  if (session.json) {
    session.print_json(JsonObject{{"experiments", std::move(found)}});
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& experiment : found) {
    rows.push_back({text_member(experiment, "experiment_id"), text_member(experiment, "name"),
                    text_member(experiment, "artifact_location")});
  }
  std::sort(rows.begin(), rows.end());
  session.print(ruled_table({"Experiment Id", "Name", "Artifact Location"}, rows));
  return {};
}

Result<void> get(Session& session, const Chosen& chosen) {
  if (chosen.id.empty() == chosen.name.empty()) {
    return core::Error(core::ErrorCode::kInvalidInput, "give either --experiment-id or --experiment-name");
  }
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  const Json answer =
      chosen.id.empty()
          ? TRY(connection->call(Method::kGet, "2.0/mlflow/experiments/get-by-name",
                                 {{"experiment_name", chosen.name}}))
          : TRY(connection->call(Method::kGet, "2.0/mlflow/experiments/get", {{"experiment_id", chosen.id}}));
  const Json& experiment = object_member(answer, "experiment");
  if (session.json || chosen.output == "json") {
    session.print_json(experiment);
    return {};
  }
  std::string tags;
  for (const Json& tag : array_member(experiment, "tags")) {
    tags +=
        fmt::format("{}{}={}", tags.empty() ? "" : ", ", text_member(tag, "key"), text_member(tag, "value"));
  }
  session.print_line("Experiment ID      : {}", text_member(experiment, "experiment_id"));
  session.print_line("Name               : {}", text_member(experiment, "name"));
  session.print_line("Artifact Location  : {}", text_member(experiment, "artifact_location"));
  session.print_line("Lifecycle Stage    : {}", text_member(experiment, "lifecycle_stage"));
  session.print_line("Creation Time      : {}", text_member(experiment, "creation_time"));
  session.print_line("Last Update Time   : {}", text_member(experiment, "last_update_time"));
  session.print_line("Tags               : {}", tags);
  return {};
}

// One call without an answer, then a sentence.
Result<void> change(Session& session, const Chosen& chosen, std::string_view call, const JsonObject& request,
                    const std::string& done) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  TRY(connection->call(Method::kPost, fmt::format("2.0/mlflow/experiments/{}", call), request));
  if (session.json) {
    session.print_json(JsonObject{{"experiment_id", chosen.id}});
  } else {
    session.print_line("{}", done);
  }
  return {};
}

// Columns as pandas writes mlflow.search_runs: what every run has, then metrics, params and tags by name.
Result<void> csv(Session& session, const Chosen& chosen) {
  const std::unique_ptr<tracking::Connection> connection = TRY(connect(session, chosen));
  std::vector<Json> runs;
  TRY(for_each_entry(*connection, Method::kPost, "2.0/mlflow/runs/search",
                     {{"experiment_ids", JsonArray{Json(chosen.id)}}}, "runs", 0,
                     [&](const Json& run) -> Result<void> {
                       runs.push_back(run);
                       return {};
                     }));
  std::map<std::string, std::set<std::string>> names;
  constexpr std::string_view kGroups[] = {"metrics", "params", "tags"};
  for (const Json& run : runs) {
    for (const std::string_view group : kGroups) {
      for (const Json& pair : array_member(object_member(run, "data"), group)) {
        names[std::string(group)].insert(text_member(pair, "key"));
      }
    }
  }
  std::vector<std::string> header{"run_id",       "experiment_id", "status",
                                  "artifact_uri", "start_time",    "end_time"};
  for (const std::string_view group : kGroups) {
    for (const std::string& name : names[std::string(group)])
      header.push_back(fmt::format("{}.{}", group, name));
  }
  core::StringSink text;
  codec::CsvWriter writer(text);
  TRY(writer.write(std::vector<std::string_view>(header.begin(), header.end())));
  for (const Json& run : runs) {
    const Json& info = object_member(run, "info");
    const auto time = [&](std::string_view name) {
      const std::int64_t value = integer_member(info, name);
      return info.find(name) == nullptr ? std::string() : utc_text(value);
    };
    std::vector<std::string> record{text_member(info, "run_id"), text_member(info, "experiment_id"),
                                    text_member(info, "status"), text_member(info, "artifact_uri"),
                                    time("start_time"),          time("end_time")};
    for (const std::string_view group : kGroups) {
      std::map<std::string, std::string> values;
      for (const Json& pair : array_member(object_member(run, "data"), group)) {
        values[text_member(pair, "key")] = text_member(pair, "value");
      }
      for (const std::string& name : names[std::string(group)]) record.push_back(values[name]);
    }
    TRY(writer.write(std::vector<std::string_view>(record.begin(), record.end())));
  }
  TRY(writer.flush());
  if (chosen.file.empty()) {
    session.print(text.text());
    return {};
  }
  TRY(session.context().files.write(chosen.file, text.text()));
  session.print_line("Experiment with ID {} has been exported as a CSV to file: {}.", chosen.id, chosen.file);
  return {};
}

void add_id(CLI::App& command, const Shared& chosen) {
  command.add_option("-x,--experiment-id", chosen->id, "the experiment")->type_name("ID")->required();
}

}  // namespace

void add_experiment_commands(CLI::App& parent, Session& session) {
  CLI::App* const group =
      parent.add_subcommand("experiments", "experiments of a tracking store, as `mlflow experiments`");
  group->require_subcommand(1);
  group->fallthrough();
  const auto add = [&](const std::string& name, const std::string& help,
                       Result<void> (*run)(Session&, const Chosen&)) -> std::pair<CLI::App*, Shared> {
    const Shared chosen = std::make_shared<Chosen>();
    CLI::App* const command = add_command(*group, session, name, help, Grammar::kOwn,
                                          [chosen, run](Session& current) { return run(current, *chosen); });
    add_tracking_uri(*command, std::shared_ptr<std::string>(chosen, &chosen->uri));
    return {command, chosen};
  };

  const auto [create_command, created] = add("create", "make an experiment", create);
  create_command->add_option("-n,--experiment-name", created->name, "its name")
      ->type_name("NAME")
      ->required();
  create_command->add_option("-l,--artifact-location", created->place, "where its runs keep artifacts")
      ->type_name("URI");

  const auto [search_command, searched] = add("search", "list experiments", search);
  search_command->add_option("-v,--view", searched->view, "active_only, deleted_only or all")
      ->type_name("VIEW");
  search_command->add_option("--max-results", searched->max_results, "at most so many (default: all)")
      ->type_name("N");

  const auto [get_command, got] = add("get", "show one experiment", get);
  get_command->add_option("-x,--experiment-id", got->id, "by id")->type_name("ID");
  get_command->add_option("-n,--experiment-name", got->name, "by name")->type_name("NAME");
  get_command->add_option("--output", got->output, "table or json")->check(CLI::IsMember({"table", "json"}));

  const auto [delete_command, deleted] =
      add("delete", "mark an experiment and its runs as deleted", [](Session& current, const Chosen& chosen) {
        return change(current, chosen, "delete", {{"experiment_id", chosen.id}},
                      fmt::format("Experiment with ID {} has been deleted.", chosen.id));
      });
  add_id(*delete_command, deleted);

  const auto [restore_command, restored] =
      add("restore", "bring a deleted experiment back", [](Session& current, const Chosen& chosen) {
        return change(current, chosen, "restore", {{"experiment_id", chosen.id}},
                      fmt::format("Experiment with id {} has been restored.", chosen.id));
      });
  add_id(*restore_command, restored);

  const auto [rename_command, renamed] =
      add("rename", "give an experiment another name", [](Session& current, const Chosen& chosen) {
        return change(current, chosen, "update", {{"experiment_id", chosen.id}, {"new_name", chosen.name}},
                      fmt::format("Experiment with id {} has been renamed to '{}'.", chosen.id, chosen.name));
      });
  add_id(*rename_command, renamed);
  rename_command->add_option("--new-name", renamed->name, "the new name")->type_name("NAME")->required();

  const auto [csv_command, exported] = add("csv", "all runs of an experiment as CSV", csv);
  add_id(*csv_command, exported);
  csv_command->add_option("-o,--filename", exported->file, "the file (default: standard output)")
      ->type_name("FILE");
}

}  // namespace starcast::cli
