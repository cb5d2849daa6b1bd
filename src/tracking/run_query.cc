#include "tracking/run_query.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "tracking/runs.h"

namespace starcast::tracking {
namespace {

// A search is driven from a clause that names few runs when they are fewer than this many, and than so many
// for each run of the page: counting must stay cheap beside the page itself.
constexpr double kDriverRunsMin = 500;
constexpr double kDriverRunsPerRow = 30;
// When no index has the order anyway: how exactly clauses are compared.
constexpr std::int64_t kUnorderedDriverRuns = 100'000;
// So few runs that no other clause needs to be counted.
constexpr std::int64_t kFewRuns = 64;
constexpr std::size_t kCountedClauses = 8;

Fragment column_of(std::string_view attribute) {
  if (attribute == "run_id") return "r.run_uuid";
  if (attribute == "start_time") return "r.start_time";
  if (attribute == "end_time") return "r.end_time";
  if (attribute == "status") return "r.status";
  if (attribute == "user_id") return "r.user_id";
  if (attribute == "artifact_uri") return "r.artifact_uri";
  if (attribute == "run_name") return "r.name";
  return "";
}

// A range of one value in place of "=": SQLite then takes the index over key, value and run, which holds all
// that is asked, and not the primary key, which leads to the row.
struct RunFragments {
  Fragment same;
  Fragment same_by_value;
  Fragment same_input;
};
constexpr RunFragments kOfRuns{" AND c.run_uuid = r.run_uuid",
                               " AND c.run_uuid BETWEEN r.run_uuid AND r.run_uuid",
                               " AND i.destination_id = r.run_uuid"};
// Told by the driving row, before the run itself is looked up.
constexpr RunFragments kOfDrivers{" AND c.run_uuid = d.run_uuid",
                                  " AND c.run_uuid BETWEEN d.run_uuid AND d.run_uuid",
                                  " AND i.destination_id = d.run_uuid"};

SearchTable make_table(const RunFragments& run) {
  constexpr Fragment dataset =
      "EXISTS (SELECT 1 FROM inputs i CROSS JOIN datasets c WHERE i.destination_type = 'RUN' AND "
      "i.source_type = 'DATASET' AND c.dataset_uuid = i.source_id AND 1 = ";
  constexpr Fragment context =
      "EXISTS (SELECT 1 FROM inputs i CROSS JOIN input_tags c WHERE i.destination_type = 'RUN' AND "
      "i.source_type = 'DATASET' AND c.input_uuid = i.input_uuid AND c.name = 'mlflow.data.context' AND 1 = ";
  return {
      .column = &column_of,
      .metrics = ChildRows{R"(EXISTS (SELECT 1 FROM latest_metrics c WHERE c."key" = )", "c.value", run.same,
                           run.same},
      .metrics_have_is_nan = true,
      .params = ChildRows{R"(EXISTS (SELECT 1 FROM params c WHERE c."key" = )", "c.value", run.same,
                          run.same_by_value},
      .tags = ChildRows{R"(EXISTS (SELECT 1 FROM tags c WHERE c."key" = )", "c.value", run.same,
                        run.same_by_value},
      .dataset_names = ChildRows{dataset, "c.name", run.same_input, run.same_input},
      .dataset_digests = ChildRows{dataset, "c.digest", run.same_input, run.same_input},
      .dataset_contexts = ChildRows{context, "c.value", run.same_input, run.same_input},
  };
}

const SearchTable& run_table() {
  static const SearchTable table = make_table(kOfRuns);
  return table;
}

const SearchTable& driven_table() {
  static const SearchTable table = make_table(kOfDrivers);
  return table;
}

// How much it costs to ask one run for a clause, roughly: what costs little is asked first.
int cost_of(const Filter& filter) {
  if (filter.kind != Filter::Kind::kComparison) return 3;
  const Comparison& clause = filter.comparison;
  if (clause.field == Field::kAttribute) return 0;
  return clause.comparator == Comparator::kEqual && clause.field != Field::kMetric ? 1 : 2;
}

// As MLflow, a run's name is asked of its tag: the column is empty for runs logged before MLflow 1.30.
void ask_names_of_tags(Filter& filter) {
  Comparison& comparison = filter.comparison;
  if (filter.kind == Filter::Kind::kComparison && comparison.field == Field::kAttribute &&
      comparison.key == "run_name") {
    comparison.field = Field::kTag;
    comparison.key = kRunNameTag;
  }
  for (Filter& part : filter.parts) ask_names_of_tags(part);
}

// The table of a metric's, param's or tag's rows.
Fragment child_table(Field field) {
  switch (field) {
    case Field::kMetric:
      return "latest_metrics";
    case Field::kParam:
      return "params";
    case Field::kTag:
      return "tags";
    case Field::kAttribute:
    case Field::kDataset:
      break;
  }
  CHECK(false);
  return "";
}

bool is_child(Field field) {
  return field == Field::kMetric || field == Field::kParam || field == Field::kTag;
}

// Whether an index finds the runs of this clause.
bool can_drive(const Comparison& clause) {
  if (is_child(clause.field)) return clause.comparator != Comparator::kIsNull;
  return clause.field == Field::kAttribute && clause.key == "run_id" &&
         (clause.comparator == Comparator::kEqual || clause.comparator == Comparator::kIn);
}

// Whether the child table's index by value narrows this clause, not only its index by key.
bool narrows_by_value(const Comparison& clause) {
  switch (clause.comparator) {
    case Comparator::kEqual:
      return true;
    case Comparator::kLess:
    case Comparator::kLessEqual:
    case Comparator::kGreater:
    case Comparator::kGreaterEqual:
      return true;
    case Comparator::kNotEqual:
    case Comparator::kLike:
    case Comparator::kIlike:
    case Comparator::kIn:
    case Comparator::kNotIn:
    case Comparator::kIsNull:
    case Comparator::kIsNotNull:
      break;
  }
  return false;
}

// ` AND <comparison of d>`.
void add_child_clause(Statement& statement, const Comparison& clause) {
  if (clause.comparator == Comparator::kIsNotNull) return;
  statement.add(" AND ");
  if (clause.field == Field::kMetric) {
    add_metric_comparison(statement, "d.value", "d.is_nan", clause);
  } else {
    add_comparison(statement, "d.value", clause);
  }
}

Statement child_value(Field field, const std::string& key) {
  Statement value("(SELECT o.value FROM ");
  value.add(child_table(field)).add(R"( o WHERE o.run_uuid = r.run_uuid AND o."key" = )").bind(key).add(")");
  return value;
}

Term constant(Fragment value, Term::Type type) {
  Term term;
  term.expression = Statement(value);
  term.type = type;
  term.constant = true;
  return term;
}

Fragment digit(std::int64_t rank) {
  if (rank == 0) return "0";
  if (rank == 1) return "1";
  return "2";
}

}  // namespace

RunQuery::RunQuery(std::vector<std::int64_t> experiments, View view, Filter filter,
                   std::vector<OrderKey> order)
    : experiments_(std::move(experiments)),
      view_(view),
      filter_(std::move(filter)),
      order_(std::move(order)) {
  ask_names_of_tags(filter_);
  if (filter_.kind == Filter::Kind::kAll) {
    std::stable_sort(filter_.parts.begin(), filter_.parts.end(),
                     [](const Filter& a, const Filter& b) { return cost_of(a) < cost_of(b); });
  }
  required_ = required_clauses(filter_);
  const auto is_start = [](const OrderKey& key) {
    return key.field == Field::kAttribute && key.key == "start_time";
  };
  if (std::none_of(order_.begin(), order_.end(), is_start)) {
    order_.push_back({Field::kAttribute, "start_time", Direction::kDescending});
  }
  for (const OrderKey& key : order_) add_terms(key);
  terms_.push_back({Statement("r.run_uuid")});
  first_ = first_key();
}

void RunQuery::add_terms(const OrderKey& key) {
  if (key.field == Field::kMetric) {
    Statement rank(
        "COALESCE((SELECT o.is_nan FROM latest_metrics o WHERE o.run_uuid = r.run_uuid AND o.\"key\" = ");
    rank.bind(key.key).add("), 2)");
    terms_.push_back({std::move(rank), Term::Type::kInteger});
    terms_.push_back({child_value(key.field, key.key), Term::Type::kReal, key.direction});
    return;
  }
  if (key.field == Field::kAttribute) {
    const Fragment column = column_of(key.key);
    CHECK(!column.text().empty());
    const bool is_time = key.key == "start_time" || key.key == "end_time";
    add_nullable_terms(terms_, column, is_time ? Term::Type::kInteger : Term::Type::kText, key.direction);
    return;
  }
  add_nullable_terms(terms_, child_value(key.field, key.key), Term::Type::kText, key.direction);
}

RunQuery::FirstKey RunQuery::first_key() const {
  switch (order_.front().field) {
    case Field::kMetric:
      return FirstKey::kMetric;
    case Field::kParam:
      return FirstKey::kParam;
    case Field::kTag:
      return FirstKey::kTag;
    case Field::kAttribute:
    case Field::kDataset:
      break;
  }
  return order_.front().key == "start_time" ? FirstKey::kStartTime : FirstKey::kOther;
}

std::vector<std::string> RunQuery::stages() const {
  switch (view_) {
    case View::kActiveOnly:
      return {"active"};
    case View::kDeletedOnly:
      return {"deleted"};
    case View::kAll:
      break;
  }
  return {"active", "deleted"};
}

// The unary plus keeps an index over these columns from driving.
void RunQuery::add_scope(Statement& statement, Scope scope) const {
  statement.add(scope == Scope::kDrives ? Fragment("r.experiment_id") : Fragment("+r.experiment_id"));
  if (experiments_.size() == 1) {
    statement.add(" = ").bind(experiments_.front());
  } else {
    statement.add(" IN (SELECT value FROM json_each(").bind(json_list(experiments_)).add("))");
  }
  statement.add(scope == Scope::kDrives ? Fragment(" AND r.lifecycle_stage")
                                        : Fragment(" AND +r.lifecycle_stage"));
  if (view_ == View::kAll) {
    statement.add(" IN ('active', 'deleted')");
  } else {
    statement.add(" = ").bind(stages().front());
  }
}

// --- Driven from the index of the first order key

std::vector<const Comparison*> RunQuery::clauses_on_first_key() const {
  std::vector<const Comparison*> clauses;
  if (!is_child(order_.front().field)) return clauses;
  for (const Comparison* clause : required_) {
    if (clause->field == order_.front().field && clause->key == order_.front().key &&
        clause->comparator != Comparator::kIsNull) {
      clauses.push_back(clause);
    }
  }
  return clauses;
}

std::vector<RunQuery::Segment> RunQuery::segments(const Keys& after) const {
  std::vector<Segment> found;
  if (first_ == FirstKey::kStartTime) {
    found.push_back(start_segment(after, 0));
    Segment missing = missing_segment();
    missing.from_where = Statement(" AND r.start_time IS NULL AND ");
    add_filter(missing.from_where, filter_, run_table());
    missing.by_stage = true;
    found.push_back(std::move(missing));
    return found;
  }
  found.push_back(value_segment(after));
  const std::vector<const Comparison*> clauses = clauses_on_first_key();
  const bool nan_differs = std::all_of(clauses.begin(), clauses.end(), [](const Comparison* clause) {
    return clause->comparator == Comparator::kNotEqual;
  });
  if (first_ == FirstKey::kMetric && nan_differs) found.push_back(nan_segment());
  if (clauses.empty()) add_missing_segments(found, after);
  return found;
}

RunQuery::Segment RunQuery::value_segment(const Keys& after) const {
  const OrderKey& key = order_.front();
  const bool descending = key.direction == Direction::kDescending;
  Segment segment{{0}, Statement("FROM "), terms_};
  segment.terms[0] = constant("0", Term::Type::kInteger);
  segment.terms[1].expression = Statement("d.value");
  Statement& from = segment.from_where;
  from.add(child_table(key.field)).add(R"( d CROSS JOIN runs r WHERE d."key" = )").bind(key.key);
  if (first_ == FirstKey::kMetric) from.add(" AND d.is_nan = 0");
  if (first_ == FirstKey::kTag) from.add(" AND d.value IS NOT NULL");
  if (!after.empty() && after[0] == sql::Value(std::int64_t{0})) {
    from.add(descending ? Fragment(" AND d.value <= ") : Fragment(" AND d.value >= ")).bind(after[1]);
  }
  const std::vector<const Comparison*> clauses = clauses_on_first_key();
  for (const Comparison* clause : clauses) add_child_clause(from, *clause);
  from.add(" AND r.run_uuid = d.run_uuid AND ");
  add_scope(from, Scope::kChecks);
  from.add(" AND ");
  add_filter(from, filter_, driven_table(), clauses);
  return segment;
}

// Rows with a start time, which is the order's key at `term`; what stands before it is constant.
RunQuery::Segment RunQuery::start_segment(const Keys& after, std::size_t term) const {
  Segment segment{{0}, Statement(" AND r.start_time IS NOT NULL"), terms_, true};
  segment.terms[term] = constant("0", Term::Type::kInteger);
  const bool descending = terms_[term + 1].direction == Direction::kDescending;
  if (!after.empty() && after[term] == sql::Value(std::int64_t{0})) {
    segment.from_where.add(descending ? Fragment(" AND r.start_time <= ") : Fragment(" AND r.start_time >= "))
        .bind(after[term + 1]);
  }
  segment.from_where.add(" AND ");
  add_filter(segment.from_where, filter_, run_table());
  return segment;
}

RunQuery::Segment RunQuery::nan_segment() const {
  Segment segment{{1}, Statement(R"(FROM latest_metrics d CROSS JOIN runs r WHERE d."key" = )"), terms_};
  segment.terms[0] = constant("1", Term::Type::kInteger);
  segment.terms[1] = constant("0.0", Term::Type::kReal);
  segment.from_where.bind(order_.front().key).add(" AND d.is_nan = 1 AND r.run_uuid = d.run_uuid AND ");
  add_scope(segment.from_where, Scope::kChecks);
  segment.from_where.add(" AND ");
  add_filter(segment.from_where, filter_, driven_table());
  return segment;
}

// The frame of rows without the first key: no statement yet.
RunQuery::Segment RunQuery::missing_segment() const {
  const std::int64_t rank = first_ == FirstKey::kMetric ? 2 : 1;
  Segment segment{{rank}, Statement(), terms_};
  segment.terms[0] = constant(digit(rank), Term::Type::kInteger);
  segment.terms[1] = constant("NULL", terms_[1].type);
  return segment;
}

void RunQuery::add_missing_segments(std::vector<Segment>& found, const Keys& after) const {
  const OrderKey& key = order_.front();
  Statement missing(" AND NOT EXISTS (SELECT 1 FROM ");
  missing.add(child_table(key.field)).add(R"( m WHERE m.run_uuid = r.run_uuid AND m."key" = )").bind(key.key);
  if (first_ == FirstKey::kTag) missing.add(" AND m.value IS NOT NULL");
  missing.add(")");

  const Segment frame = missing_segment();
  if (order_.size() < 2 || order_[1].field != Field::kAttribute || order_[1].key != "start_time") {
    Segment segment = frame;
    segment.from_where = Statement("FROM runs r WHERE ");
    add_scope(segment.from_where, Scope::kDrives);
    segment.from_where.add(missing).add(" AND ");
    add_filter(segment.from_where, filter_, run_table());
    found.push_back(std::move(segment));
    return;
  }
  // Ordered by start time: the index has that order, but for runs without one.
  const bool same_rank = !after.empty() && after[0] == sql::Value(frame.ranks.front());
  Segment started = start_segment(same_rank ? after : Keys(), 2);
  started.ranks = {frame.ranks.front(), 0};
  started.terms[0] = frame.terms[0];
  started.terms[1] = frame.terms[1];
  started.from_where.add(missing);
  found.push_back(std::move(started));
  Segment timeless = frame;
  timeless.ranks = {frame.ranks.front(), 1};
  timeless.by_stage = true;
  timeless.terms[2] = constant("1", Term::Type::kInteger);
  timeless.terms[3] = constant("NULL", Term::Type::kInteger);
  timeless.from_where = Statement(" AND r.start_time IS NULL");
  timeless.from_where.add(missing).add(" AND ");
  add_filter(timeless.from_where, filter_, run_table());
  found.push_back(std::move(timeless));
}

Statement RunQuery::of_stage(const Segment& segment, std::int64_t experiment, std::string_view stage) const {
  Statement statement("FROM runs r WHERE r.experiment_id = ");
  statement.bind(experiment)
      .add(" AND r.lifecycle_stage = ")
      .bind(std::string(stage))
      .add(segment.from_where);
  return statement;
}

core::Result<void> RunQuery::read_segment(sql::Session& session, const Segment& segment, const Keys& after,
                                          std::size_t limit, std::vector<Keys>& rows) const {
  if (!segment.by_stage) {
    rows = TRY(query_keys(session, segment.from_where, segment.terms, after, limit));
    return {};
  }
  const auto earlier = [&](const Keys& a, const Keys& b) { return comes_before(a, b, segment.terms); };
  for (const std::int64_t experiment : experiments_) {
    for (const std::string& stage : stages()) {
      std::vector<Keys> more =
          TRY(query_keys(session, of_stage(segment, experiment, stage), segment.terms, after, limit));
      const auto middle = static_cast<std::ptrdiff_t>(rows.size());
      std::move(more.begin(), more.end(), std::back_inserter(rows));
      std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end(), earlier);
      if (rows.size() > limit) rows.resize(limit);
    }
  }
  return {};
}

