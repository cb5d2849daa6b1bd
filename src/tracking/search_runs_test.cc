#include "tracking/search_runs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/random.h"
#include "tracking/run_query.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Given {
  std::string id{};
  std::int64_t start = 0;
  std::map<std::string, std::optional<double>> metrics{};  // absent: NaN
  std::map<std::string, std::string> params{};
  std::map<std::string, std::string> tags{};
  std::string stage = "active";
  std::int64_t experiment = 0;
  std::string status = "FINISHED";
};

class SearchRuns : public testing::Test {
 protected:
  void add(const Given& run) {
    const core::Result<void> done =
        caller_.store().database().write([&](sql::Session& session) -> core::Result<void> {
          TRY(session.execute(
              "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, "
              "artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', 'ada', ?, ?, ?, 'a', ?)",
              {run.id, "name-" + run.id, run.status, run.start, run.stage, run.experiment}));
          for (const auto& [key, value] : run.metrics) {
            TRY(session.execute("INSERT INTO latest_metrics VALUES (?, ?, 1, 1, ?, ?)",
                                {key, value.value_or(0), std::int64_t{value ? 0 : 1}, run.id}));
          }
          for (const auto& [key, value] : run.params) {
            TRY(session.execute("INSERT INTO params VALUES (?, ?, ?)", {key, value, run.id}));
          }
          for (const auto& [key, value] : run.tags) {
            TRY(session.execute("INSERT INTO tags VALUES (?, ?, ?)", {key, value, run.id}));
          }
          return {};
        });
    ASSERT_TRUE(done) << done.error().message();
  }

  void add_experiment(std::int64_t id) {
    caller_.execute(fmt::format(
        "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES ({}, 'e{}', 'active')", id,
        id));
  }

  static std::vector<std::string> ids_of(const core::Result<RunPage>& page) {
    if (!page) return {"error: " + page.error().message()};
    std::vector<std::string> ids;
    for (const tracking::Run& run : page->runs) ids.push_back(run.id);
    return ids;
  }

  std::vector<std::string> found(const RunSearch& search) {
    return ids_of(search_runs(caller_.store(), search));
  }

  std::vector<std::string> found(std::string filter, std::vector<std::string> order_by = {}) {
    RunSearch search;
    search.experiment_ids = {"0"};
    search.filter = std::move(filter);
    search.order_by = std::move(order_by);
    return found(search);
  }

  // All pages, one after the other.
  std::vector<std::string> paged(RunSearch search) {
    std::vector<std::string> all;
    for (int pages = 0; pages < 1000; ++pages) {
      const core::Result<RunPage> page = search_runs(caller_.store(), search);
      for (std::string& id : ids_of(page)) all.push_back(std::move(id));
      if (!page || page->next_page_token.empty()) break;
      search.page_token = page->next_page_token;
    }
    return all;
  }

  std::string plan(const Statement& statement) {
    std::string text;
    const core::Result<void> done = caller_.store().database().read([&](sql::Session& session) {
      text.clear();
      return session.query("EXPLAIN QUERY PLAN " + statement.text(), statement.values(),
                           [&](const sql::Row& row) {
                             text += row.string(3) + "\n";
                             return core::Result<void>();
                           });
    });
    return done ? text : done.error().message();
  }

  static RunQuery query(std::string_view filter, const std::vector<std::string>& order_by) {
    return RunQuery({0}, View::kActiveOnly, parse_filter(filter, Resource::kRuns).value(),
                    parse_order_by(order_by, Resource::kRuns).value());
  }

  ApiCaller caller_;
};

TEST_F(SearchRuns, GivesTheLatestFirstAndTiesById) {
  add({.id = "a", .start = 1});
  add({.id = "c", .start = 2});
  add({.id = "b", .start = 2});

  EXPECT_THAT(found(""), ElementsAre("b", "c", "a"));
}

