#include "tracking/gc.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "codec/number.h"
#include "core/strings.h"
#include "os/path.h"
#include "tracking/run_artifacts.h"
#include "tracking/transaction.h"
#include "tracking/uri.h"

namespace starcast::tracking {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kBatch = 64;             // things whose rows go in one transaction
constexpr double kAgeMax = 1e15;               // milliseconds
constexpr std::int64_t kRowsPerWrite = 20000;  // metrics that go in one, so that a server beside can write

enum class Kind { kRun, kModel, kTrace };

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kRun:
      return "run";
    case Kind::kModel:
      return "logged model";
    case Kind::kTrace:
      return "trace";
  }
  return "";
}

// A row with artifacts.
struct Thing {
  Kind kind;
  std::string id{};
  std::string place{};
};

struct OldExperiment {
  std::int64_t id = 0;
  std::string name{};
  std::string place{};
};

struct Plan {
  std::vector<Thing> things{};
  std::vector<OldExperiment> experiments{};
  std::vector<GcKept> kept{};
  std::vector<std::string> versions{};
};

Error refused(std::string message) {
  return Error(ErrorCode::kInvalidInput, std::move(message));
}

// What is to go, chosen on one snapshot.
class Chooser {
 public:
  Chooser(sql::Session& session, const GcOptions& options, std::int64_t now_ms)
      : session_(session), options_(options), latest_(now_ms - options.older_than_ms.value_or(0)) {}

  Result<Plan> choose() {
    const bool all =
        options_.run_ids.empty() && options_.experiment_ids.empty() && options_.model_ids.empty();
    if (all) {
      TRY(add_all_runs());
      TRY(add_all_models());
      TRY(add_all_experiments());
    } else {
      for (const std::string& id : options_.run_ids) TRY(add_named_run(id));
      for (const std::string& id : options_.model_ids) TRY(add_named_model(id));
      for (const std::string& id : options_.experiment_ids) TRY(add_named_experiment(id));
    }
    TRY(find_versions());
    return std::move(plan_);
  }

 private:
  // A time that is not known is old when no age is asked for, and young else.
  bool is_old(const std::optional<std::int64_t>& time) const {
    return time ? *time <= latest_ : !options_.older_than_ms;
  }

  void add(Kind kind, std::string id, std::string place) {
    if (!seen_.insert(fmt::format("{} {}", name_of(kind), id)).second) return;
    plan_.things.push_back(Thing{kind, std::move(id), std::move(place)});
  }

  Result<void> add_all_runs() {
    return session_.query(
        "SELECT run_uuid, artifact_uri, deleted_time FROM runs WHERE lifecycle_stage = 'deleted'", {},
        [&](const sql::Row& row) {
          if (is_old(row.optional_integer(2))) add(Kind::kRun, row.string(0), row.string(1));
          return Result<void>();
        });
  }

  Result<void> add_all_models() {
    return session_.query(
        "SELECT model_id, artifact_location, last_updated_timestamp_ms FROM logged_models WHERE "
        "lifecycle_stage = 'deleted'",
        {}, [&](const sql::Row& row) {
          if (is_old(row.optional_integer(2))) add(Kind::kModel, row.string(0), row.string(1));
          return Result<void>();
        });
  }

  Result<void> add_all_experiments() {
    std::vector<OldExperiment> found;
    TRY(session_.query(
        "SELECT experiment_id, name, artifact_location, last_update_time FROM experiments WHERE "
        "lifecycle_stage = 'deleted' ORDER BY experiment_id",
        {}, [&](const sql::Row& row) {
          if (is_old(row.optional_integer(3))) {
            found.push_back(OldExperiment{row.integer(0), row.string(1), row.string(2)});
          }
          return Result<void>();
        }));
    for (OldExperiment& experiment : found) TRY(add_experiment(std::move(experiment), false));
    return {};
  }

  Result<void> add_named_run(const std::string& id) {
    bool there = false;
    bool deleted = false;
    bool old = false;
    std::string place;
    TRY(session_.query("SELECT artifact_uri, lifecycle_stage, deleted_time FROM runs WHERE run_uuid = ?",
                       {id}, [&](const sql::Row& row) {
                         there = true;
                         place = row.string(0);
                         deleted = row.text(1) == "deleted";
                         old = is_old(row.optional_integer(2));
                         return Result<void>();
                       }));
    TRY(check("run", id, there, deleted, old));
    add(Kind::kRun, id, std::move(place));
    return {};
  }

