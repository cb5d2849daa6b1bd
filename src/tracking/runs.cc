#include "tracking/runs.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "codec/json.h"
#include "core/strings.h"
#include "tracking/artifact_location.h"
#include "tracking/in_list.h"
#include "tracking/metrics.h"
#include "tracking/names.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

using core::Result;

constexpr std::string_view kModelHistoryTag = "mlflow.log-model.history";

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

template <typename Item>
void sort_by_key(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
}

// The runs being loaded, found by their ids.
class RunSet {
 public:
  explicit RunSet(std::span<const std::string> ids) {
    places_.reserve(ids.size());
    for (const std::string& id : ids) {  // they outlive the set
      if (places_.emplace(id, values_.size()).second) values_.emplace_back(id);
    }
    runs_.resize(values_.size());
  }

  const std::vector<sql::Value>& ids() const { return values_; }
  // The place of a run that was asked for; a database may compare ids otherwise than we do.
  Run* find(std::string_view id) {
    if (last_ != nullptr && last_id_ == id) return last_;  // the rows of a run come one after another
    const auto found = places_.find(id);
    if (found == places_.end()) return nullptr;
    last_id_ = found->first;
    last_ = &runs_[found->second];
    return last_;
  }
  std::vector<Run> found() && {
    std::erase_if(runs_, [](const Run& run) { return run.id.empty(); });
    return std::move(runs_);
  }

 private:
  std::unordered_map<std::string_view, std::size_t> places_;
  std::vector<sql::Value> values_;
  std::vector<Run> runs_;
  std::string_view last_id_{};
  Run* last_ = nullptr;
};

constexpr std::string_view kInfoColumns =
    "SELECT run_uuid, name, experiment_id, user_id, status, start_time, end_time, artifact_uri, "
    "lifecycle_stage FROM runs WHERE run_uuid";

void read_info(const sql::Row& row, Run& run) {
  run.id = row.text(0);
  run.name = row.text(1);
  run.experiment_id = row.integer(2);
  run.user_id = row.text(3);
  run.status = row.text(4);
  run.start_time = row.integer(5);
  run.end_time = row.optional_integer(6);
  run.artifact_uri = row.text(7);
  run.lifecycle_stage = row.text(8);
}

Result<void> load_infos(sql::Session& session, RunSet& runs) {
  return query_in(session, kInfoColumns, "", runs.ids(), [&](const sql::Row& row) {
    if (Run* run = runs.find(row.text(0))) read_info(row, *run);
    return Result<void>();
  });
}

Result<void> load_data(sql::Session& session, RunSet& runs) {
  TRY(query_in(session,
               R"(SELECT run_uuid, "key", value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid)",
               "", runs.ids(), [&](const sql::Row& row) {
                 Run* run = runs.find(row.text(0));
                 if (!run) return Result<void>();
                 Metric& metric = run->metrics.emplace_back();
                 metric.key = row.text(1);
                 metric.value = row.integer(5) != 0 ? std::numeric_limits<double>::quiet_NaN() : row.real(2);
                 metric.timestamp = row.integer(3);
                 metric.step = row.integer(4);
                 return Result<void>();
               }));
  TRY(query_in(session, R"(SELECT run_uuid, "key", value FROM params WHERE run_uuid)", "", runs.ids(),
               [&](const sql::Row& row) {
                 if (Run* run = runs.find(row.text(0))) run->params.push_back({row.string(1), row.string(2)});
                 return Result<void>();
               }));
  return query_in(session, R"(SELECT run_uuid, "key", value FROM tags WHERE run_uuid)", "", runs.ids(),
                  [&](const sql::Row& row) {
                    if (Run* run = runs.find(row.text(0)))
                      run->tags.push_back({row.string(1), row.string(2)});
                    return Result<void>();
                  });
}

