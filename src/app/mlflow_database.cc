#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "app/import_source.h"
#include "sql/database.h"

namespace starcast::app {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

// What is taken; rows of any other table are counted as left out.
constexpr std::array<std::string_view, 21> kTaken{
    "alembic_version",
    "experiments",
    "experiment_tags",
    "runs",
    "tags",
    "params",
    "metrics",
    "latest_metrics",
    "datasets",
    "inputs",
    "input_tags",
    "registered_models",
    "model_versions",
    "registered_model_tags",
    "model_version_tags",
    "registered_model_aliases",
    "logged_models",
    "logged_model_params",
    "logged_model_tags",
    "logged_model_metrics",
    "workspaces",
};

// Users are a column alone until the migration after this one copies them into tags, which is what clients
// read.
constexpr std::string_view kHeadBeforeUserTags = "451aebb31d03";
constexpr std::string_view kUserTag = "mlflow.user";

class MlflowDatabase final : public ImportSource {
 public:
  explicit MlflowDatabase(std::unique_ptr<sql::Database> database) : database_(std::move(database)) {}

  Result<void> look() {
    return database_->read([&](sql::Session& session) -> Result<void> {
      columns_.clear();
      TRY(
          session.query("SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE "
                        "m.type = 'table'",
                        {}, [&](const sql::Row& row) {
                          columns_.insert(row.string(0) + "." + row.string(1));
                          return Result<void>();
                        }));
      if (!has("experiments", "experiment_id") || !has("runs", "run_uuid") || !has("metrics", "key")) {
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("{} is no MLflow database: it lacks experiments, runs or metrics", database_->uri()));
      }
      std::string head;
      if (has("alembic_version", "version_num")) {
        TRY(session.query("SELECT version_num FROM alembic_version", {}, [&](const sql::Row& row) {
          head = row.string(0);
          return Result<void>();
        }));
      }
      has_user_tags_ = !head.empty() && head != kHeadBeforeUserTags;
      return {};
    });
  }

  Result<std::vector<tracking::Experiment>> experiments() override {
    std::vector<tracking::Experiment> found;
    const std::string query = fmt::format(
        "SELECT experiment_id, name, artifact_location, lifecycle_stage, {}, {}, {} FROM experiments ORDER "
        "BY "
        "experiment_id",
        column("experiments", "creation_time", "0"), column("experiments", "last_update_time", "0"),
        column("experiments", "workspace", "'default'"));
    const auto read = [&](sql::Session& session) -> Result<void> {
      found.clear();
      TRY(session.query(query, {}, [&](const sql::Row& row) {
        if (row.text(6) != "default") {
          left_.push_back({"experiment", row.string(1), "it belongs to another workspace"});
          return Result<void>();
        }
        tracking::Experiment experiment;
        experiment.id = row.integer(0);
        experiment.name = row.string(1);
        experiment.artifact_location = row.string(2);
        experiment.lifecycle_stage = row.string(3);
        experiment.creation_time = row.integer(4);
        experiment.last_update_time = row.integer(5);
        found.push_back(std::move(experiment));
        return Result<void>();
      }));
      if (!has("experiment_tags", "key")) return {};
      for (tracking::Experiment& experiment : found) {
        TRY(tags(session, "SELECT \"key\", value FROM experiment_tags WHERE experiment_id = ?",
                 {experiment.id}, experiment.tags));
      }
      return {};
    };
    TRY(database_->read(read));
    TRY(count_others());
    return found;
  }

  Result<std::vector<std::string>> run_ids(const tracking::Experiment& experiment) override {
    return ids("SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid",
               experiment.id);
  }

  Result<tracking::ImportedRun> run(const tracking::Experiment& experiment, const std::string& id) override {
    tracking::ImportedRun imported;
    const auto read = [&](sql::Session& session) -> Result<void> {
      imported = tracking::ImportedRun();
      imported.run.id = id;
      imported.run.experiment_id = experiment.id;
      TRY(read_run(session, imported));
      TRY(read_points(session, imported));
      if (has("inputs", "input_uuid")) TRY(read_links(session, imported));
      return {};
    };
    TRY(database_->read(read));
    return imported;
  }

