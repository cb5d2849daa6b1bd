#include "tracking/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "codec/number.h"
#include "tracking/names.h"
#include "tracking/page_token.h"
#include "tracking/run_rows.h"
#include "tracking/transaction.h"

namespace starcast::tracking {
namespace {

using core::Result;

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

// A point as the database has it: NaN is 0 and marked, infinities are the largest finite doubles.
struct StoredPoint {
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  double value = 0;
  bool is_nan = false;
};

double finite(double value) {
  if (std::isnan(value)) return 0;
  return std::clamp(value, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

StoredPoint stored(const Metric& metric) {
  return {metric.timestamp, metric.step, finite(metric.value), std::isnan(metric.value)};
}

MetricPoint shown(const StoredPoint& point) {
  return {point.timestamp, point.step, point.is_nan ? std::numeric_limits<double>::quiet_NaN() : point.value};
}

auto history_key(const StoredPoint& point) {
  return std::tuple(point.timestamp, point.step, point.value, point.is_nan);
}

auto latest_key(const StoredPoint& point) {
  return std::tuple(point.step, point.timestamp, point.value);
}

// The latest of each key within one batch, so that a batch touches each key's row once.
std::vector<std::pair<std::string_view, StoredPoint>> latest_of(std::span<const Metric> metrics) {
  std::vector<std::pair<std::string_view, StoredPoint>> latest;
  latest.reserve(metrics.size());
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Metric& metric : metrics) {
    const StoredPoint point = stored(metric);
    const auto [place, is_new] = places.emplace(metric.key, latest.size());
    if (is_new) {
      latest.emplace_back(metric.key, point);
    } else if (latest_key(point) > latest_key(latest[place->second].second)) {
      latest[place->second].second = point;
    }
  }
  return latest;
}

Result<void> require_model(sql::Session& session, const std::string& model_id) {
  bool found = false;
  TRY(session.query("SELECT 1 FROM logged_models WHERE model_id = ?", {model_id}, [&](const sql::Row&) {
    found = true;
    return Result<void>();
  }));
  if (found) return {};
  return invalid(fmt::format("Logged model with ID '{}' not found", model_id));
}

sql::Value or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

// The table's key has no dataset: the same point for another dataset, or with another value, has no place.
Result<void> require_same_model_point(sql::Session& session, const std::string& run_id,
                                      const Metric& metric) {
  bool same = false;
  TRY(session.query(
      "SELECT metric_value, dataset_name, dataset_digest FROM logged_model_metrics WHERE "
      "model_id = ? AND metric_name = ? AND metric_timestamp_ms = ? AND metric_step = ? AND "
      "run_id = ?",
      {metric.model_id, metric.key, metric.timestamp, metric.step, run_id}, [&](const sql::Row& row) {
        same = row.real(0) == finite(metric.value) && row.text(1) == metric.dataset_name &&
               row.text(2) == metric.dataset_digest;
        return Result<void>();
      }));
  if (same) return {};
  return invalid(
      fmt::format("metric '{}' of model '{}' was already logged at timestamp {} and step {} by run '{}' with "
                  "another value or dataset; log it with another timestamp or step",
                  metric.key, metric.model_id, metric.timestamp, metric.step, run_id));
}

Result<void> write_model_metrics(sql::Session& session, const std::string& run_id, std::int64_t experiment_id,
                                 std::span<const Metric> metrics) {
  std::string_view known_model;
  for (const Metric& metric : metrics) {
    if (metric.model_id.empty()) continue;
    if (metric.model_id != known_model) TRY(require_model(session, metric.model_id));
    known_model = metric.model_id;
    const std::int64_t inserted = TRY(session.execute(
        "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, "
        "metric_value, experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest) VALUES (?, ?, ?, "
        "?, ?, ?, ?, NULL, ?, ?) ON CONFLICT DO NOTHING",
        {metric.model_id, metric.key, metric.timestamp, metric.step, finite(metric.value), experiment_id,
         run_id, or_null(metric.dataset_name), or_null(metric.dataset_digest)}));
    if (inserted == 0) TRY(require_same_model_point(session, run_id, metric));
  }
  return {};
}

// Keeps the `limit` smallest by history_key, in at most twice the room.
class SmallestPoints {
 public:
  explicit SmallestPoints(std::optional<std::size_t> limit) : limit_(limit) {}

  void add(const StoredPoint& point) {
    points_.push_back(point);
    if (limit_ && points_.size() >= 2 * *limit_ + 1024) shrink();
  }

  std::vector<StoredPoint> sorted() && {
    if (!std::is_sorted(points_.begin(), points_.end(), before)) {
      std::sort(points_.begin(), points_.end(), before);
    }
    if (limit_ && points_.size() > *limit_) points_.resize(*limit_);
    return std::move(points_);
  }

 private:
  static bool before(const StoredPoint& a, const StoredPoint& b) { return history_key(a) < history_key(b); }

  void shrink() {
    const auto end = points_.begin() + static_cast<std::ptrdiff_t>(*limit_);
    std::nth_element(points_.begin(), end, points_.end(), before);
    points_.erase(end, points_.end());
  }

  std::optional<std::size_t> limit_;
  std::vector<StoredPoint> points_;
};

StoredPoint point_of(const sql::Row& row) {
  return {row.integer(0), row.integer(1), row.real(2), row.integer(3) != 0};
}

struct StepRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
};

// Sorted here, not by the database: points come nearly sorted, which makes it three times as fast.
Result<std::vector<StoredPoint>> read_points(sql::Session& session, const std::string& run_id,
                                             const std::string& key, std::optional<std::size_t> limit,
                                             const std::vector<sql::Value>& after) {
  SmallestPoints points(limit);
  const auto add = [&](const sql::Row& row) {
    points.add(point_of(row));
    return Result<void>();
  };
  // The bound on the step makes a database without statistics take the index of the run, and `timestamp + 0`
  // keeps it there: the table's own key begins with the metric's name, which all runs share.
  const std::int64_t first_step = StepRange().first;
  if (after.empty()) {
    TRY(session.query(
        R"(SELECT timestamp, step, value, is_nan FROM metrics WHERE run_uuid = ? AND "key" = ? AND step >= ?)",
        {run_id, key, first_step}, add));
  } else {
    TRY(session.query(
        R"(SELECT timestamp, step, value, is_nan FROM metrics WHERE run_uuid = ? AND "key" = ? )"
        "AND step >= ? AND (timestamp + 0, step, value, is_nan) > (?, ?, ?, ?)",
        {run_id, key, first_step, after[0], after[1], after[2], after[3]}, add));
  }
  return std::move(points).sorted();
}

bool are_history_keys(const std::vector<sql::Value>& keys) {
  return keys.size() == 4 && std::holds_alternative<std::int64_t>(keys[0]) &&
         std::holds_alternative<std::int64_t>(keys[1]) && std::holds_alternative<double>(keys[2]) &&
         std::holds_alternative<std::int64_t>(keys[3]);
}

// The number of the first row of a bucket, as NTILE cuts `rows` rows into `buckets`: the first `rows %
// buckets` buckets hold one row more.
std::int64_t bucket_start(std::int64_t bucket, std::int64_t rows, std::int64_t buckets) {
  return bucket * (rows / buckets) + std::min(bucket, rows % buckets);
}

Result<std::vector<MetricPoint>> sample_run(sql::Session& session, const std::string& run_id,
                                            const std::string& key, StepRange steps,
                                            std::int64_t max_results) {
  std::int64_t rows = 0;
  TRY(session.query(
      R"(SELECT count(*) FROM metrics WHERE run_uuid = ? AND "key" = ? AND step >= ? AND step <= ?)",
      {run_id, key, steps.first, steps.last}, [&](const sql::Row& row) {
        rows = row.integer(0);
        return Result<void>();
      }));
  const std::int64_t buckets = std::min(max_results, rows);
  std::vector<MetricPoint> points;
  points.reserve(static_cast<std::size_t>(buckets));
  std::int64_t number = 0;
  TRY(session.query(
      R"(SELECT timestamp, step, value, is_nan FROM metrics WHERE run_uuid = ? AND "key" = ? AND step >= ? )"
      "AND step <= ? ORDER BY step, timestamp, value, is_nan",
      {run_id, key, steps.first, steps.last}, [&](const sql::Row& row) {
        const std::int64_t bucket = static_cast<std::int64_t>(points.size());
        const std::int64_t wanted = bucket + 1 == buckets ? rows - 1 : bucket_start(bucket, rows, buckets);
        if (number == wanted) points.push_back(shown(point_of(row)));
        ++number;
        return Result<void>();
      }));
  return points;
}

}  // namespace

Result<void> check_metric(const Metric& metric, std::string_view path) {
  const std::string prefix = path.empty() ? "" : fmt::format("{}.", path);
  TRY(check_metric_name(metric.key, prefix + "name"));
  if (metric.timestamp < 0) {
    return invalid(fmt::format(
        "Invalid value {} for parameter '{}timestamp' supplied: metric '{}' (value={}). Timestamp "
        "must be a nonnegative long (64-bit integer) ",
        metric.timestamp, prefix, metric.key, codec::to_python(metric.value)));
  }
  TRY(check_text(metric.dataset_name, prefix + "dataset_name"));
  TRY(check_text(metric.dataset_digest, prefix + "dataset_digest"));
  return check_text(metric.model_id, prefix + "model_id");
}

Result<void> write_metrics(sql::Session& session, const std::string& run_id, std::int64_t experiment_id,
                           std::span<const Metric> metrics) {
  std::vector<sql::Value> values(6);  // key, value, timestamp, step, is_nan, run_uuid
  values[5] = run_id;
  const auto set = [&](std::string_view key, const StoredPoint& point) {
    values[0] = std::string(key);
    values[1] = point.value;
    values[2] = point.timestamp;
    values[3] = point.step;
    values[4] = std::int64_t{point.is_nan ? 1 : 0};
  };
  for (const Metric& metric : metrics) {
    set(metric.key, stored(metric));
    TRY(session.execute(R"(INSERT INTO metrics ("key", value, timestamp, step, is_nan, run_uuid) VALUES )"
                        "(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        values));
  }
  for (const auto& [key, point] : latest_of(metrics)) {
    set(key, point);
    TRY(session.execute(
        R"(INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid) VALUES )"
        R"((?, ?, ?, ?, ?, ?) ON CONFLICT ("key", run_uuid) DO UPDATE SET value = excluded.value, )"
        "timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan WHERE "
        "(excluded.step, excluded.timestamp, excluded.value) > "
        "(latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
        values));
  }
  return write_model_metrics(session, run_id, experiment_id, metrics);
}

Result<void> Metrics::log(const std::string& run_id, const Metric& metric) {
  TRY(check_metric(metric, ""));
  return store_.database().write([&](sql::Session& session) -> Result<void> {
    const std::int64_t experiment_id = TRY(require_active_run(session, run_id));
    return write_metrics(session, run_id, experiment_id, std::span<const Metric>(&metric, 1));
  });
}

Result<HistoryPage> Metrics::history(const HistoryQuery& query) {
  std::optional<std::size_t> limit;
  if (query.max_results) {
    if (*query.max_results <= 0) {
      return invalid(
          fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
                      *query.max_results));
    }
    limit = static_cast<std::size_t>(*query.max_results);
  }
  // The run id has no newline in it where a run has one at all.
  const std::string search = fmt::format("history\n{}\n{}", query.run_id, query.key);
  const std::vector<sql::Value> after = TRY(read_page_token(search, query.page_token));
  if (!after.empty() && !are_history_keys(after)) return invalid("Invalid page token");
  std::optional<std::size_t> with_next;
  if (limit) with_next = *limit + 1;
  std::vector<StoredPoint> points =
      TRY(read_value<std::vector<StoredPoint>>(store_.database(), [&](sql::Session& session) {
        return read_points(session, query.run_id, query.key, with_next, after);
      }));
  HistoryPage page;
  if (limit && points.size() > *limit) {
    points.resize(*limit);
    const StoredPoint& last = points.back();
    page.next_page_token =
        write_page_token(search, {last.timestamp, last.step, last.value, std::int64_t{last.is_nan ? 1 : 0}});
  }
  page.points.reserve(points.size());
  for (const StoredPoint& point : points) page.points.push_back(shown(point));
  return page;
}

Result<std::vector<MetricSeries>> Metrics::histories(std::vector<std::string> run_ids, const std::string& key,
                                                     std::int64_t max_results) {
  std::sort(run_ids.begin(), run_ids.end());
  run_ids.erase(std::unique(run_ids.begin(), run_ids.end()), run_ids.end());
  using Series = std::vector<MetricSeries>;
  return read_value<Series>(store_.database(), [&](sql::Session& session) -> Result<Series> {
    Series series;
    std::size_t room = static_cast<std::size_t>(std::max<std::int64_t>(max_results, 0));
    for (const std::string& run_id : run_ids) {
      if (room == 0) break;
      MetricSeries& one = series.emplace_back();
      one.run_id = run_id;
      const std::vector<StoredPoint> points = TRY(read_points(session, run_id, key, room, {}));
      room -= points.size();
      for (const StoredPoint& point : points) one.points.push_back(shown(point));
    }
    return series;
  });
}

Result<std::vector<MetricSeries>> Metrics::sample(const SampleQuery& query) {
  if (query.start_step.has_value() != query.end_step.has_value()) {
    return invalid("If either start step or end step are specified, both must be specified.");
  }
  StepRange steps;
  if (query.start_step && query.end_step) {
    steps = {*query.start_step, *query.end_step};
    if (steps.first > steps.last) {
      return invalid(
          fmt::format("end_step must be greater than start_step. Found start_step={} and end_step={}.",
                      steps.first, steps.last));
    }
  }
  using Series = std::vector<MetricSeries>;
  return read_value<Series>(store_.database(), [&](sql::Session& session) -> Result<Series> {
    Series series;
    for (const std::string& run_id : query.run_ids) {
      MetricSeries& one = series.emplace_back();
      one.run_id = run_id;
      one.points = TRY(sample_run(session, run_id, query.key, steps, query.max_results));
    }
    return series;
  });
}

}  // namespace starcast::tracking