Result<void> load_inputs(sql::Session& session, RunSet& runs) {
  // Rows of one input come one after another: its tags are joined to it.
  std::string last_input;
  TRY(query_in(
      session,
      "SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, "
      "d.dataset_schema, d.dataset_profile, t.name, t.value FROM inputs AS i JOIN datasets AS d ON "
      "d.dataset_uuid = i.source_id LEFT JOIN input_tags AS t ON t.input_uuid = i.input_uuid WHERE "
      "i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id",
      " ORDER BY i.destination_id, d.name, d.digest, i.input_uuid, t.name", runs.ids(),
      [&](const sql::Row& row) {
        Run* run = runs.find(row.text(0));
        if (!run) return Result<void>();
        if (run->dataset_inputs.empty() || row.text(1) != last_input) {
          last_input = row.text(1);
          Dataset& dataset = run->dataset_inputs.emplace_back().dataset;
          dataset.name = row.text(2);
          dataset.digest = row.text(3);
          dataset.source_type = row.text(4);
          dataset.source = row.text(5);
          dataset.schema = row.optional_string(6);
          dataset.profile = row.optional_string(7);
        }
        if (!row.is_null(8)) run->dataset_inputs.back().tags.push_back({row.string(8), row.string(9)});
        return Result<void>();
      }));
  return query_in(session,
                  "SELECT source_id, source_type, destination_id, step FROM inputs WHERE ((source_type = "
                  "'RUN_INPUT' AND destination_type = 'MODEL_INPUT') OR (source_type = 'RUN_OUTPUT' AND "
                  "destination_type = 'MODEL_OUTPUT')) AND source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND "
                  "source_id",
                  "", runs.ids(), [&](const sql::Row& row) {
                    Run* run = runs.find(row.text(0));
                    if (!run) return Result<void>();
                    if (row.text(1) == "RUN_INPUT") {
                      run->model_inputs.push_back(row.string(2));
                    } else {
                      run->model_outputs.push_back({row.string(2), row.integer(3)});
                    }
                    return Result<void>();
                  });
}

// Also "" : a run that has none.
std::string find_tag(const std::vector<Tag>& tags, std::string_view key) {
  std::string value;
  for (const Tag& tag : tags) {
    if (tag.key == key) value = tag.value;
  }
  return value;
}

void set_tag_in(std::vector<Tag>& tags, Tag tag) {
  for (Tag& known : tags) {
    if (known.key != tag.key) continue;
    known.value = std::move(tag.value);
    return;
  }
  tags.push_back(std::move(tag));
}

Result<void> write_tag(sql::Session& session, const std::string& run_id, const Tag& tag) {
  TRY(session.execute(R"(INSERT INTO tags ("key", value, run_uuid) VALUES (?, ?, ?) )"
                      R"(ON CONFLICT ("key", run_uuid) DO UPDATE SET value = excluded.value)",
                      {tag.key, tag.value, run_id}));
  return {};
}

// The run's name is its column and its tag.
Result<void> write_name(sql::Session& session, const std::string& run_id, const std::string& name) {
  TRY(session.execute("UPDATE runs SET name = ? WHERE run_uuid = ?", {name, run_id}));
  return write_tag(session, run_id, {std::string(kRunNameTag), name});
}

// An empty name changes nothing, as in MLflow.
Result<void> write_tag_or_name(sql::Session& session, const std::string& run_id, const Tag& tag) {
  if (tag.key != kRunNameTag) return write_tag(session, run_id, tag);
  if (tag.value.empty()) return {};
  return write_name(session, run_id, tag.value);
}

// Inserts a param; the value that stands in its way, if another is there already.
Result<std::optional<std::string>> write_param(sql::Session& session, const std::string& run_id,
                                               const Param& param) {
  const std::int64_t inserted = TRY(session.execute(
      R"(INSERT INTO params ("key", value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING)",
      {param.key, param.value, run_id}));
  std::optional<std::string> other;
  if (inserted > 0) return other;
  TRY(session.query(R"(SELECT value FROM params WHERE "key" = ? AND run_uuid = ?)", {param.key, run_id},
                    [&](const sql::Row& row) {
                      if (row.text(0) != param.value) other = row.string(0);
                      return Result<void>();
                    }));
  return other;
}

Result<void> write_params(sql::Session& session, const std::string& run_id,
                          const std::vector<Param>& params) {
  std::vector<std::string> changes;
  for (const Param& param : params) {
    const std::optional<std::string> other = TRY(write_param(session, run_id, param));
    if (!other) continue;
    changes.push_back(fmt::format("{{'key': {}, 'old_value': {}, 'new_value': {}}}", python_repr(param.key),
                                  python_repr(*other), python_repr(param.value)));
  }
  if (changes.empty()) return {};
  return invalid(
      fmt::format("Changing param values is not allowed. Params were already logged='[{}]' for run ID='{}'.",
                  core::join(changes, ", "), run_id));
}

Result<Param> checked(Param param, std::string_view prefix, bool truncate) {
  TRY(check_param_name(param.key, fmt::format("{}key", prefix)));
  TRY(check_text(param.value, fmt::format("{}value", prefix)));
  param.value = TRY(fit_value(std::move(param.value), kParamValueChars, truncate, "Param value"));
  return param;
}

