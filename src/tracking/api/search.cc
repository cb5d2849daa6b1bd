#include "tracking/api/search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "tracking/api/json_text.h"
#include "tracking/api/logged_model_json.h"
#include "tracking/api/registry_json.h"
#include "tracking/api/run_json.h"
#include "tracking/search_experiments.h"
#include "tracking/search_logged_models.h"
#include "tracking/search_registry.h"
#include "tracking/search_runs.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Response;

constexpr std::size_t kExperimentsOfDatasetsMax = 20;
constexpr std::size_t kRunsToGuessBy = 50;
constexpr std::size_t kGuessBytesMax = std::size_t{4} << 20;

Result<View> view_of(const Fields& fields, std::string_view name) {
  static const std::vector<std::string_view> names(std::begin(kViewNames), std::end(kViewNames));
  const std::optional<std::string> view = TRY(fields.one_of(name, names));
  if (!view) return View::kActiveOnly;
  const auto place = std::find(names.begin(), names.end(), *view) - names.begin();
  return static_cast<View>(place + 1);
}

// {"<name>":[…],"next_page_token":"…"}, without what is empty.
template <typename Item>
Response page_response(std::string_view name, const std::vector<Item>& items, const std::string& token) {
  std::string body;
  {
    ObjectText object(body);
    if (!items.empty()) {
      append_list(object.member(name), items,
                  [](std::string& out, const Item& item) { append_json(out, item); });
    }
    if (!token.empty()) object.text("next_page_token", token);
  }
  return json_text_response(std::move(body));
}

Result<Response> runs(Store& store, const Fields& fields) {
  RunSearch search;
  search.experiment_ids = TRY(fields.texts("experiment_ids"));
  search.filter = TRY(fields.text_or("filter", ""));
  search.view = TRY(view_of(fields, "run_view_type"));
  search.max_results = TRY(fields.integer_or("max_results", kRunsPageDefault));
  search.order_by = TRY(fields.texts("order_by"));
  search.page_token = TRY(fields.text_or("page_token", ""));
  constexpr std::string_view kStart = R"({"runs":[)";
  std::string body(kStart);
  std::size_t written = 0;
  const std::string token = TRY(search_runs(store, search, [&](const Run& run) {
    if (body.size() > kStart.size()) body += ',';
    append_json(body, run);
    // A large page is then not copied as it grows, which holds it twice.
    if (++written == kRunsToGuessBy) {
      body.reserve(std::min(kGuessBytesMax,
                            body.size() / kRunsToGuessBy * static_cast<std::size_t>(search.max_results + 4)));
    }
  }));
  if (body.size() == kStart.size()) return empty_response();
  body += ']';
  if (!token.empty()) {
    body += R"(,"next_page_token":)";
    append_text(body, token);
  }
  body += '}';
  return json_text_response(std::move(body));
}

Result<Response> experiments(Store& store, const Fields& fields) {
  ExperimentSearch search;
  search.filter = TRY(fields.text_or("filter", ""));
  search.view = TRY(view_of(fields, "view_type"));
  search.max_results = TRY(fields.integer_or("max_results", search.max_results));
  search.order_by = TRY(fields.texts("order_by"));
  search.page_token = TRY(fields.text_or("page_token", ""));
  const ExperimentPage page = TRY(search_experiments(store, search));
  return page_response("experiments", page.experiments, page.next_page_token);
}

void append_summary(std::string& out, const DatasetSummary& summary) {
  ObjectText object(out);
  object.text("experiment_id", std::to_string(summary.experiment_id));
  object.text("name", summary.name);
  object.text("digest", summary.digest);
  if (!summary.context.empty()) object.text("context", summary.context);
}

Result<Response> datasets(Store& store, const Fields& fields) {
  const std::vector<std::string> ids = TRY(fields.texts("experiment_ids"));
  if (ids.size() > kExperimentsOfDatasetsMax) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("SearchDatasets request cannot specify more than {} experiment_ids. "
                                   "Received {} experiment_ids.",
                                   kExperimentsOfDatasetsMax, ids.size()));
  }
  const std::vector<DatasetSummary> found = TRY(search_datasets(store, ids));
  std::string body;
  {
    ObjectText object(body);
    if (!found.empty()) append_list(object.member("dataset_summaries"), found, append_summary);
  }
  return json_text_response(std::move(body));
}