  Result<void> add_named_model(const std::string& id) {
    bool there = false;
    bool deleted = false;
    bool old = false;
    std::string place;
    TRY(session_.query(
        "SELECT artifact_location, lifecycle_stage, last_updated_timestamp_ms FROM logged_models WHERE "
        "model_id = ?",
        {id}, [&](const sql::Row& row) {
          there = true;
          place = row.string(0);
          deleted = row.text(1) == "deleted";
          old = is_old(row.optional_integer(2));
          return Result<void>();
        }));
    TRY(check("logged model", id, there, deleted, old));
    add(Kind::kModel, id, std::move(place));
    return {};
  }

  Result<void> add_named_experiment(const std::string& id) {
    const std::optional<std::int64_t> number = codec::parse_int(id);
    bool there = false;
    bool deleted = false;
    bool old = false;
    OldExperiment experiment;
    TRY(session_.query(
        "SELECT experiment_id, name, artifact_location, lifecycle_stage, last_update_time FROM experiments "
        "WHERE experiment_id = ?",
        {number.value_or(-1)}, [&](const sql::Row& row) {
          there = true;
          experiment = OldExperiment{row.integer(0), row.string(1), row.string(2)};
          deleted = row.text(3) == "deleted";
          old = is_old(row.optional_integer(4));
          return Result<void>();
        }));
    TRY(check("experiment", id, there, deleted, old));
    return add_experiment(std::move(experiment), true);
  }

  static Result<void> check(std::string_view what, const std::string& id, bool there, bool deleted,
                            bool old) {
    if (!there) return Error(ErrorCode::kNotFound, fmt::format("there is no {} '{}'", what, id));
    if (!deleted)
      return refused(fmt::format("{} '{}' is not deleted: only what is deleted is removed", what, id));
    if (!old)
      return refused(fmt::format("{} '{}' was deleted more recently than --older-than says", what, id));
    return {};
  }

  // With all that belongs to it; kept when something in it is to stay.
  Result<void> add_experiment(OldExperiment experiment, bool was_named) {
    if (experiment.id == 0)
      return keep(experiment, "the default experiment is kept; its deleted runs go", was_named);
    std::vector<Thing> within;
    bool has_active = false;
    bool has_young = false;
    TRY(session_.query(
        "SELECT run_uuid, artifact_uri, lifecycle_stage, deleted_time FROM runs WHERE experiment_id = ?",
        {experiment.id}, [&](const sql::Row& row) {
          if (row.text(2) != "deleted") has_active = true;
          if (!is_old(row.optional_integer(3))) has_young = true;
          within.push_back(Thing{Kind::kRun, row.string(0), row.string(1)});
          return Result<void>();
        }));
    if (has_active) return keep(experiment, "it holds runs that are not deleted", was_named);
    if (has_young)
      return keep(experiment, "it holds runs that were deleted more recently than --older-than says",
                  was_named);
    TRY(session_.query("SELECT model_id, artifact_location FROM logged_models WHERE experiment_id = ?",
                       {experiment.id}, [&](const sql::Row& row) {
                         within.push_back(Thing{Kind::kModel, row.string(0), row.string(1)});
                         return Result<void>();
                       }));
    TRY(
        session_.query("SELECT t.request_id, g.value FROM trace_info t LEFT JOIN trace_tags g ON "
                       "g.request_id = t.request_id "
                       "AND g.\"key\" = 'mlflow.artifactLocation' WHERE t.experiment_id = ?",
                       {experiment.id}, [&](const sql::Row& row) {
                         within.push_back(Thing{Kind::kTrace, row.string(0), row.string(1)});
                         return Result<void>();
                       }));
    for (Thing& thing : within) add(thing.kind, std::move(thing.id), std::move(thing.place));
    plan_.experiments.push_back(std::move(experiment));
    return {};
  }

  Result<void> keep(const OldExperiment& experiment, std::string reason, bool was_named) {
    if (was_named) return refused(fmt::format("experiment '{}' stays: {}", experiment.id, reason));
    plan_.kept.push_back(GcKept{"experiment", std::to_string(experiment.id), std::move(reason)});
    return {};
  }