Result<Tag> checked(Tag tag, std::string_view prefix, bool truncate) {
  TRY(check_tag_name(tag.key, fmt::format("{}key", prefix)));
  const std::string path = fmt::format("{}value", prefix);
  TRY(check_text(tag.value, path));
  tag.value = TRY(fit_value(std::move(tag.value), kRunTagValueChars, truncate, path));
  return tag;
}

Result<void> check_limit(std::string_view what, std::size_t limit, std::size_t count) {
  if (count <= limit) return {};
  return invalid(
      fmt::format("A batch logging request can contain at most {0} {1}. Got {2} {1}. Please split up {1} "
                  "across multiple requests and try again.",
                  limit, what, count));
}

Result<void> check_params_differ(const std::vector<Param>& params) {
  std::unordered_set<std::string_view> keys;
  std::vector<std::string> repeated;
  for (const Param& param : params) {
    if (!keys.insert(param.key).second) repeated.push_back(python_repr(param.key));
  }
  if (repeated.empty()) return {};
  return invalid(fmt::format(
      "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only "
      "one param value per param key.",
      core::join(repeated, ", ")));
}

// The batch with long values cut.
Result<Batch> checked(Batch batch, bool truncate) {
  TRY(check_batch_limits(batch.metrics.size(), batch.params.size(), batch.tags.size()));
  for (std::size_t i = 0; i < batch.metrics.size(); ++i) {
    // Its path is only made for a metric that is refused.
    if (!check_metric(batch.metrics[i], "")) {
      TRY(check_metric(batch.metrics[i], fmt::format("metrics[{}]", i)));
    }
  }
  for (std::size_t i = 0; i < batch.params.size(); ++i) {
    Param& param = batch.params[i];
    param = TRY(checked(std::move(param), fmt::format("params[{}].", i), truncate));
  }
  for (std::size_t i = 0; i < batch.tags.size(); ++i) {
    Tag& tag = batch.tags[i];
    tag = TRY(checked(std::move(tag), fmt::format("tags[{}].", i), truncate));
  }
  TRY(check_params_differ(batch.params));
  return batch;
}

// MLflow takes any key here; what its columns cannot hold is refused.
Result<std::vector<Tag>> checked_new_tags(const std::vector<Tag>& tags, bool truncate) {
  std::vector<Tag> result;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string path = fmt::format("tags[{}]", i);
    if (tags[i].key.empty()) {
      return invalid(fmt::format("Missing value for required parameter '{}.key'.", path));
    }
    TRY(check_text(tags[i].key, path + ".key"));
    TRY(check_text(tags[i].value, path + ".value"));
    const std::string key = TRY(fit_value(tags[i].key, kKeyChars, false, path + ".key"));
    std::string value = TRY(fit_value(tags[i].value, kRunTagValueChars, truncate, path + ".value"));
    set_tag_in(result, {key, std::move(value)});
  }
  return result;
}

// The name by the argument, the tag, or chance; tag and name must not differ.
Result<std::string> name_of(const NewRun& run, const Store& store) {
  const std::string tagged = find_tag(run.tags, kRunNameTag);
  if (!run.name.empty() && !tagged.empty() && run.name != tagged) {
    return invalid(
        fmt::format("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
                    "values (run_name='{}', mlflow.runName='{}').",
                    run.name, tagged));
  }
  if (!run.name.empty()) return run.name;
  return tagged.empty() ? store.new_run_name() : tagged;
}

// Where the runs of an active experiment keep their artifacts.
Result<std::string> artifact_location_of(sql::Session& session, std::int64_t experiment_id) {
  std::string stage;
  std::string location;
  TRY(session.query("SELECT lifecycle_stage, artifact_location FROM experiments WHERE experiment_id = ?",
                    {experiment_id}, [&](const sql::Row& row) {
                      stage = row.text(0);
                      location = row.text(1);
                      return Result<void>();
                    }));
  if (stage.empty()) {
    return core::Error(core::ErrorCode::kNotFound,
                       fmt::format("No Experiment with id={} exists", experiment_id));
  }
  if (stage == "active") return location;
  return invalid(fmt::format("The experiment {} must be in the 'active' state. Current state is {}.",
                             experiment_id, stage));
}

Result<void> insert_run(sql::Session& session, const Run& run) {
  TRY(session.execute(
      "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, "
      "start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) "
      "VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, NULL, '', ?, ?, ?, NULL)",
      {run.id, run.name, run.user_id, run.status, run.start_time, run.lifecycle_stage, run.artifact_uri,
       run.experiment_id}));
  for (const Tag& tag : run.tags) TRY(write_tag(session, run.id, tag));
  return {};
}

