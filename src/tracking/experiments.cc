#include "tracking/experiments.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "tracking/artifact_location.h"
#include "tracking/in_list.h"
#include "tracking/names.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

using core::Result;

// Each is a view of MLflow's page, whose number is limited.
constexpr std::string_view kCustomViewPrefix = "mlflow.customView.view";
constexpr std::size_t kCustomViewsMax = 50;

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

core::Error not_found(std::int64_t id) {
  return core::Error(core::ErrorCode::kNotFound, fmt::format("No Experiment with id={} exists", id));
}

core::Error too_many_views(std::string_view experiment) {
  return invalid(
      fmt::format("Unable to create another custom view{}; the maximum number of custom views per experiment "
                  "is {}. Delete an existing custom view before creating a new one.",
                  experiment, kCustomViewsMax));
}

core::Error name_taken(std::string_view name) {
  return core::Error(
      core::ErrorCode::kAlreadyExists,
      fmt::format("Experiment(name={}) already exists. Error: the name is taken, and a deleted "
                  "experiment keeps its name until it is removed for good",
                  name));
}

std::string working_folder() {
  std::array<char, PATH_MAX> path{};
  return getcwd(path.data(), path.size()) == nullptr ? "." : path.data();
}

Result<void> check_tag(const Tag& tag) {
  TRY(check_tag_name(tag.key, "key"));
  TRY(check_text(tag.value, "value"));
  TRY(fit_value(tag.value, kExperimentTagValueChars, false, "value"));
  return {};
}

Result<void> write_tag(sql::Session& session, std::int64_t id, const Tag& tag) {
  TRY(session.execute(R"(INSERT INTO experiment_tags ("key", value, experiment_id) VALUES (?, ?, ?) )"
                      R"(ON CONFLICT ("key", experiment_id) DO UPDATE SET value = excluded.value)",
                      {tag.key, tag.value, id}));
  return {};
}

Result<Experiment> load_one(sql::Session& session, std::int64_t id) {
  std::vector<Experiment> found = TRY(load_experiments(session, std::span<const std::int64_t>(&id, 1)));
  if (found.empty()) return not_found(id);
  return std::move(found.front());
}

Result<std::string> stage_of(sql::Session& session, std::int64_t id) {
  std::string stage;
  TRY(session.query("SELECT lifecycle_stage FROM experiments WHERE experiment_id = ?", {id},
                    [&](const sql::Row& row) {
                      stage = row.text(0);
                      return Result<void>();
                    }));
  if (stage.empty()) return not_found(id);
  return stage;
}

Result<void> require_active(sql::Session& session, std::int64_t id) {
  const std::string stage = TRY(stage_of(session, id));
  if (stage == "active") return {};
  return invalid(
      fmt::format("The experiment {} must be in the 'active' state. Current state is {}.", id, stage));
}

Result<void> check_view_count(sql::Session& session, std::int64_t id, const Tag& tag) {
  if (!tag.key.starts_with(kCustomViewPrefix)) return {};
  std::size_t views = 0;
  bool exists = false;
  TRY(session.query(R"(SELECT "key" FROM experiment_tags WHERE experiment_id = ?)", {id},
                    [&](const sql::Row& row) {
                      if (row.text(0).starts_with(kCustomViewPrefix)) ++views;
                      exists = exists || row.text(0) == tag.key;
                      return Result<void>();
                    }));
  if (!exists && views >= kCustomViewsMax) return too_many_views(fmt::format(" for experiment {}", id));
  return {};
}

Result<std::int64_t> insert_experiment(sql::Session& session, const std::string& name,
                                       const std::string& location, std::int64_t now_ms) {
  std::int64_t id = 0;
  TRY(session.query(
      "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time, "
      "workspace) VALUES (?, ?, 'active', ?, ?, 'default') RETURNING experiment_id",
      {name, location, now_ms, now_ms}, [&](const sql::Row& row) {
        id = row.integer(0);
        return Result<void>();
      }));
  return id;
}

// Experiments in `from` become `to`, and their runs.
Result<void> change_stage(sql::Session& session, std::int64_t id, std::string_view from, std::string_view to,
                          std::int64_t now_ms) {
  const std::int64_t changed =
      TRY(session.execute("UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE "
                          "experiment_id = ? AND lifecycle_stage = ?",
                          {std::string(to), now_ms, id, std::string(from)}));
  if (changed == 0) return not_found(id);
  sql::Value deleted_time = nullptr;
  if (to == "deleted") deleted_time = now_ms;
  TRY(
      session.execute("UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ? AND "
                      "lifecycle_stage = ?",
                      {std::string(to), deleted_time, id, std::string(from)}));
  return {};
}

}  // namespace