  // Versions are few beside runs, so all are read once. A source names its run or model as a part of a path.
  Result<void> find_versions() {
    return session_.query(
        "SELECT name, version, source FROM model_versions WHERE workspace = 'default' AND current_stage != "
        "'Deleted_Internal' ORDER BY name, version",
        {}, [&](const sql::Row& row) {
          bool goes = false;
          for (const std::string_view part : core::split(row.text(2), '/')) {
            goes = goes || seen_.contains(fmt::format("run {}", part)) ||
                   seen_.contains(fmt::format("logged model {}", part));
          }
          if (goes) plan_.versions.push_back(fmt::format("{}/{}", row.text(0), row.integer(1)));
          return Result<void>();
        });
  }

  sql::Session& session_;
  const GcOptions& options_;
  std::int64_t latest_;
  std::set<std::string> seen_{};
  Plan plan_{};
};

// Removes, or only counts, the artifacts of things.
class Artifacts {
 public:
  Artifacts(const Store& store, blob::BlobStore& served, os::FileSystem& files, bool dry_run,
            GcReport& report)
      : places_(store, served), files_(files), dry_run_(dry_run), report_(report) {}

  Result<void> remove(const Thing& thing) {
    if (thing.place.empty()) return {};
    const auto place = places_.find(thing.place);
    if (!place) {
      if (place.error().code() == ErrorCode::kUnavailable || place.error().code() == ErrorCode::kExhausted)
        return place.error();
      return remove_elsewhere(thing, place.error());
    }
    // Never more than the thing's own folder, whatever the row says.
    const std::string parent = os::folder_of(place->path.text());
    if (place->path.is_root() || (place->path.name() != thing.id && os::name_of(parent) != thing.id)) {
      report_.kept.push_back(
          GcKept{"artifacts", thing.place,
                 fmt::format("they lie in no folder of the {}'s name", name_of(thing.kind))});
      return {};
    }
    TRY(remove_counted(*place->store, place->path), thing.place);
    if (os::name_of(parent) == thing.id) return remove_if_empty(*place->store, parent);
    return {};
  }

  // The experiment's own folder, once nothing is in it.
  Result<void> remove_empty(const std::string& location) {
    const auto place = places_.find(location);
    if (!place || place->path.is_root() || dry_run_) return {};
    for (const std::string_view folder : {"models", "traces"}) {
      TRY(remove_if_empty(*place->store, os::joined(place->path.text(), folder)));
    }
    return remove_if_empty(*place->store, place->path.text());
  }

 private:
  Result<void> count(blob::BlobStore& store, const blob::BlobPath& folder) {
    const std::vector<blob::BlobEntry> entries = TRY(store.list(folder));
    for (const blob::BlobEntry& entry : entries) {
      if (!entry.is_folder) {
        report_.files += 1;
        report_.bytes += entry.size_bytes;
        continue;
      }
      const auto name = blob::BlobPath::parse(entry.name);
      if (name) TRY(count(store, folder.joined(*name)));
    }
    return {};
  }

  Result<void> remove_counted(blob::BlobStore& store, const blob::BlobPath& path) {
    if (const auto status = store.status(path); !status) {
      if (status.error().code() == ErrorCode::kNotFound) return {};
      return status.error();
    }
    TRY(count(store, path));
    if (dry_run_) return {};
    return store.remove(path);
  }

  Result<void> remove_if_empty(blob::BlobStore& store, const std::string& folder) {
    if (dry_run_) return {};
    const blob::BlobPath path = TRY(blob::BlobPath::parse(folder));
    const auto entries = store.list(path);
    if (!entries || !entries->empty()) return {};
    const auto removed = store.remove(path);
    if (!removed && removed.error().code() != ErrorCode::kNotFound) return removed.error();
    return {};
  }

