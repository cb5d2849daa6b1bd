#include "tracking/search_experiments.h"

#include <utility>

#include "tracking/experiments.h"
#include "tracking/filter.h"
#include "tracking/names.h"

namespace starcast::tracking {
namespace {

Fragment column_of(std::string_view attribute) {
  if (attribute == "name") return "r.name";
  if (attribute == "experiment_id") return "r.experiment_id";
  if (attribute == "creation_time") return "r.creation_time";
  if (attribute == "last_update_time") return "r.last_update_time";
  return "";
}

std::vector<Term> terms_of(std::vector<OrderKey> order) {
  if (order.empty()) {
    order.push_back({Field::kAttribute, "creation_time", Direction::kDescending});
    order.push_back({Field::kAttribute, "experiment_id", Direction::kAscending});
  }
  std::vector<Term> terms;
  for (const OrderKey& key : order) {
    const Term::Type type = key.key == "name" ? Term::Type::kText : Term::Type::kInteger;
    add_nullable_terms(terms, column_of(key.key), type, key.direction);
  }
  terms.push_back({Statement("r.experiment_id"), Term::Type::kInteger, Direction::kDescending});
  return terms;
}

Statement rows_of(View view, const Filter& filter) {
  SearchTable table;
  table.column = &column_of;
  table.tags = ChildRows{R"(EXISTS (SELECT 1 FROM experiment_tags c WHERE c."key" = )", "c.value",
                         " AND c.experiment_id = r.experiment_id", " AND c.experiment_id = r.experiment_id"};
  Statement from("FROM experiments r WHERE ");
  switch (view) {
    case View::kActiveOnly:
      from.add("r.lifecycle_stage = 'active'");
      break;
    case View::kDeletedOnly:
      from.add("r.lifecycle_stage = 'deleted'");
      break;
    case View::kAll:
      from.add("r.lifecycle_stage IN ('active', 'deleted')");
      break;
  }
  from.add(" AND ");
  add_filter(from, filter, table);
  return from;
}

}  // namespace

core::Result<ExperimentPage> search_experiments(Store& store, const ExperimentSearch& search) {
  const std::size_t limit = TRY(check_max_results(search.max_results, kExperimentsPageMax));
  const Filter filter = TRY(parse_filter(search.filter, Resource::kExperiments));
  std::vector<OrderKey> order = TRY(parse_order_by(search.order_by, Resource::kExperiments));
  const std::vector<Term> terms = terms_of(std::move(order));
  const std::string text = search_text(
      "experiments", {{search.filter}, {std::to_string(static_cast<int>(search.view))}, search.order_by});
  const Keys after = TRY(read_page_start(text, search.page_token, terms));
  const Statement from = rows_of(search.view, filter);
  ExperimentPage page;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    page = ExperimentPage();
    std::vector<Keys> rows = TRY(query_keys(session, from, terms, after, limit + 1));
    page.next_page_token = cut_page(rows, limit, text);
    std::vector<std::int64_t> ids;
    ids.reserve(rows.size());
    for (const Keys& keys : rows) ids.push_back(std::get<std::int64_t>(keys.back()));
    page.experiments = TRY(load_experiments(session, ids));
    return {};
  };
  TRY(store.database().read(read));
  return page;
}

core::Result<std::vector<DatasetSummary>> search_datasets(Store& store,
                                                          const std::vector<std::string>& experiment_ids) {
  if (experiment_ids.empty()) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       "SearchDatasets request must specify at least one experiment_id.");
  }
  std::vector<std::int64_t> ids;
  for (const std::string& id : experiment_ids) ids.push_back(TRY(parse_experiment_id(id)));
  std::vector<DatasetSummary> found;
  const auto read = [&](sql::Session& session) {
    found.clear();
    return session.query(
        "SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value FROM datasets d "
        "JOIN inputs i ON i.source_type = 'DATASET' AND i.source_id = d.dataset_uuid "
        "LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context' "
        "WHERE d.experiment_id IN (SELECT value FROM json_each(?)) LIMIT 1000",
        {json_list(ids)}, [&](const sql::Row& row) {
          found.push_back({row.integer(0), row.string(1), row.string(2), row.string(3)});
          return core::Result<void>();
        });
  };
  TRY(store.database().read(read));
  return found;
}

}  // namespace starcast::tracking