Result<std::vector<Experiment>> load_experiments(sql::Session& session, std::span<const std::int64_t> ids) {
  std::unordered_map<std::int64_t, std::size_t> places;
  std::vector<sql::Value> values;
  for (const std::int64_t id : ids) {
    if (places.emplace(id, values.size()).second) values.emplace_back(id);
  }
  std::vector<Experiment> experiments(values.size());
  std::vector<bool> found(values.size());
  TRY(query_in(session,
               "SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
               "last_update_time FROM experiments WHERE experiment_id",
               "", values, [&](const sql::Row& row) {
                 const std::size_t place = places.at(row.integer(0));
                 found[place] = true;
                 Experiment& experiment = experiments[place];
                 experiment.id = row.integer(0);
                 experiment.name = row.text(1);
                 experiment.artifact_location = row.text(2);
                 experiment.lifecycle_stage = row.text(3);
                 experiment.creation_time = row.integer(4);
                 experiment.last_update_time = row.integer(5);
                 return Result<void>();
               }));
  // Without an index on the experiment this reads all experiments' tags; they are few.
  TRY(query_in(session, R"(SELECT experiment_id, "key", value FROM experiment_tags WHERE experiment_id)",
               R"( ORDER BY experiment_id, "key")", values, [&](const sql::Row& row) {
                 experiments[places.at(row.integer(0))].tags.push_back({row.string(1), row.string(2)});
                 return Result<void>();
               }));
  std::vector<Experiment> result;
  result.reserve(experiments.size());
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    if (found[i]) result.push_back(std::move(experiments[i]));
  }
  return result;
}

Result<std::int64_t> Experiments::create(const NewExperiment& experiment) {
  TRY(check_experiment_name(experiment.name));
  std::string location = experiment.artifact_location;
  if (!location.empty()) location = TRY(check_artifact_location(location, working_folder(), options_));
  std::size_t views = 0;
  for (const Tag& tag : experiment.tags) {
    TRY(check_tag(tag));
    if (tag.key.starts_with(kCustomViewPrefix)) ++views;
  }
  if (views > kCustomViewsMax) return too_many_views("");
  const std::int64_t now_ms = store_.now_ms();
  Result<std::int64_t> made =
      write_value<std::int64_t>(store_.database(), [&](sql::Session& session) -> Result<std::int64_t> {
        const std::int64_t id = TRY(insert_experiment(session, experiment.name, location, now_ms));
        if (location.empty()) {
          const std::string below =
              location_below(store_.options().default_artifact_root, fmt::format("{}", id));
          TRY(session.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
                              {below, id}));
        }
        for (const Tag& tag : experiment.tags) TRY(write_tag(session, id, tag));
        return id;
      });
  if (!made && made.error().code() == core::ErrorCode::kAlreadyExists) return name_taken(experiment.name);
  return made;
}

Result<Experiment> Experiments::find(const std::string& id) {
  const std::int64_t number = TRY(parse_experiment_id(id));
  return read_value<Experiment>(store_.database(),
                                [&](sql::Session& session) { return load_one(session, number); });
}

Result<Experiment> Experiments::find_by_name(const std::string& name) {
  return read_value<Experiment>(store_.database(), [&](sql::Session& session) -> Result<Experiment> {
    std::optional<std::int64_t> id;
    TRY(session.query("SELECT experiment_id FROM experiments WHERE workspace = 'default' AND name = ?",
                      {name}, [&](const sql::Row& row) {
                        id = row.integer(0);
                        return Result<void>();
                      }));
    if (id) return load_one(session, *id);
    return core::Error(core::ErrorCode::kNotFound,
                       fmt::format("Could not find experiment with name '{}'", name));
  });
}

Result<void> Experiments::remove(const std::string& id) {
  const std::int64_t number = TRY(parse_experiment_id(id));
  const std::int64_t now_ms = store_.now_ms();
  return store_.database().write(
      [&](sql::Session& session) { return change_stage(session, number, "active", "deleted", now_ms); });
}

Result<void> Experiments::restore(const std::string& id) {
  const std::int64_t number = TRY(parse_experiment_id(id));
  const std::int64_t now_ms = store_.now_ms();
  return store_.database().write(
      [&](sql::Session& session) { return change_stage(session, number, "deleted", "active", now_ms); });
}

Result<void> Experiments::rename(const std::string& id, const std::string& name) {
  TRY(check_experiment_name(name));
  const std::int64_t number = TRY(parse_experiment_id(id));
  const std::int64_t now_ms = store_.now_ms();
  const Result<void> written = store_.database().write([&](sql::Session& session) -> Result<void> {
    const std::string stage = TRY(stage_of(session, number));
    if (stage != "active") {
      return core::Error(core::ErrorCode::kFailedPrecondition, "Cannot rename a non-active experiment.");
    }
    TRY(session.execute("UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?",
                        {name, now_ms, number}));
    return {};
  });
  if (!written && written.error().code() == core::ErrorCode::kAlreadyExists) return name_taken(name);
  return written;
}

Result<void> Experiments::set_tag(const std::string& id, const Tag& tag) {
  TRY(check_tag(tag));
  const std::int64_t number = TRY(parse_experiment_id(id));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active(session, number));
    TRY(check_view_count(session, number, tag));
    return write_tag(session, number, tag);
  });
}

Result<void> Experiments::delete_tag(const std::string& id, const std::string& key) {
  const std::int64_t number = TRY(parse_experiment_id(id));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active(session, number));
    const std::int64_t removed = TRY(session.execute(
        R"(DELETE FROM experiment_tags WHERE "key" = ? AND experiment_id = ?)", {key, number}));
    if (removed > 0) return {};
    return core::Error(core::ErrorCode::kNotFound,
                       fmt::format("No tag with name: {} in experiment with id {}", key, id));
  });
}

}  // namespace starcast::tracking