  // A local folder outside of the server's two, as an experiment's own location may be.
  Result<void> remove_elsewhere(const Thing& thing, const Error& why) {
    const Uri uri = split_uri(thing.place);
    const bool is_local = uri.scheme.empty() || (uri.scheme == "file" && uri.authority.empty());
    const std::string path = os::normalized(uri.path);
    if (!is_local || uri.query || uri.fragment || !os::is_absolute(path) ||
        os::name_of(os::folder_of(path)) != thing.id) {
      report_.kept.push_back(GcKept{"artifacts", thing.place, why.message()});
      return {};
    }
    if (!files_.link_status(path)) return {};
    TRY(count_files(path));
    if (dry_run_) return {};
    return files_.remove(os::folder_of(path));
  }

  Result<void> count_files(const std::string& path) {
    const os::FileStatus status = TRY(files_.link_status(path));
    if (status.kind != os::FileKind::kFolder) {
      report_.files += 1;
      report_.bytes += status.size_bytes;
      return {};
    }
    const std::vector<os::FolderEntry> entries = TRY(files_.list(path));
    for (const os::FolderEntry& entry : entries) TRY(count_files(os::joined(path, entry.name)));
    return {};
  }

  ArtifactPlaces places_;
  os::FileSystem& files_;
  bool dry_run_;
  GcReport& report_;
};

enum class Stage { kAbsent, kActive, kDeleted };

Result<Stage> stage_of(sql::Session& session, const Thing& thing) {
  Stage stage = Stage::kAbsent;
  const auto look = [&](const sql::Row& row) {
    stage = row.text(0) == "deleted" ? Stage::kDeleted : Stage::kActive;
    return Result<void>();
  };
  switch (thing.kind) {
    case Kind::kRun:
      TRY(session.query("SELECT lifecycle_stage FROM runs WHERE run_uuid = ?", {thing.id}, look));
      break;
    case Kind::kModel:
      TRY(session.query(
          "SELECT CASE WHEN m.lifecycle_stage = 'deleted' OR e.lifecycle_stage = 'deleted' THEN "
          "'deleted' ELSE '' END FROM logged_models m JOIN experiments e ON e.experiment_id = "
          "m.experiment_id WHERE m.model_id = ?",
          {thing.id}, look));
      break;
    case Kind::kTrace:
      TRY(
          session.query("SELECT e.lifecycle_stage FROM trace_info t JOIN experiments e ON e.experiment_id = "
                        "t.experiment_id WHERE t.request_id = ?",
                        {thing.id}, look));
      break;
  }
  return stage;
}

// Tags what is still deleted, and returns it.
Result<std::vector<Thing>> mark(Store& store, std::span<const Thing> batch) {
  const std::string now = std::to_string(store.now_ms());
  const auto tag = [&](sql::Session& session) -> Result<std::vector<Thing>> {
    std::vector<Thing> marked;
    for (const Thing& thing : batch) {
      const Stage stage = TRY(stage_of(session, thing));
      if (stage != Stage::kDeleted) continue;
      switch (thing.kind) {
        case Kind::kRun:
          TRY(session.execute(
              "INSERT INTO tags (\"key\", value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
              {std::string(kGcTag), now, thing.id}));
          break;
        case Kind::kModel:
          TRY(session.execute(
              "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) SELECT model_id, "
              "experiment_id, ?, ? FROM logged_models WHERE model_id = ? ON CONFLICT DO NOTHING",
              {std::string(kGcTag), now, thing.id}));
          break;
        case Kind::kTrace:
          break;  // only an experiment's end takes traces
      }
      marked.push_back(thing);
    }
    return marked;
  };
  return write_value<std::vector<Thing>>(store.database(), tag);
}

constexpr std::array<std::string_view, 10> kRowsOfRun{
    "DELETE FROM latest_metrics WHERE run_uuid = ?",
    "DELETE FROM params WHERE run_uuid = ?",
    "DELETE FROM tags WHERE run_uuid = ?",
    "DELETE FROM logged_model_metrics WHERE run_id = ?",
    "DELETE FROM input_tags WHERE input_uuid IN (SELECT input_uuid FROM inputs WHERE destination_type = "
    "'RUN' AND "
    "destination_id = ?)",
    "DELETE FROM inputs WHERE destination_type = 'RUN' AND destination_id = ?",
    "DELETE FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ?",
    "DELETE FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id = ?",
    "DELETE FROM entity_associations WHERE destination_type = 'run' AND destination_id = ?",
    "DELETE FROM runs WHERE run_uuid = ?",
};