Result<RegistrySearch> registry_search(const Fields& fields, std::int64_t max_results) {
  RegistrySearch search;
  search.filter = TRY(fields.text_or("filter", ""));
  search.max_results = TRY(fields.integer_or("max_results", max_results));
  search.order_by = TRY(fields.texts("order_by"));
  search.page_token = TRY(fields.text_or("page_token", ""));
  return search;
}

Result<Response> registered_models(Store& store, const Fields& fields) {
  const RegistrySearch search = TRY(registry_search(fields, kRegisteredModelsPageDefault));
  const RegisteredModelPage page = TRY(search_registered_models(store, search));
  return page_response("registered_models", page.models, page.next_page_token);
}

Result<Response> model_versions(Store& store, const Fields& fields) {
  const RegistrySearch search = TRY(registry_search(fields, kModelVersionsPageDefault));
  const ModelVersionPage page = TRY(search_model_versions(store, search));
  return page_response("model_versions", page.versions, page.next_page_token);
}

Result<OrderKey> logged_model_order(const Fields& fields) {
  const std::string name = TRY(fields.required_text("field_name"));
  OrderKey key = TRY(parse_logged_model_order(name));
  const std::optional<bool> ascending = TRY(fields.flag("ascending"));
  if (!ascending.value_or(true)) key.direction = Direction::kDescending;
  key.dataset_name = TRY(fields.text_or("dataset_name", ""));
  key.dataset_digest = TRY(fields.text_or("dataset_digest", ""));
  return key;
}

Result<Response> logged_models(Store& store, const Fields& fields) {
  if (!fields.has("experiment_ids")) return missing_parameter("experiment_ids");
  LoggedModelSearch search;
  search.experiment_ids = TRY(fields.texts("experiment_ids"));
  search.filter = TRY(fields.text_or("filter", ""));
  const std::vector<Fields> datasets_given = TRY(fields.messages("datasets"));
  for (const Fields& dataset : datasets_given) {
    DatasetFilter& read = search.datasets.emplace_back();
    read.name = TRY(dataset.text_or("dataset_name", ""));
    read.digest = TRY(dataset.text_or("dataset_digest", ""));
  }
  search.max_results = TRY(fields.integer_or("max_results", kLoggedModelsPageDefault));
  const std::vector<Fields> order = TRY(fields.messages("order_by"));
  for (const Fields& one : order) search.order_by.push_back(TRY(logged_model_order(one)));
  search.page_token = TRY(fields.text_or("page_token", ""));
  const LoggedModelPage page = TRY(search_logged_models(store, search));
  return page_response("models", page.models, page.next_page_token);
}

}  // namespace

void add_search_routes(const Mount& mount, Store& store) {
  using Call = Result<Response> (*)(Store&, const Fields&);
  const auto add = [&](http::Method method, std::string_view path, std::string_view resource,
                       std::string_view rpc, Call call) {
    mount.add("2.0", method, path, http::Permission::kRead, resource, rpc,
              [&store, call](const http::Request& request) -> Result<Response> {
                const Fields fields = TRY(Fields::of(request));
                return call(store, fields);
              });
  };
  using http::Method;
  add(Method::kPost, "/mlflow/runs/search", "runs", "searchRuns", runs);
  add(Method::kPost, "/mlflow/experiments/search", "experiments", "searchExperiments", experiments);
  add(Method::kGet, "/mlflow/experiments/search", "experiments", "searchExperiments", experiments);
  add(Method::kPost, "/mlflow/experiments/search-datasets", "datasets", "searchDatasets", datasets);
  add(Method::kGet, "/mlflow/registered-models/search", "registered models", "searchRegisteredModels",
      registered_models);
  add(Method::kGet, "/mlflow/model-versions/search", "model versions", "searchModelVersions", model_versions);
  add(Method::kPost, "/mlflow/logged-models/search", "logged models", "searchLoggedModels", logged_models);
}

}  // namespace starcast::tracking::api