Result<void> set_stage(sql::Session& session, const std::string& run_id, std::string_view stage,
                       const sql::Value& deleted_time) {
  const std::int64_t changed =
      TRY(session.execute("UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_uuid = ?",
                          {std::string(stage), deleted_time, run_id}));
  if (changed == 0) return run_not_found(run_id);
  return {};
}

// Of an MLmodel, what MLflow keeps in the history of a run's models.
Result<codec::Json> history_entry(const std::string& model_json) {
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  options.depth_max = 100;
  const core::Result<codec::Json> model = codec::parse_json(model_json, options);
  if (!model || !model->is_object()) {
    const std::string shown = model_json.size() > 1000 ? "…" : model_json;
    return invalid(fmt::format("Malformed model info. \n {} \n is not a valid JSON.", shown));
  }
  std::vector<std::string> missing;
  for (const std::string_view field : {"artifact_path", "flavors", "run_id", "utc_time_created"}) {
    if (!model->find(field)) missing.push_back(fmt::format("'{}'", field));
  }
  if (!missing.empty()) {
    return invalid(fmt::format("Model json is missing mandatory fields: {{{}}}", core::join(missing, ", ")));
  }
  codec::Json entry;
  for (const std::string_view field : {"run_id", "artifact_path", "utc_time_created"}) {
    entry.set(field, *model->find(field));
  }
  const codec::Json* uuid = model->find("model_uuid");
  entry.set("model_uuid", uuid ? *uuid : codec::Json(nullptr));
  const core::Result<const codec::JsonObject*> flavors = model->find("flavors")->as_object();
  if (!flavors) return invalid("Malformed model info: 'flavors' is not an object");
  codec::Json kept{codec::JsonObject{}};
  for (const codec::JsonMember& flavor : **flavors) {
    if (!flavor.second.is_object()) {
      kept.set(flavor.first, flavor.second);
      continue;
    }
    codec::Json settings{codec::JsonObject{}};
    for (const codec::JsonMember& setting : **flavor.second.as_object()) {
      if (setting.first != "config") settings.set(setting.first, setting.second);
    }
    kept.set(flavor.first, std::move(settings));
  }
  entry.set("flavors", std::move(kept));
  return entry;
}

Result<codec::Json> model_history(sql::Session& session, const std::string& run_id) {
  std::string text;
  TRY(session.query(R"(SELECT value FROM tags WHERE "key" = ? AND run_uuid = ?)",
                    {std::string(kModelHistoryTag), run_id}, [&](const sql::Row& row) {
                      text = row.text(0);
                      return Result<void>();
                    }));
  if (text.empty()) return codec::Json(codec::JsonArray{});
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  core::Result<codec::Json> history = codec::parse_json(text, options);
  if (!history || !history->is_array()) {
    return invalid(fmt::format("the run's tag '{}' is no JSON list; delete it first", kModelHistoryTag));
  }
  return history;
}

}  // namespace

Result<void> check_batch_limits(std::size_t metrics, std::size_t params, std::size_t tags) {
  TRY(check_limit("metrics", kBatchMetrics, metrics));
  TRY(check_limit("params", kBatchParams, params));
  TRY(check_limit("tags", kBatchTags, tags));
  return check_limit("metrics, params, and tags", kBatchItems, metrics + params + tags);
}

Result<std::vector<Run>> load_runs(sql::Session& session, std::span<const std::string> run_ids) {
  RunSet runs(run_ids);
  TRY(load_infos(session, runs));
  TRY(load_data(session, runs));
  TRY(load_inputs(session, runs));
  std::vector<Run> loaded = std::move(runs).found();
  for (Run& run : loaded) {
    sort_by_key(run.metrics);
    sort_by_key(run.params);
    sort_by_key(run.tags);
  }
  return loaded;
}

Result<Run> Runs::create(const NewRun& run) {
  const std::int64_t experiment_id = TRY(parse_experiment_id(run.experiment_id));
  TRY(check_text(run.name, "run_name"));
  TRY(check_text(run.user_id, "user_id"));
  Run made;
  made.tags = TRY(checked_new_tags(run.tags, options_.truncate_long_values));
  const std::string name = TRY(name_of(run, store_));
  made.name = TRY(fit_value(name, kRunTagValueChars, options_.truncate_long_values, "run_name"));
  set_tag_in(made.tags, {std::string(kRunNameTag), made.name});
  made.id = store_.new_id();
  made.experiment_id = experiment_id;
  made.user_id = TRY(fit_value(run.user_id, 256, options_.truncate_long_values, "user_id"));
  made.status = kRunStatuses[0];
  made.start_time = run.start_time;
  made.lifecycle_stage = "active";
  const Result<void> written = store_.database().write([&](sql::Session& session) -> Result<void> {
    const std::string location = TRY(artifact_location_of(session, experiment_id));
    made.artifact_uri = location_below(location, made.id + "/artifacts");
    return insert_run(session, made);
  });
  if (!written) return written.error();
  sort_by_key(made.tags);
  return made;
}