constexpr std::array<std::string_view, 6> kRowsOfModel{
    "DELETE FROM logged_model_metrics WHERE model_id = ?",
    "DELETE FROM logged_model_params WHERE model_id = ?",
    "DELETE FROM logged_model_tags WHERE model_id = ?",
    "DELETE FROM inputs WHERE destination_type = 'MODEL_INPUT' AND destination_id = ?",
    "DELETE FROM inputs WHERE destination_type = 'MODEL_OUTPUT' AND destination_id = ?",
    "DELETE FROM logged_models WHERE model_id = ?",
};

constexpr std::array<std::string_view, 10> kRowsOfExperiment{
    "DELETE FROM spans WHERE experiment_id = ?",
    "DELETE FROM trace_info WHERE experiment_id = ?",
    "DELETE FROM sql_assessment_daily_rollups WHERE experiment_id = ?",
    "DELETE FROM sql_span_cost_daily_rollups WHERE experiment_id = ?",
    "DELETE FROM sql_trace_metric_daily_rollups WHERE experiment_id = ?",
    "DELETE FROM sql_trace_rollup_rebuild_queue WHERE experiment_id = ?",
    "DELETE FROM online_scoring_configs WHERE experiment_id = ?",
    "DELETE FROM input_tags WHERE input_uuid IN (SELECT i.input_uuid FROM inputs i JOIN datasets d ON "
    "d.dataset_uuid = i.source_id WHERE i.source_type = 'DATASET' AND d.experiment_id = ?)",
    "DELETE FROM inputs WHERE source_type = 'DATASET' AND source_id IN (SELECT dataset_uuid FROM datasets "
    "WHERE "
    "experiment_id = ?)",
    "DELETE FROM experiment_tags WHERE experiment_id = ?",
};

enum class Outcome { kDone, kNotYet };

// Rows of one batch; kNotYet when the next transaction goes on.
Result<Outcome> remove_rows(sql::Session& session, std::span<const Thing> batch, std::vector<GcKept>& kept) {
  std::int64_t budget = kRowsPerWrite;
  kept.clear();
  for (const Thing& thing : batch) {
    const Stage stage = TRY(stage_of(session, thing));
    if (stage == Stage::kActive) {
      kept.push_back(GcKept{std::string(name_of(thing.kind)), thing.id,
                            fmt::format("it was restored meanwhile; its artifacts are gone ({})", kGcTag)});
    }
    if (stage != Stage::kDeleted) continue;
    if (thing.kind == Kind::kTrace) continue;
    if (thing.kind == Kind::kModel) {
      for (const std::string_view sql : kRowsOfModel) TRY(session.execute(sql, {thing.id}));
      continue;
    }
    const std::int64_t removed = TRY(session.execute(
        "DELETE FROM metrics WHERE rowid IN (SELECT rowid FROM metrics WHERE run_uuid = ? LIMIT ?)",
        {thing.id, budget}));
    budget -= removed;
    if (budget <= 0) return Outcome::kNotYet;
    for (const std::string_view sql : kRowsOfRun) TRY(session.execute(sql, {thing.id}));
  }
  return Outcome::kDone;
}

Result<void> remove_batch(Store& store, std::span<const Thing> batch, Artifacts& artifacts,
                          GcReport& report) {
  const std::vector<Thing> marked = TRY(mark(store, batch));
  for (const Thing& thing : marked) TRY(artifacts.remove(thing));
  std::vector<GcKept> kept;
  Outcome outcome = Outcome::kNotYet;
  while (outcome == Outcome::kNotYet) {
    const auto remove = [&](sql::Session& session) { return remove_rows(session, marked, kept); };
    outcome = TRY(write_value<Outcome>(store.database(), remove));
  }
  for (const Thing& thing : marked) {
    const auto is_it = [&](const GcKept& one) { return one.id == thing.id; };
    if (std::any_of(kept.begin(), kept.end(), is_it)) continue;
    switch (thing.kind) {
      case Kind::kRun:
        report.runs.push_back(thing.id);
        break;
      case Kind::kModel:
        report.models.push_back(thing.id);
        break;
      case Kind::kTrace:
        report.traces += 1;
        break;
    }
  }
  report.kept.insert(report.kept.end(), kept.begin(), kept.end());
  return {};
}