TEST_F(SearchRuns, ComparesMetrics) {
  add({.id = "a", .metrics = {{"m", 1}}});
  add({.id = "b", .metrics = {{"m", 2}}});
  add({.id = "n", .metrics = {{"m", std::nullopt}}});
  add({.id = "x"});

  EXPECT_THAT(found("metrics.m = 1"), ElementsAre("a"));
  EXPECT_THAT(found("metrics.m > 1"), ElementsAre("b"));
  EXPECT_THAT(found("metrics.m >= 1"), ElementsAre("a", "b"));
  EXPECT_THAT(found("metrics.m < 2"), ElementsAre("a"));
  EXPECT_THAT(found("metrics.m <= 2"), ElementsAre("a", "b"));
  EXPECT_THAT(found("metrics.m != 1"), ElementsAre("b", "n"));
}

TEST_F(SearchRuns, NeverTakesNanForTheZeroThatIsStored) {
  add({.id = "n", .metrics = {{"m", std::nullopt}}});

  EXPECT_THAT(found("metrics.m = 0"), IsEmpty());
  EXPECT_THAT(found("metrics.m != 0"), ElementsAre("n"));
}

TEST_F(SearchRuns, ComparesParamsAndTags) {
  add({.id = "a", .params = {{"p", "Abc"}}, .tags = {{"t", "Abc"}}});
  add({.id = "b", .params = {{"p", "xyz"}}, .tags = {{"t", "xyz"}}});
  add({.id = "x"});

  for (const std::string field : {"params.p", "tags.t"}) {
    EXPECT_THAT(found(field + " = 'Abc'"), ElementsAre("a"));
    EXPECT_THAT(found(field + " != 'Abc'"), ElementsAre("b"));
    EXPECT_THAT(found(field + " LIKE 'A%'"), ElementsAre("a"));
    EXPECT_THAT(found(field + " LIKE 'a%'"), IsEmpty());
    EXPECT_THAT(found(field + " ILIKE 'a_C'"), ElementsAre("a"));
    EXPECT_THAT(found(field + " IS NULL"), ElementsAre("x"));
    EXPECT_THAT(found(field + " IS NOT NULL"), ElementsAre("a", "b"));
  }
}

TEST_F(SearchRuns, ComparesAttributes) {
  add({.id = "a", .start = 5, .tags = {{"mlflow.runName", "first"}}});
  add({.id = "b", .start = 7, .tags = {{"mlflow.runName", "second"}}, .status = "FAILED"});

  EXPECT_THAT(found("run_id = 'a'"), ElementsAre("a"));
  EXPECT_THAT(found("run_id IN ('a', 'b', 'b')"), ElementsAre("b", "a"));
  EXPECT_THAT(found("run_id NOT IN ('a')"), ElementsAre("b"));
  EXPECT_THAT(found("run_id LIKE '_'"), ElementsAre("b", "a"));
  EXPECT_THAT(found("start_time > 5"), ElementsAre("b"));
  EXPECT_THAT(found("created <= 5.5"), ElementsAre("a"));
  EXPECT_THAT(found("status = 'FAILED'"), ElementsAre("b"));
  EXPECT_THAT(found("user_id ILIKE 'ADA'"), ElementsAre("b", "a"));
  EXPECT_THAT(found("`run name` = 'first'"), ElementsAre("a"));
  EXPECT_THAT(found("end_time > 0"), IsEmpty());
}

TEST_F(SearchRuns, ComparesDatasets) {
  add({.id = "a"});
  add({.id = "b"});
  caller_.execute("INSERT INTO datasets VALUES ('d1', 0, 'wine', 'abc', 'local', 's', NULL, NULL)");
  caller_.execute("INSERT INTO inputs VALUES ('i1', 'DATASET', 'd1', 'RUN', 'a', 0)");
  caller_.execute("INSERT INTO input_tags VALUES ('i1', 'mlflow.data.context', 'train')");

  EXPECT_THAT(found("dataset.name = 'wine'"), ElementsAre("a"));
  EXPECT_THAT(found("datasets.digest LIKE 'a%'"), ElementsAre("a"));
  EXPECT_THAT(found("dataset.context IN ('eval', 'train')"), ElementsAre("a"));
  EXPECT_THAT(found("dataset.name != 'wine'"), IsEmpty());
  EXPECT_THAT(found("NOT dataset.name = 'wine'"), ElementsAre("b"));
}