Result<Run> Runs::find(const std::string& run_id) {
  return read_value<Run>(store_.database(), [&](sql::Session& session) -> Result<Run> {
    std::vector<Run> found = TRY(load_runs(session, std::span<const std::string>(&run_id, 1)));
    if (found.empty()) return run_not_found(run_id);
    return std::move(found.front());
  });
}

Result<Run> Runs::update(const std::string& run_id, const RunChange& change) {
  std::string name = change.name.value_or("");
  TRY(check_text(name, "run_name"));
  name = TRY(fit_value(std::move(name), kRunTagValueChars, options_.truncate_long_values, "run_name"));
  return write_value<Run>(store_.database(), [&](sql::Session& session) -> Result<Run> {
    TRY(require_active_run(session, run_id));
    if (change.status) {
      TRY(session.execute("UPDATE runs SET status = ? WHERE run_uuid = ?", {*change.status, run_id}));
    }
    if (change.end_time) {
      TRY(session.execute("UPDATE runs SET end_time = ? WHERE run_uuid = ?", {*change.end_time, run_id}));
    }
    if (!name.empty()) TRY(write_name(session, run_id, name));
    RunSet runs(std::span<const std::string>(&run_id, 1));
    TRY(load_infos(session, runs));
    return std::move(std::move(runs).found().front());
  });
}

Result<void> Runs::remove(const std::string& run_id) {
  const std::int64_t now_ms = store_.now_ms();
  return store_.database().write(
      [&](sql::Session& session) { return set_stage(session, run_id, "deleted", now_ms); });
}

Result<void> Runs::restore(const std::string& run_id) {
  return store_.database().write(
      [&](sql::Session& session) { return set_stage(session, run_id, "active", nullptr); });
}

Result<void> Runs::log_param(const std::string& run_id, const Param& param) {
  const Param fitting = TRY(checked(param, "", options_.truncate_long_values));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active_run(session, run_id));
    const std::optional<std::string> other = TRY(write_param(session, run_id, fitting));
    if (!other) return {};
    return invalid(
        fmt::format("Changing param values is not allowed. Param with key='{}' was already logged with "
                    "value='{}' for run ID='{}'. Attempted logging new value '{}'.",
                    fitting.key, *other, run_id, fitting.value));
  });
}

Result<void> Runs::set_tag(const std::string& run_id, const Tag& tag) {
  const Tag fitting = TRY(checked(tag, "", options_.truncate_long_values));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active_run(session, run_id));
    return write_tag_or_name(session, run_id, fitting);
  });
}

Result<void> Runs::delete_tag(const std::string& run_id, const std::string& key) {
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active_run(session, run_id));
    const std::int64_t removed =
        TRY(session.execute(R"(DELETE FROM tags WHERE "key" = ? AND run_uuid = ?)", {key, run_id}));
    if (removed > 0) return {};
    return core::Error(core::ErrorCode::kNotFound,
                       fmt::format("No tag with name: {} in run with id {}", key, run_id));
  });
}

Result<void> Runs::log_batch(const std::string& run_id, Batch batch) {
  TRY(check_run_id(run_id));
  const Batch fitting = TRY(checked(std::move(batch), options_.truncate_long_values));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    const std::int64_t experiment_id = TRY(require_active_run(session, run_id));
    TRY(write_params(session, run_id, fitting.params));
    TRY(write_metrics(session, run_id, experiment_id, fitting.metrics));
    for (const Tag& tag : fitting.tags) TRY(write_tag_or_name(session, run_id, tag));
    return {};
  });
}

Result<void> Runs::log_model(const std::string& run_id, const std::string& model_json) {
  const codec::Json entry = TRY(history_entry(model_json));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active_run(session, run_id));
    codec::Json history = TRY(model_history(session, run_id));
    history.push(entry);
    const std::string text = codec::to_text(history, codec::JsonStyle::kCompact);
    return write_tag(session, run_id, {std::string(kModelHistoryTag), text});
  });
}

}  // namespace starcast::tracking