Result<void> remove_experiment(Store& store, const OldExperiment& experiment, Artifacts& artifacts,
                               GcReport& report) {
  const auto remove = [&](sql::Session& session) -> Result<Outcome> {
    bool stays = true;
    TRY(
        session.query("SELECT lifecycle_stage = 'deleted' AND NOT EXISTS (SELECT 1 FROM runs WHERE "
                      "experiment_id = ?) FROM "
                      "experiments WHERE experiment_id = ?",
                      {experiment.id, experiment.id}, [&](const sql::Row& row) {
                        stays = row.integer(0) == 0;
                        return Result<void>();
                      }));
    if (stays) return Outcome::kNotYet;
    for (const std::string_view sql : kRowsOfExperiment) TRY(session.execute(sql, {experiment.id}));
    TRY(session.execute("DELETE FROM experiments WHERE experiment_id = ?", {experiment.id}));
    return Outcome::kDone;
  };
  TRY(artifacts.remove_empty(experiment.place));
  const Outcome removed = TRY(write_value<Outcome>(store.database(), remove));
  if (removed == Outcome::kNotYet) {
    report.kept.push_back(GcKept{"experiment", std::to_string(experiment.id), "it was changed meanwhile"});
    return {};
  }
  report.experiments.push_back(std::to_string(experiment.id));
  report.experiment_names.push_back(experiment.name);
  return {};
}

}  // namespace

Result<GcReport> collect_garbage(Store& store, blob::BlobStore& served, os::FileSystem& files,
                                 const GcOptions& options,
                                 const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::int64_t now = store.now_ms();
  Plan plan = TRY(read_value<Plan>(
      store.database(), [&](sql::Session& session) { return Chooser(session, options, now).choose(); }));
  GcReport report;
  report.kept = std::move(plan.kept);
  report.versions = std::move(plan.versions);
  Artifacts artifacts(store, served, files, options.dry_run, report);
  const std::size_t total = plan.things.size() + plan.experiments.size();
  const std::span<const Thing> things = plan.things;
  std::size_t done = 0;
  if (options.dry_run) {
    for (const Thing& thing : things) {
      TRY(artifacts.remove(thing));
      if (thing.kind == Kind::kRun) report.runs.push_back(thing.id);
      if (thing.kind == Kind::kModel) report.models.push_back(thing.id);
      if (thing.kind == Kind::kTrace) report.traces += 1;
      progress(++done, total);
    }
    for (const OldExperiment& experiment : plan.experiments) {
      report.experiments.push_back(std::to_string(experiment.id));
      report.experiment_names.push_back(experiment.name);
    }
    return report;
  }
  while (done < things.size()) {
    const std::span<const Thing> batch = things.subspan(done, std::min(kBatch, things.size() - done));
    TRY(remove_batch(store, batch, artifacts, report));
    done += batch.size();
    progress(done, total);
  }
  for (const OldExperiment& experiment : plan.experiments) {
    TRY(remove_experiment(store, experiment, artifacts, report));
    progress(++done, total);
  }
  return report;
}

Result<std::int64_t> parse_age(std::string_view text) {
  const Error wrong = refused(fmt::format("'{}' is no age; examples: 30d, 8h, 2d8h5m20s, 1.5h", text));
  constexpr std::array<std::pair<char, double>, 4> kUnits{
      {{'d', 86'400'000.0}, {'h', 3'600'000.0}, {'m', 60'000.0}, {'s', 1000.0}}};
  double total = 0;
  std::size_t unit = 0;
  std::string_view rest = core::trimmed(text);
  if (rest.empty()) return wrong;
  while (!rest.empty()) {
    const std::size_t digits = rest.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos) return wrong;
    const std::optional<double> number = codec::parse_double(rest.substr(0, digits));
    while (unit < kUnits.size() && kUnits[unit].first != rest[digits]) ++unit;
    if (!number || unit == kUnits.size()) return wrong;
    total += *number * kUnits[unit].second;
    ++unit;
    rest.remove_prefix(digits + 1);
  }
  if (total > kAgeMax) return wrong;
  return static_cast<std::int64_t>(total);
}

}  // namespace starcast::tracking