  Result<std::vector<std::string>> model_ids(const tracking::Experiment& experiment) override {
    if (!has("logged_models", "model_id")) return std::vector<std::string>();
    return ids("SELECT model_id FROM logged_models WHERE experiment_id = ? ORDER BY model_id", experiment.id);
  }

  Result<tracking::ImportedModel> model(const tracking::Experiment& experiment,
                                        const std::string& id) override {
    tracking::ImportedModel imported;
    const auto read = [&](sql::Session& session) -> Result<void> {
      imported = tracking::ImportedModel();
      tracking::LoggedModel& model = imported.model;
      model.id = id;
      model.experiment_id = experiment.id;
      TRY(session.query(
          "SELECT name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, status, "
          "lifecycle_stage, model_type, source_run_id, status_message FROM logged_models WHERE model_id = ?",
          {id}, [&](const sql::Row& row) {
            model.name = row.string(0);
            model.artifact_location = row.string(1);
            model.creation_time = row.integer(2);
            model.last_update_time = row.integer(3);
            imported.status_number = row.integer(4);
            model.lifecycle_stage = row.string(5);
            model.model_type = row.string(6);
            model.source_run_id = row.string(7);
            model.status_message = row.string(8);
            return Result<void>();
          }));
      TRY(session.query("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?", {id},
                        [&](const sql::Row& row) {
                          model.params.push_back({row.string(0), row.string(1)});
                          return Result<void>();
                        }));
      TRY(tags(session, "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?", {id},
               model.tags));
      return session.query(
          "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, "
          "dataset_digest "
          "FROM logged_model_metrics WHERE model_id = ?",
          {id}, [&](const sql::Row& row) {
            tracking::Metric metric{row.string(0), value_of(row, 1, false), row.integer(2), row.integer(3)};
            metric.model_id = id;
            metric.run_id = row.string(4);
            metric.dataset_name = row.string(5);
            metric.dataset_digest = row.string(6);
            model.metrics.push_back(std::move(metric));
            return Result<void>();
          });
    };
    TRY(database_->read(read));
    return imported;
  }

  Result<std::vector<tracking::RegisteredModel>> registered_models() override {
    std::vector<tracking::RegisteredModel> found;
    if (!has("registered_models", "name")) return found;
    const auto read = [&](sql::Session& session) -> Result<void> {
      found.clear();
      const std::string query = fmt::format(
          "SELECT name, creation_time, last_updated_time, description FROM registered_models WHERE {} = "
          "'default' "
          "ORDER BY name",
          column("registered_models", "workspace", "'default'"));
      TRY(session.query(query, {}, [&](const sql::Row& row) {
        tracking::RegisteredModel model;
        model.name = row.string(0);
        model.creation_time = row.integer(1);
        model.last_update_time = row.integer(2);
        model.description = row.string(3);
        found.push_back(std::move(model));
        return Result<void>();
      }));
      for (tracking::RegisteredModel& model : found) TRY(read_registered(session, model));
      return {};
    };
    TRY(database_->read(read));
    return found;
  }

  std::vector<LeftOut> left_out() override { return left_; }

  std::string own_folder(const tracking::Experiment&, const std::string&) override { return {}; }

 private:
  bool has(std::string_view table, std::string_view name) const {
    return columns_.contains(fmt::format("{}.{}", table, name));
  }
  // The column, or a constant where this head has none.
  std::string column(std::string_view table, std::string_view name, std::string_view instead) const {
    return has(table, name) ? fmt::format("{}.{}", table, name) : std::string(instead);
  }

  static double value_of(const sql::Row& row, int column, bool is_nan) {
    if (is_nan || row.is_null(column)) return std::numeric_limits<double>::quiet_NaN();
    return row.real(column);
  }

  static Result<void> tags(sql::Session& session, std::string_view query,
                           std::initializer_list<sql::Value> values, std::vector<tracking::Tag>& into) {
    return session.query(query, values, [&](const sql::Row& row) {
      into.push_back({row.string(0), row.string(1)});
      return Result<void>();
    });
  }

