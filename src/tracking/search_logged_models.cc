#include "tracking/search_logged_models.h"

#include <algorithm>
#include <utility>

#include "tracking/logged_models.h"
#include "tracking/names.h"

namespace starcast::tracking {
namespace {

Fragment filter_column(std::string_view attribute) {
  if (attribute == "name") return "r.name";
  if (attribute == "model_id") return "r.model_id";
  if (attribute == "model_type") return "r.model_type";
  if (attribute == "source_run_id") return "r.source_run_id";
  if (attribute == "creation_timestamp") return "r.creation_timestamp_ms";
  if (attribute == "last_updated_timestamp") return "r.last_updated_timestamp_ms";
  // MLflow compares the name with the number that is stored, so that nothing matches.
  if (attribute == "status") {
    return "CASE r.status WHEN 1 THEN 'PENDING' WHEN 2 THEN 'READY' WHEN 3 THEN 'FAILED' "
           "ELSE 'UNSPECIFIED' END";
  }
  return "";
}

Term::Type type_of(std::string_view attribute) {
  const bool is_number =
      attribute == "status" || attribute == "creation_timestamp" || attribute == "last_updated_timestamp";
  return is_number ? Term::Type::kInteger : Term::Type::kText;
}

// " AND (c.dataset_name = ? AND c.dataset_digest = ? OR …)".
Statement dataset_scope(const std::vector<DatasetFilter>& datasets) {
  Statement scope;
  if (datasets.empty()) return scope;
  scope.add(" AND (");
  bool first = true;
  for (const DatasetFilter& dataset : datasets) {
    if (!first) scope.add(" OR ");
    first = false;
    scope.add("c.dataset_name = ").bind(dataset.name);
    if (!dataset.digest.empty()) scope.add(" AND c.dataset_digest = ").bind(dataset.digest);
  }
  scope.add(")");
  return scope;
}

bool has_metric_clause(const Filter& filter) {
  if (filter.kind == Filter::Kind::kComparison) return filter.comparison.field == Field::kMetric;
  return std::any_of(filter.parts.begin(), filter.parts.end(), has_metric_clause);
}

Statement latest_metric(const OrderKey& key) {
  Statement value(
      "(SELECT o.metric_value FROM logged_model_metrics o WHERE o.model_id = r.model_id AND o.metric_name "
      "= ");
  value.bind(key.key);
  if (!key.dataset_name.empty()) value.add(" AND o.dataset_name = ").bind(key.dataset_name);
  if (!key.dataset_digest.empty()) value.add(" AND o.dataset_digest = ").bind(key.dataset_digest);
  value.add(" ORDER BY o.metric_timestamp_ms DESC, o.metric_step DESC, o.run_id LIMIT 1)");
  return value;
}

std::vector<Term> terms_of(std::vector<OrderKey> order) {
  const auto is_creation = [](const OrderKey& key) {
    return key.field == Field::kAttribute && key.key == "creation_timestamp";
  };
  if (std::none_of(order.begin(), order.end(), is_creation)) {
    order.push_back({Field::kAttribute, "creation_timestamp", Direction::kDescending});
  }
  std::vector<Term> terms;
  for (const OrderKey& key : order) {
    if (key.field == Field::kMetric) {
      add_nullable_terms(terms, latest_metric(key), Term::Type::kReal, key.direction);
    } else {
      const Fragment column = key.key == "status" ? Fragment("r.status") : filter_column(key.key);
      add_nullable_terms(terms, column, type_of(key.key), key.direction);
    }
  }
  terms.push_back({Statement("r.model_id")});
  return terms;
}

Statement rows_of(const std::vector<std::int64_t>& experiments, const Filter& filter,
                  const std::vector<DatasetFilter>& datasets) {
  constexpr Fragment same = " AND c.model_id = r.model_id";
  SearchTable table;
  table.column = &filter_column;
  table.metrics = ChildRows{
      "EXISTS (SELECT 1 FROM logged_model_metrics c WHERE c.metric_name = ", "c.metric_value", same, same};
  table.metric_scope = dataset_scope(datasets);
  table.params = ChildRows{
      "EXISTS (SELECT 1 FROM logged_model_params c WHERE c.param_key = ", "c.param_value", same, same};
  table.tags =
      ChildRows{"EXISTS (SELECT 1 FROM logged_model_tags c WHERE c.tag_key = ", "c.tag_value", same, same};
  Statement from(
      "FROM logged_models r WHERE r.lifecycle_stage <> 'deleted' AND r.experiment_id IN (SELECT value FROM "
      "json_each(");
  from.bind(json_list(experiments)).add(")) AND ");
  add_filter(from, filter, table);
  if (!datasets.empty() && !has_metric_clause(filter)) {
    from.add(" AND EXISTS (SELECT 1 FROM logged_model_metrics c WHERE c.model_id = r.model_id");
    from.add(table.metric_scope).add(")");
  }
  return from;
}

std::string text_of(const LoggedModelSearch& search) {
  std::vector<std::string> datasets;
  for (const DatasetFilter& dataset : search.datasets) {
    datasets.push_back(dataset.name);
    datasets.push_back(dataset.digest);
  }
  std::vector<std::string> order;
  for (const OrderKey& key : search.order_by) {
    order.push_back(key.field == Field::kMetric ? "metric" : "attribute");
    order.push_back(key.key);
    order.push_back(key.direction == Direction::kDescending ? "desc" : "asc");
    order.push_back(key.dataset_name);
    order.push_back(key.dataset_digest);
  }
  return search_text("logged-models", {search.experiment_ids, {search.filter}, datasets, order});
}

core::Result<void> check(const LoggedModelSearch& search) {
  const auto fail = [](std::string message) {
    return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
  };
  for (const DatasetFilter& dataset : search.datasets) {
    if (dataset.name.empty()) return fail("`dataset_name` in the `datasets` clause must be specified.");
  }
  if (search.datasets.size() > kFilterClauses) return fail("Invalid datasets: too many of them");
  if (search.order_by.size() > kOrderKeys) return fail("Invalid order_by: too many keys");
  for (const OrderKey& key : search.order_by) {
    if (!key.dataset_digest.empty() && key.dataset_name.empty()) {
      return fail("`dataset_digest` can only be specified if `dataset_name` is also specified.");
    }
  }
  return {};
}

}  // namespace

core::Result<LoggedModelPage> search_logged_models(Store& store, const LoggedModelSearch& search) {
  const std::size_t limit = TRY(check_max_results(search.max_results, kLoggedModelsPageMax));
  TRY(check(search));
  const Filter filter = TRY(parse_filter(search.filter, Resource::kLoggedModels));
  std::vector<std::int64_t> experiments;
  for (const std::string& id : search.experiment_ids) experiments.push_back(TRY(parse_experiment_id(id)));
  const std::vector<Term> terms = terms_of(search.order_by);
  const std::string text = text_of(search);
  const Keys after = TRY(read_page_start(text, search.page_token, terms));
  const Statement from = rows_of(experiments, filter, search.datasets);
  LoggedModelPage page;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    page = LoggedModelPage();
    std::vector<Keys> rows = TRY(query_keys(session, from, terms, after, limit + 1));
    page.next_page_token = cut_page(rows, limit, text);
    std::vector<std::string> ids;
    ids.reserve(rows.size());
    for (Keys& keys : rows) ids.push_back(std::move(std::get<std::string>(keys.back())));
    page.models = TRY(load_logged_models(session, ids));
    return {};
  };
  TRY(store.database().read(read));
  return page;
}

}  // namespace starcast::tracking
