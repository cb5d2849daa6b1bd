#include "tracking/search_runs.h"

#include <algorithm>
#include <span>
#include <utility>

#include "tracking/filter.h"
#include "tracking/names.h"
#include "tracking/run_query.h"
#include "tracking/runs.h"

namespace starcast::tracking {

namespace {

constexpr std::size_t kRunsAtOnce = 100;

}  // namespace

core::Result<RunPage> search_runs(Store& store, const RunSearch& search) {
  RunPage page;
  page.next_page_token =
      TRY(search_runs(store, search, [&page](Run run) { page.runs.push_back(std::move(run)); }));
  return page;
}

core::Result<std::string> search_runs(Store& store, const RunSearch& search,
                                      const std::function<void(Run)>& each) {
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
  std::string next_page_token;
  if (search.experiment_ids.empty()) return next_page_token;
  const auto read = [&](sql::Session& session) -> core::Result<void> {
    std::vector<Keys> rows = TRY(query.rows(session, after, limit + 1));
    next_page_token = cut_page(rows, limit, text);
    std::vector<std::string> ids;
    ids.reserve(rows.size());
    for (Keys& keys : rows) ids.push_back(std::move(std::get<std::string>(keys.back())));
    const std::span<const std::string> all(ids);
    for (std::size_t done = 0; done < all.size(); done += kRunsAtOnce) {
      std::vector<Run> runs =
          TRY(load_runs(session, all.subspan(done, std::min(kRunsAtOnce, all.size() - done))));
      for (Run& run : runs) each(std::move(run));
    }
    return {};
  };
  TRY(store.database().read(read));
  return next_page_token;
}

}  // namespace starcast::tracking
