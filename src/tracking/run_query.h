// How runs are found: which index a search is driven from, and the statements for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/filter.h"
#include "tracking/search_page.h"
#include "tracking/search_sql.h"

namespace starcast::tracking {

// A search over runs, parsed. Thread-compatible.
class RunQuery {
 public:
  // `experiments` without doubles.
  RunQuery(std::vector<std::int64_t> experiments, View view, Filter filter, std::vector<OrderKey> order);
  RunQuery(const RunQuery&) = delete;
  RunQuery& operator=(const RunQuery&) = delete;

  // A row's keys; the last one is the run's id.
  const std::vector<Term>& terms() const { return terms_; }
  // The clauses that every match fulfils.
  const std::vector<const Comparison*>& required() const { return required_; }

  // At most `limit` rows behind the row `after` (empty: from the start).
  core::Result<std::vector<Keys>> rows(sql::Session& session, const Keys& after, std::size_t limit) const;

  // The statements that rows() would run first, for tests of their plans: driven from the index of the first
  // order key, or from the runs that `driver` (one of the filter's required clauses, null: the experiments)
  // names.
  Statement walk_statement(const Keys& after, std::size_t limit) const;
  Statement gather_statement(const Comparison* driver, const Keys& after, std::size_t limit) const;

 private:
  enum class FirstKey { kStartTime, kMetric, kParam, kTag, kOther };
  // The rows of one kind in the order of ranks: those with a value of the first key, its NaN, then those
  // without one.
  struct Segment {
    std::vector<std::int64_t> ranks;  // of the first key, and of the second where that tells segments apart
    Statement from_where;             // by_stage: what follows "FROM runs r WHERE <experiment and stage>"
    std::vector<Term> terms;
    bool by_stage = false;  // one query for each experiment and stage, so that the index gives the order
  };
  struct Driver {
    const Comparison* clause = nullptr;  // null: the experiments
    std::int64_t runs = 0;               // counted up to the bound
  };

  void add_terms(const OrderKey& key);
  FirstKey first_key() const;

  std::vector<Segment> segments(const Keys& after) const;
  Segment value_segment(const Keys& after) const;
  Segment start_segment(const Keys& after, std::size_t term) const;
  Segment nan_segment() const;
  void add_missing_segments(std::vector<Segment>& found, const Keys& after) const;
  Segment missing_segment() const;
  std::vector<const Comparison*> clauses_on_first_key() const;

  core::Result<std::vector<Keys>> walk(sql::Session& session, const Keys& after, std::size_t limit) const;
  core::Result<void> read_segment(sql::Session& session, const Segment& segment, const Keys& after,
                                  std::size_t limit, std::vector<Keys>& rows) const;

  core::Result<Driver> cheapest_driver(sql::Session& session, std::int64_t bound) const;
  core::Result<std::int64_t> count(sql::Session& session, const Comparison* clause, std::int64_t bound) const;
  Statement gather_from(const Comparison* driver) const;
  Statement of_stage(const Segment& segment, std::int64_t experiment, std::string_view stage) const;

  enum class Scope { kDrives, kChecks };
  void add_scope(Statement& statement, Scope scope) const;
  std::vector<std::string> stages() const;

  std::vector<std::int64_t> experiments_;
  View view_;
  Filter filter_;
  std::vector<const Comparison*> required_;
  std::vector<OrderKey> order_;  // with start_time
  FirstKey first_;
  std::vector<Term> terms_;  // rank and value of each order key, then the id
};

}  // namespace starcast::tracking