TEST_F(SearchRuns, BindsWhateverAValueHolds) {
  const std::string value = R"(it's 100% "x"; DROP TABLE runs; --)";
  add({.id = "a", .params = {{"p", value}}, .tags = {{"k'; --", "v"}}});

  EXPECT_THAT(found(R"(params.p = 'it''s 100% "x"; DROP TABLE runs; --')"), ElementsAre("a"));
  EXPECT_THAT(found("tags.`k'; --` = 'v'"), ElementsAre("a"));
  EXPECT_THAT(found("", {"tags.`k'; --`"}), ElementsAre("a"));
}

TEST_F(SearchRuns, LeavesOutRunsWithoutTheKey) {
  add({.id = "a"});

  EXPECT_THAT(found("params.p != 'x'"), IsEmpty());
}

TEST_F(SearchRuns, TakesWhatAClauseDoesNotMatchForItsOpposite) {
  add({.id = "a", .params = {{"p", "x"}}});
  add({.id = "b"});

  EXPECT_THAT(found("NOT params.p = 'x'"), ElementsAre("b"));
  EXPECT_THAT(found("NOT params.p != 'x'"), ElementsAre("a", "b"));
  EXPECT_THAT(found("NOT end_time > 5"), ElementsAre("a", "b"));
}

TEST_F(SearchRuns, JoinsByOr) {
  add({.id = "a", .metrics = {{"m", 1}}});
  add({.id = "b", .params = {{"p", "x"}}});
  add({.id = "c"});

  EXPECT_THAT(found("metrics.m = 1 OR params.p = 'x'"), ElementsAre("a", "b"));
  EXPECT_THAT(found("NOT (metrics.m = 1 OR params.p = 'x')"), ElementsAre("c"));
}

TEST_F(SearchRuns, PutsNanAndThenWhatIsMissingLast) {
  add({.id = "a", .metrics = {{"m", 1}}});
  add({.id = "b", .metrics = {{"m", -2}}});
  add({.id = "n", .metrics = {{"m", std::nullopt}}});
  add({.id = "x"});

  EXPECT_THAT(found("", {"metrics.m"}), ElementsAre("b", "a", "n", "x"));
  EXPECT_THAT(found("", {"metrics.m DESC"}), ElementsAre("a", "b", "n", "x"));
}

