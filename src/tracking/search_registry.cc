#include "tracking/search_registry.h"

#include <algorithm>
#include <utility>

#include "core/strings.h"
#include "tracking/filter.h"
#include "tracking/model_versions.h"
#include "tracking/registered_models.h"

namespace starcast::tracking {
namespace {

Fragment model_column(std::string_view attribute) {
  if (attribute == "name") return "r.name";
  if (attribute == "last_updated_timestamp") return "r.last_updated_time";
  return "";
}

Fragment version_column(std::string_view attribute) {
  if (attribute == "name") return "r.name";
  if (attribute == "version_number") return "r.version";
  if (attribute == "run_id") return "r.run_id";
  if (attribute == "source_path") return "r.source";
  if (attribute == "creation_timestamp") return "r.creation_time";
  if (attribute == "last_updated_timestamp") return "r.last_updated_time";
  return "";
}

bool is_about_prompts(const Comparison& clause) {
  return clause.field == Field::kTag && clause.key == kIsPromptTag;
}

std::size_t prompt_clauses_in(const Filter& filter) {
  std::size_t count = 0;
  if (filter.kind == Filter::Kind::kComparison && is_about_prompts(filter.comparison)) ++count;
  for (const Filter& part : filter.parts) count += prompt_clauses_in(part);
  return count;
}

bool asks_for_prompts(const Comparison& clause) {
  const std::string* value = std::get_if<std::string>(&clause.value);
  if (value == nullptr) return false;
  const std::string lower = core::ascii_lower(*value);
  return (clause.comparator == Comparator::kEqual && lower == "true") ||
         (clause.comparator == Comparator::kNotEqual && lower == "false");
}

// Appends the filter. MLflow reads clauses on the prompt tag as "prompts" or "no prompts", for a model does
// not have the tag; below OR and NOT, which are ours, they are what they say.
void add_registry_filter(Statement& from, const Filter& filter, const SearchTable& table,
                         Fragment no_prompts) {
  std::vector<const Comparison*> about;
  for (const Comparison* clause : required_clauses(filter)) {
    if (is_about_prompts(*clause)) about.push_back(clause);
  }
  const bool literal =
      prompt_clauses_in(filter) != about.size() || (!about.empty() && asks_for_prompts(*about.front()));
  if (literal) {
    add_filter(from, filter, table);
    return;
  }
  add_filter(from, filter, table, about);
  from.add(no_prompts);
}

Statement model_rows(const Filter& filter) {
  SearchTable table;
  table.column = &model_column;
  constexpr Fragment same = " AND c.workspace = r.workspace AND c.name = r.name";
  table.tags =
      ChildRows{R"(EXISTS (SELECT 1 FROM registered_model_tags c WHERE c."key" = )", "c.value", same, same};
  Statement from("FROM registered_models r WHERE ");
  add_registry_filter(
      from, filter, table,
      " AND NOT EXISTS (SELECT 1 FROM registered_model_tags p WHERE p.workspace = r.workspace "
      "AND p.\"key\" = 'mlflow.prompt.is_prompt' AND p.name = r.name AND p.value = 'true')");
  return from;
}

Statement version_rows(const Filter& filter) {
  SearchTable table;
  table.column = &version_column;
  constexpr Fragment same = " AND c.workspace = r.workspace AND c.name = r.name AND c.version = r.version";
  table.tags =
      ChildRows{R"(EXISTS (SELECT 1 FROM model_version_tags c WHERE c."key" = )", "c.value", same, same};
  Statement from("FROM model_versions r WHERE r.current_stage <> 'Deleted_Internal' AND ");
  add_registry_filter(from, filter, table,
                      " AND NOT EXISTS (SELECT 1 FROM model_version_tags p WHERE p.workspace = r.workspace "
                      "AND p.\"key\" = 'mlflow.prompt.is_prompt' AND p.name = r.name AND p.value = 'true')");
  return from;
}

std::vector<Term> model_terms(const std::vector<OrderKey>& order) {
  std::vector<Term> terms;
  for (const OrderKey& key : order) {
    const Term::Type type = key.key == "name" ? Term::Type::kText : Term::Type::kInteger;
    add_nullable_terms(terms, model_column(key.key), type, key.direction);
  }
  terms.push_back({Statement("r.name"), Term::Type::kText, Direction::kAscending});
  return terms;
}

std::vector<Term> version_terms(std::vector<OrderKey> order) {
  if (order.empty()) order.push_back({Field::kAttribute, "last_updated_timestamp", Direction::kDescending});
  std::vector<Term> terms;
  for (const OrderKey& key : order) {
    const Term::Type type = key.key == "name" ? Term::Type::kText : Term::Type::kInteger;
    add_nullable_terms(terms, version_column(key.key), type, key.direction);
  }
  terms.push_back({Statement("r.name"), Term::Type::kText, Direction::kAscending});
  terms.push_back({Statement("r.version"), Term::Type::kInteger, Direction::kDescending});
  return terms;
}

}  // namespace

core::Result<RegisteredModelPage> search_registered_models(Store& store, const RegistrySearch& search) {
  const std::size_t limit = TRY(check_max_results(search.max_results, kRegisteredModelsPageMax));
  const Filter filter = TRY(parse_filter(search.filter, Resource::kRegisteredModels));
  const std::vector<OrderKey> order = TRY(parse_order_by(search.order_by, Resource::kRegisteredModels));
  const std::vector<Term> terms = model_terms(order);
  const std::string text = search_text("registered-models", {{search.filter}, search.order_by});
  const Keys after = TRY(read_page_start(text, search.page_token, terms));
  const Statement from = model_rows(filter);
  RegisteredModelPage page;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    page = RegisteredModelPage();
    std::vector<Keys> rows = TRY(query_keys(session, from, terms, after, limit + 1));
    page.next_page_token = cut_page(rows, limit, text);
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (Keys& keys : rows) names.push_back(std::move(std::get<std::string>(keys.back())));
    page.models = TRY(load_models(session, names));
    return {};
  };
  TRY(store.database().read(read));
  return page;
}

core::Result<ModelVersionPage> search_model_versions(Store& store, const RegistrySearch& search) {
  const std::size_t limit = TRY(check_max_results(search.max_results, kModelVersionsPageMax));
  const Filter filter = TRY(parse_filter(search.filter, Resource::kModelVersions));
  std::vector<OrderKey> order = TRY(parse_order_by(search.order_by, Resource::kModelVersions));
  const std::vector<Term> terms = version_terms(std::move(order));
  const std::string text = search_text("model-versions", {{search.filter}, search.order_by});
  const Keys after = TRY(read_page_start(text, search.page_token, terms));
  const Statement from = version_rows(filter);
  ModelVersionPage page;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    page = ModelVersionPage();
    std::vector<Keys> rows = TRY(query_keys(session, from, terms, after, limit + 1));
    page.next_page_token = cut_page(rows, limit, text);
    std::vector<VersionKey> versions;
    versions.reserve(rows.size());
    for (const Keys& keys : rows) {
      versions.push_back({std::get<std::string>(keys[keys.size() - 2]), std::get<std::int64_t>(keys.back())});
    }
    page.versions = TRY(load_versions(session, versions));
    return {};
  };
  TRY(store.database().read(read));
  return page;
}

}  // namespace starcast::tracking