core::Result<std::vector<Keys>> RunQuery::walk(sql::Session& session, const Keys& after,
                                               std::size_t limit) const {
  std::vector<Keys> rows;
  for (const Segment& segment : segments(after)) {
    if (rows.size() == limit) break;
    // Before the page's start, at it, or behind it.
    bool before = false;
    bool at = !after.empty();
    for (std::size_t i = 0; at && i < segment.ranks.size(); ++i) {
      const std::int64_t* rank = std::get_if<std::int64_t>(&after[2 * i]);
      const std::int64_t reached = rank == nullptr ? 0 : *rank;
      before = segment.ranks[i] < reached;
      at = segment.ranks[i] == reached;
    }
    if (before) continue;
    std::vector<Keys> more;
    TRY(read_segment(session, segment, at ? after : Keys(), limit - rows.size(), more));
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  return rows;
}

Statement RunQuery::walk_statement(const Keys& after, std::size_t limit) const {
  const Segment segment = segments(after).front();
  const Statement from =
      segment.by_stage ? of_stage(segment, experiments_.front(), stages().front()) : segment.from_where;
  return keys_statement(from, segment.terms, after, limit);
}

// --- Driven from a clause that names few runs

Statement RunQuery::gather_from(const Comparison* driver) const {
  Statement from("FROM ");
  if (driver == nullptr) {
    from.add("runs r WHERE ");
    add_scope(from, Scope::kDrives);
  } else if (is_child(driver->field)) {
    from.add(child_table(driver->field)).add(R"( d CROSS JOIN runs r WHERE d."key" = )").bind(driver->key);
    add_child_clause(from, *driver);
    from.add(" AND r.run_uuid = d.run_uuid AND ");
    add_scope(from, Scope::kChecks);
  } else {
    from.add("runs r WHERE ");
    add_comparison(from, "r.run_uuid", *driver);
    from.add(" AND ");
    add_scope(from, Scope::kChecks);
  }
  from.add(" AND ");
  std::vector<const Comparison*> without;
  if (driver != nullptr) without.push_back(driver);
  const bool by_child = driver != nullptr && is_child(driver->field);
  add_filter(from, filter_, by_child ? driven_table() : run_table(), without);
  return from;
}

Statement RunQuery::gather_statement(const Comparison* driver, const Keys& after, std::size_t limit) const {
  return keys_statement(gather_from(driver), terms_, after, limit);
}

core::Result<std::int64_t> RunQuery::count(sql::Session& session, const Comparison* clause,
                                           std::int64_t bound) const {
  Statement statement("SELECT COUNT(*) FROM (SELECT 1 FROM ");
  if (clause == nullptr) {
    statement.add("runs r WHERE ");
    add_scope(statement, Scope::kDrives);
  } else if (!is_child(clause->field)) {
    return static_cast<std::int64_t>(std::max<std::size_t>(clause->list.size(), 1));
  } else {
    statement.add(child_table(clause->field)).add(R"( d WHERE d."key" = )").bind(clause->key);
    if (narrows_by_value(*clause)) add_child_clause(statement, *clause);
  }
  statement.add(" LIMIT ").bind(bound).add(") AS some");
  std::int64_t runs = 0;
  TRY(session.query(statement.text(), statement.values(), [&](const sql::Row& row) {
    runs = row.integer(0);
    return core::Result<void>();
  }));
  return runs;
}

core::Result<RunQuery::Driver> RunQuery::cheapest_driver(sql::Session& session, std::int64_t bound) const {
  Driver best;
  // The walk by start time stays inside the experiments by itself.
  best.runs = bound;
  if (first_ != FirstKey::kStartTime) best.runs = TRY(count(session, nullptr, bound));
  std::size_t counted = 0;
  for (const Comparison* clause : required_) {
    // The walk by the first key starts at such a clause anyway.
    const bool walked = clause->field == order_.front().field && clause->key == order_.front().key;
    if (!can_drive(*clause) || walked) continue;
    if (best.runs <= kFewRuns || ++counted > kCountedClauses) break;
    const std::int64_t runs = TRY(count(session, clause, best.runs));
    if (runs < best.runs) best = {clause, runs};
  }
  return best;
}

// With the order's index, about limit * all / matches runs are looked at until a page is full; from a clause,
// its matches. Below the bound the second is less.
core::Result<std::vector<Keys>> RunQuery::rows(sql::Session& session, const Keys& after,
                                               std::size_t limit) const {
  const bool has_driver = std::any_of(required_.begin(), required_.end(),
                                      [](const Comparison* clause) { return can_drive(*clause); });
  if (first_ == FirstKey::kStartTime && !has_driver) return walk(session, after, limit);
  std::int64_t bound = kUnorderedDriverRuns;
  if (first_ != FirstKey::kOther) {
    std::int64_t all = 0;
    TRY(session.query("SELECT MAX(rowid) FROM runs", {}, [&](const sql::Row& row) {
      all = row.integer(0);
      return core::Result<void>();
    }));
    const double even = std::sqrt(static_cast<double>(limit) * static_cast<double>(all)) / 2;
    const double most = std::max(kDriverRunsMin, kDriverRunsPerRow * static_cast<double>(limit));
    bound = static_cast<std::int64_t>(std::clamp(even, kDriverRunsMin, most));
  }
  const Driver driver = TRY(cheapest_driver(session, bound));
  if (first_ != FirstKey::kOther && driver.runs >= bound) return walk(session, after, limit);
  return query_keys(session, gather_from(driver.clause), terms_, after, limit);
}

}  // namespace starcast::tracking
