#include "tracking/search_runs.h"

#include <algorithm>
#include <utility>

#include "tracking/filter.h"
#include "tracking/names.h"
#include "tracking/run_query.h"
#include "tracking/runs.h"

namespace starcast::tracking {

core::Result<RunPage> search_runs(Store& store, const RunSearch& search) {
  const std::size_t limit = TRY(check_max_results(search.max_results, kRunsPageMax));
  Filter filter = TRY(parse_filter(search.filter, Resource::kRuns));
  std::vector<OrderKey> order = TRY(parse_order_by(search.order_by, Resource::kRuns));
  std::vector<std::int64_t> experiments;
  for (const std::string& id : search.experiment_ids) experiments.push_back(TRY(parse_experiment_id(id)));
  std::sort(experiments.begin(), experiments.end());
  experiments.erase(std::unique(experiments.begin(), experiments.end()), experiments.end());

  const std::string text = search_text("runs", {search.experiment_ids,
                                                {search.filter},
                                                {std::to_string(static_cast<int>(search.view))},
                                                search.order_by});
  const RunQuery query(std::move(experiments), search.view, std::move(filter), std::move(order));
  const Keys after = TRY(read_page_start(text, search.page_token, query.terms()));
  RunPage page;
  if (search.experiment_ids.empty()) return page;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    page = RunPage();
    std::vector<Keys> rows = TRY(query.rows(session, after, limit + 1));
    page.next_page_token = cut_page(rows, limit, text);
    std::vector<std::string> ids;
    ids.reserve(rows.size());
    for (Keys& keys : rows) ids.push_back(std::move(std::get<std::string>(keys.back())));
    page.runs = TRY(load_runs(session, ids));
    return {};
  };
  TRY(store.database().read(read));
  return page;
}

}  // namespace starcast::tracking
