#include "tracking/inputs.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "tracking/names.h"
#include "tracking/run_rows.h"

namespace starcast::tracking {
namespace {

using core::Result;

constexpr std::size_t kDatasetsMax = 1000;
constexpr std::size_t kModelsMax = 1000;
constexpr std::size_t kNameChars = 500;
constexpr std::size_t kDigestChars = 36;
constexpr std::size_t kSourceTypeChars = 36;
constexpr std::size_t kSourceChars = 65'535;
constexpr std::size_t kSchemaChars = 1'048'575;
constexpr std::size_t kProfileChars = 16'777'215;
constexpr std::size_t kInputTagKeyChars = 255;
constexpr std::size_t kInputTagValueChars = 500;
constexpr std::size_t kModelIdChars = 36;

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

Result<void> check_length(const std::string& value, std::size_t chars_max, std::string_view name) {
  TRY(check_text(value, name));
  TRY(fit_value(value, chars_max, false, name));
  return {};
}

Result<void> check_input(const DatasetInput& input) {
  const Dataset& dataset = input.dataset;
  TRY(check_length(dataset.name, kNameChars, "name"));
  TRY(check_length(dataset.digest, kDigestChars, "digest"));
  TRY(check_length(dataset.source_type, kSourceTypeChars, "source_type"));
  TRY(check_length(dataset.source, kSourceChars, "source"));
  TRY(check_length(dataset.schema.value_or(""), kSchemaChars, "schema"));
  TRY(check_length(dataset.profile.value_or(""), kProfileChars, "profile"));
  for (const Tag& tag : input.tags) {
    TRY(check_length(tag.key, kInputTagKeyChars, "key"));
    TRY(check_length(tag.value, kInputTagValueChars, "value"));
  }
  return {};
}

Result<void> check_count(std::string_view what, std::size_t limit, std::size_t count) {
  if (count <= limit) return {};
  return invalid(
      fmt::format("a request can contain at most {0} {1}, and this one has {2}; split up {1} across "
                  "multiple requests",
                  limit, what, count));
}

sql::Value or_null(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  return *text;
}

// The dataset's id in its experiment; it is made when it is not there.
Result<std::string> write_dataset(sql::Session& session, std::int64_t experiment_id, const Dataset& dataset,
                                  const std::string& new_id) {
  std::string id;
  TRY(session.query("SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
                    {experiment_id, dataset.name, dataset.digest}, [&](const sql::Row& row) {
                      id = row.text(0);
                      return Result<void>();
                    }));
  if (!id.empty()) return id;
  TRY(
      session.execute("INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, "
                      "dataset_source, dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      {new_id, experiment_id, dataset.name, dataset.digest, dataset.source_type,
                       dataset.source, or_null(dataset.schema), or_null(dataset.profile)}));
  return new_id;
}

struct Link {
  std::string_view source_type;
  std::string_view source_id;
  std::string_view destination_type;
  std::string_view destination_id;
  std::int64_t step = 0;
};

// 0 when the link is there already.
Result<std::int64_t> write_link(sql::Session& session, const std::string& id, const Link& link) {
  return session.execute(
      "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) "
      "VALUES "
      "(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {id, std::string(link.source_type), std::string(link.source_id), std::string(link.destination_type),
       std::string(link.destination_id), link.step});
}

Result<void> write_dataset_input(sql::Session& session, const Store& store, const std::string& run_id,
                                 std::int64_t experiment_id, const DatasetInput& input) {
  const std::string dataset_id = TRY(write_dataset(session, experiment_id, input.dataset, store.new_id()));
  const std::string id = store.new_id();
  const std::int64_t linked = TRY(write_link(session, id, {"DATASET", dataset_id, "RUN", run_id}));
  if (linked == 0) return {};
  for (const Tag& tag : input.tags) {
    TRY(
        session.execute("INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?) ON CONFLICT "
                        "(input_uuid, name) DO UPDATE SET value = excluded.value",
                        {id, tag.key, tag.value}));
  }
  return {};
}

Result<std::int64_t> step_of_output(sql::Session& session, const std::string& run_id,
                                    const std::string& model_id) {
  std::int64_t step = 0;
  TRY(
      session.query("SELECT step FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id = ? AND "
                    "destination_type = 'MODEL_OUTPUT' AND destination_id = ?",
                    {run_id, model_id}, [&](const sql::Row& row) {
                      step = row.integer(0);
                      return Result<void>();
                    }));
  return step;
}

}  // namespace

Result<void> Inputs::log_inputs(const std::string& run_id, const std::vector<DatasetInput>& datasets,
                                const std::vector<std::string>& model_ids) {
  TRY(check_run_id(run_id));
  TRY(check_count("datasets", kDatasetsMax, datasets.size()));
  TRY(check_count("models", kModelsMax, model_ids.size()));
  for (const DatasetInput& input : datasets) TRY(check_input(input));
  for (const std::string& id : model_ids) TRY(check_length(id, kModelIdChars, "model_id"));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    const std::int64_t experiment_id = TRY(require_active_run(session, run_id));
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const DatasetInput& input : datasets) {
      if (!seen.emplace(input.dataset.name, input.dataset.digest).second) continue;
      TRY(write_dataset_input(session, store_, run_id, experiment_id, input));
    }
    for (const std::string& id : model_ids) {
      TRY(write_link(session, store_.new_id(), {"RUN_INPUT", run_id, "MODEL_INPUT", id}));
    }
    return {};
  });
}

Result<void> Inputs::log_outputs(const std::string& run_id, const std::vector<ModelOutput>& models) {
  TRY(check_count("models", kModelsMax, models.size()));
  for (const ModelOutput& model : models) TRY(check_length(model.model_id, kModelIdChars, "model_id"));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    TRY(require_active_run(session, run_id));
    for (const ModelOutput& model : models) {
      const Link link{"RUN_OUTPUT", run_id, "MODEL_OUTPUT", model.model_id, model.step};
      const std::int64_t linked = TRY(write_link(session, store_.new_id(), link));
      if (linked > 0) continue;
      const std::int64_t step = TRY(step_of_output(session, run_id, model.model_id));
      if (step == model.step) continue;
      return invalid(fmt::format("model '{}' is already an output of run '{}', at step {}", model.model_id,
                                 run_id, step));
    }
    return {};
  });
}

}  // namespace starcast::tracking