  Result<std::vector<std::string>> ids(std::string_view query, std::int64_t experiment) {
    std::vector<std::string> found;
    const auto read = [&](sql::Session& session) {
      found.clear();
      return session.query(query, {experiment}, [&](const sql::Row& row) {
        found.push_back(row.string(0));
        return Result<void>();
      });
    };
    TRY(database_->read(read));
    return found;
  }

  Result<void> count_others() {
    const auto read = [&](sql::Session& session) -> Result<void> {
      std::vector<std::string> others;
      TRY(session.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                        {}, [&](const sql::Row& row) {
                          if (std::find(kTaken.begin(), kTaken.end(), row.text(0)) == kTaken.end())
                            others.push_back(row.string(0));
                          return Result<void>();
                        }));
      for (const std::string& table : others) {
        if (table.find('"') != std::string::npos) continue;
        TRY(session.query(fmt::format("SELECT count(*) FROM \"{}\"", table), {}, [&](const sql::Row& row) {
          const auto rows = static_cast<std::size_t>(row.integer(0));
          if (rows > 0) left_.push_back({"rows", table, "this table is not imported", rows});
          return Result<void>();
        }));
      }
      return {};
    };
    return database_->read(read);
  }

  Result<void> read_run(sql::Session& session, tracking::ImportedRun& imported) {
    tracking::Run& run = imported.run;
    const std::string query = fmt::format(
        "SELECT name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, "
        "source_version, lifecycle_stage, artifact_uri, {} FROM runs WHERE run_uuid = ?",
        column("runs", "deleted_time", "NULL"));
    TRY(session.query(query, {run.id}, [&](const sql::Row& row) {
      run.name = row.string(0);
      imported.source_type = row.string(1);
      imported.source_name = row.string(2);
      imported.entry_point_name = row.string(3);
      run.user_id = row.string(4);
      run.status = row.string(5);
      run.start_time = row.integer(6);
      run.end_time = row.optional_integer(7);
      imported.source_version = row.string(8);
      run.lifecycle_stage = row.string(9);
      run.artifact_uri = row.string(10);
      imported.deleted_time = row.optional_integer(11);
      return Result<void>();
    }));
    TRY(session.query("SELECT \"key\", value FROM params WHERE run_uuid = ? ORDER BY \"key\"", {run.id},
                      [&](const sql::Row& row) {
                        run.params.push_back({row.string(0), row.string(1)});
                        return Result<void>();
                      }));
    TRY(tags(session, "SELECT \"key\", value FROM tags WHERE run_uuid = ? ORDER BY \"key\"", {run.id},
             run.tags));
    const auto is_user = [](const tracking::Tag& tag) { return tag.key == kUserTag; };
    if (!has_user_tags_ && !run.user_id.empty() && std::none_of(run.tags.begin(), run.tags.end(), is_user)) {
      run.tags.push_back({std::string(kUserTag), run.user_id});
    }
    return {};
  }

  Result<void> read_points(sql::Session& session, tracking::ImportedRun& imported) {
    const std::string query = fmt::format(
        "SELECT \"key\", value, timestamp, {}, {} FROM metrics WHERE run_uuid = ? ORDER BY \"key\"",
        column("metrics", "step", "0"), column("metrics", "is_nan", "0"));
    return session.query(query, {imported.run.id}, [&](const sql::Row& row) {
      if (imported.series.empty() || imported.series.back().key != row.text(0)) {
        imported.series.push_back({row.string(0)});
      }
      imported.series.back().points.push_back(
          {row.integer(2), row.integer(3), value_of(row, 1, row.integer(4) != 0)});
      return Result<void>();
    });
  }

  Result<void> read_links(sql::Session& session, tracking::ImportedRun& imported) {
    using Kind = tracking::ImportedLink::Kind;
    std::vector<std::string> inputs;
    TRY(session.query(
        "SELECT i.input_uuid, d.dataset_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, "
        "d.dataset_schema, d.dataset_profile FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id "
        "WHERE "
        "i.destination_type = 'RUN' AND i.destination_id = ? AND i.source_type = 'DATASET'",
        {imported.run.id}, [&](const sql::Row& row) {
          tracking::ImportedLink link;
          inputs.push_back(row.string(0));
          link.dataset_id = row.string(1);
          link.dataset = {row.string(2), row.string(3),          row.string(4),
                          row.string(5), row.optional_string(6), row.optional_string(7)};
          imported.links.push_back(std::move(link));
          return Result<void>();
        }));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      TRY(tags(session, "SELECT name, value FROM input_tags WHERE input_uuid = ?", {inputs[i]},
               imported.links[i].tags));
    }
    const std::string query = fmt::format(
        "SELECT source_type, destination_id, {} FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') "
        "AND "
        "source_id = ?",
        column("inputs", "step", "0"));
    return session.query(query, {imported.run.id}, [&](const sql::Row& row) {
      tracking::ImportedLink link;
      link.kind = row.text(0) == "RUN_INPUT" ? Kind::kModelInput : Kind::kModelOutput;
      link.model_id = row.string(1);
      link.step = row.integer(2);
      imported.links.push_back(std::move(link));
      return Result<void>();
    });
  }

  Result<void> read_registered(sql::Session& session, tracking::RegisteredModel& model) {
    if (has("registered_model_tags", "key")) {
      TRY(tags(
          session,
          fmt::format("SELECT \"key\", value FROM registered_model_tags WHERE {} = 'default' AND name = ?",
                      column("registered_model_tags", "workspace", "'default'")),
          {model.name}, model.tags));
    }
    if (has("registered_model_aliases", "alias")) {
      TRY(session.query(
          fmt::format("SELECT alias, version FROM registered_model_aliases WHERE {} = 'default' AND name = ?",
                      column("registered_model_aliases", "workspace", "'default'")),
          {model.name}, [&](const sql::Row& row) {
            model.aliases.push_back({row.string(0), row.integer(1)});
            return Result<void>();
          }));
    }
    const std::string query = fmt::format(
        "SELECT version, creation_time, last_updated_time, description, user_id, current_stage, source, "
        "run_id, "
        "status, status_message, {}, {} FROM model_versions WHERE {} = 'default' AND name = ? ORDER BY "
        "version",
        column("model_versions", "run_link", "NULL"), column("model_versions", "storage_location", "NULL"),
        column("model_versions", "workspace", "'default'"));
    TRY(session.query(query, {model.name}, [&](const sql::Row& row) {
      if (row.text(5) == "Deleted_Internal") {
        left_.push_back({"model version", fmt::format("{}/{}", model.name, row.integer(0)), "it is deleted"});
        return Result<void>();
      }
      tracking::ModelVersion version;
      version.name = model.name;
      version.version = row.integer(0);
      version.creation_time = row.integer(1);
      version.last_update_time = row.integer(2);
      version.description = row.optional_string(3);
      version.user_id = row.string(4);
      version.stage = row.string(5);
      version.source = row.string(6);
      version.run_id = row.optional_string(7);
      version.status = row.string(8);
      version.status_message = row.string(9);
      version.run_link = row.optional_string(10);
      version.storage_location = row.string(11);
      model.latest_versions.push_back(std::move(version));
      return Result<void>();
    }));
    if (!has("model_version_tags", "key")) return {};
    const std::string of_version = fmt::format(
        "SELECT \"key\", value FROM model_version_tags WHERE {} = 'default' AND name = ? AND version = ?",
        column("model_version_tags", "workspace", "'default'"));
    for (tracking::ModelVersion& version : model.latest_versions) {
      TRY(tags(session, of_version, {model.name, version.version}, version.tags));
    }
    return {};
  }

  std::unique_ptr<sql::Database> database_;
  std::set<std::string> columns_{};  // "table.column"
  bool has_user_tags_ = true;
  std::vector<LeftOut> left_{};
};

}  // namespace

Result<std::unique_ptr<ImportSource>> open_mlflow_database(const std::string& path) {
  sql::SqliteOptions options;
  options.path = path;
  options.create = false;
  options.is_foreign = true;
  std::unique_ptr<sql::Database> opened = TRY(sql::open_sqlite(std::move(options)));
  auto database = std::make_unique<MlflowDatabase>(std::move(opened));
  TRY(database->look());
  return std::unique_ptr<ImportSource>(std::move(database));
}

}  // namespace starcast::app