TEST_F(SearchRuns, OrdersByParamsTagsAndAttributes) {
  add({.id = "a", .start = 1, .params = {{"p", "2"}}, .tags = {{"t", "x"}}});
  add({.id = "b", .start = 2, .params = {{"p", "1"}}, .tags = {{"t", "x"}}});
  add({.id = "c", .start = 3});

  EXPECT_THAT(found("", {"params.p"}), ElementsAre("b", "a", "c"));
  EXPECT_THAT(found("", {"params.p DESC"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(found("", {"tags.t", "start_time"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(found("", {"start_time"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(found("", {"run_name DESC"}), ElementsAre("c", "b", "a"));
  EXPECT_THAT(found("", {"end_time", "run_id DESC"}), ElementsAre("c", "b", "a"));
}

TEST_F(SearchRuns, RefusesAKeyTwice) {
  EXPECT_THAT(found("", {"metrics.a", "metrics.a DESC"}).front(), HasSubstr("duplicate"));
}

TEST_F(SearchRuns, GivesWhatTheViewAsksFor) {
  add({.id = "a", .start = 2});
  add({.id = "d", .start = 1, .stage = "deleted"});
  RunSearch search;
  search.experiment_ids = {"0"};

  search.view = View::kDeletedOnly;
  EXPECT_THAT(found(search), ElementsAre("d"));
  search.view = View::kAll;
  EXPECT_THAT(found(search), ElementsAre("a", "d"));
}

TEST_F(SearchRuns, MergesExperiments) {
  add_experiment(1);
  add_experiment(2);
  add({.id = "a", .start = 1});
  add({.id = "b", .start = 2, .experiment = 1});
  add({.id = "c", .start = 3});
  add({.id = "e", .start = 4, .experiment = 2});
  RunSearch search;
  search.experiment_ids = {"1", "0", "0"};

  EXPECT_THAT(found(search), ElementsAre("c", "b", "a"));
}

TEST_F(SearchRuns, FindsNothingInNoExperiment) {
  EXPECT_THAT(found(RunSearch()), IsEmpty());
}

TEST_F(SearchRuns, AnswersAPatternOfManyWildcardsInTime) {
  add({.id = "a", .tags = {{"t", std::string(8000, 'a')}}});

  EXPECT_THAT(found("tags.t LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%b'"), IsEmpty());
}

TEST_F(SearchRuns, RefusesPageSizesOutOfRange) {
  RunSearch search;
  search.max_results = 0;
  EXPECT_THAT(found(search).front(), HasSubstr("It must be a positive integer"));
  search.max_results = -1;
  EXPECT_THAT(found(search).front(), HasSubstr("It must be a positive integer"));
  search.max_results = 2147483648;
  EXPECT_THAT(found(search).front(), HasSubstr("It must be at most 50000"));
}

TEST_F(SearchRuns, RefusesAnotherSearchsToken) {
  for (const char* id : {"a", "b"}) add({.id = id});
  RunSearch search;
  search.experiment_ids = {"0"};
  search.max_results = 1;
  search.page_token = search_runs(caller_.store(), search)->next_page_token;
  search.filter = "metrics.m > 1";

  EXPECT_THAT(found(search).front(), HasSubstr("nvalid page token"));
}

TEST_F(SearchRuns, PagesThroughEverythingWhileRunsAreAdded) {
  for (int i = 0; i < 50; ++i) add({.id = fmt::format("r{:02}", i), .start = i / 3});
  RunSearch search;
  search.experiment_ids = {"0"};
  search.max_results = 7;
  std::vector<std::string> all;
  int added = 0;
  for (;;) {
    const core::Result<RunPage> page = search_runs(caller_.store(), search);
    ASSERT_TRUE(page);
    for (const tracking::Run& run : page->runs) all.push_back(run.id);
    if (page->next_page_token.empty()) break;
    search.page_token = page->next_page_token;
    add({.id = fmt::format("new{}", added++), .start = 1000});
  }

  EXPECT_EQ(all.size(), 50U);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 50U);
}

// Random runs, orders and filters: pages of every size give what one page of all gives, and both ways to run
// a search give the same.
TEST_F(SearchRuns, GivesTheSameInPagesAsAtOnce) {
  add_experiment(1);
  std::uint64_t state = 7;
  const auto random = [&](std::uint64_t below) {
    state = core::stable_hash(std::to_string(state), 1);
    return state % below;
  };
  for (int i = 0; i < 120; ++i) {
    Given run{.id = fmt::format("r{:03}", random(1'000'000)), .start = static_cast<std::int64_t>(random(20))};
    if (random(4) > 0)
      run.metrics["m"] = random(5) == 0 ? std::nullopt : std::optional(static_cast<double>(random(6)) / 7);
    if (random(3) > 0) run.metrics["n"] = static_cast<double>(random(3));
    if (random(3) > 0) run.params["p"] = std::to_string(random(4));
    if (random(3) > 0) run.tags["t"] = std::to_string(random(4));
    if (random(5) == 0) run.stage = "deleted";
    run.experiment = static_cast<std::int64_t>(random(2));
    add(run);
  }
  caller_.execute("UPDATE runs SET start_time = NULL WHERE start_time > 17");
  const std::vector<std::vector<std::string>> orders{{},
                                                     {"start_time"},
                                                     {"metrics.m"},
                                                     {"metrics.m DESC", "metrics.n"},
                                                     {"params.p DESC"},
                                                     {"tags.t", "metrics.m DESC"},
                                                     {"metrics.none"},
                                                     {"status", "params.p"},
                                                     {"end_time DESC"},
                                                     {"params.p", "start_time"}};
  for (const std::vector<std::string>& order : orders) {
    for (const std::string filter :
         {"", "params.p = '1'", "metrics.m > 0.3", "metrics.m != 0", "tags.t != '1' OR params.p IS NULL"}) {
      RunSearch search{.experiment_ids = {"0", "1"}, .filter = filter, .view = View::kAll, .order_by = order};
      const std::vector<std::string> whole = found(search);
      search.max_results = 7;
      EXPECT_EQ(paged(search), whole) << filter << " " << testing::PrintToString(order);

      const RunQuery walk({0, 1}, View::kAll, parse_filter(filter, Resource::kRuns).value(),
                          parse_order_by(order, Resource::kRuns).value());
      std::vector<std::string> gathered;
      const core::Result<void> done = caller_.store().database().read([&](sql::Session& session) {
        gathered.clear();
        const Statement statement = walk.gather_statement(nullptr, {}, 1000);
        const int last = static_cast<int>(walk.terms().size()) - 1;
        return session.query(statement.text(), statement.values(), [&](const sql::Row& row) {
          gathered.push_back(row.string(last));
          return core::Result<void>();
        });
      });
      ASSERT_TRUE(done) << done.error().message();
      EXPECT_EQ(whole, gathered) << filter << " " << testing::PrintToString(order);
    }
  }
}

// --- Which index drives

TEST_F(SearchRuns, WalksTheIndexOfStartTimes) {
  const std::string text = plan(query("", {}).walk_statement({}, 100));

  EXPECT_THAT(text, HasSubstr("starcast_runs_by_start (experiment_id=? AND lifecycle_stage=?"));
  EXPECT_THAT(text, Not(HasSubstr("TEMP B-TREE")));
}

TEST_F(SearchRuns, WalksTheIndexOfAMetric) {
  const std::string text = plan(query("params.p = 'x'", {"metrics.m DESC"}).walk_statement({}, 100));

  EXPECT_THAT(
      text, HasSubstr("SEARCH d USING COVERING INDEX starcast_latest_metrics_by_value (key=? AND is_nan=?"));
  EXPECT_THAT(text, HasSubstr("SEARCH c USING COVERING INDEX starcast_params_by_value (key=? AND value=? AND "
                              "run_uuid>? AND run_uuid<?)"));
  EXPECT_THAT(text, HasSubstr("SEARCH r USING INDEX sqlite_autoindex_runs_1"));
}

TEST_F(SearchRuns, StartsANextPageInsideTheIndex) {
  const RunQuery metric = query("", {"metrics.m DESC"});
  const Keys after{std::int64_t{0}, 0.5, std::int64_t{0}, std::int64_t{1}, "r"};

  EXPECT_THAT(plan(metric.walk_statement(after, 100)), HasSubstr("(key=? AND is_nan=? AND value<?)"));
}

TEST_F(SearchRuns, GathersFromAParam) {
  const RunQuery by_param = query("params.p = 'x'", {});
  const std::string text = plan(by_param.gather_statement(by_param.required().front(), {}, 100));

  EXPECT_THAT(text, HasSubstr("SEARCH d USING COVERING INDEX starcast_params_by_value (key=? AND value=?)"));
  EXPECT_THAT(text, HasSubstr("SEARCH r USING INDEX sqlite_autoindex_runs_1 (run_uuid=?)"));
}

TEST_F(SearchRuns, GathersFromIds) {
  const RunQuery by_id = query("run_id IN ('a', 'b')", {});

  EXPECT_THAT(plan(by_id.gather_statement(by_id.required().front(), {}, 100)),
              HasSubstr("SEARCH r USING INDEX sqlite_autoindex_runs_1 (run_uuid=?)"));
}

}  // namespace
}  // namespace starcast::tracking
