// Points of metrics: written, and read back as histories and samples.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/entities.h"
#include "tracking/store.h"

namespace starcast::tracking {

inline constexpr std::int64_t kSampleMax = 2500;
inline constexpr std::size_t kHistoryRunsMax = 100;
inline constexpr std::int64_t kBulkHistoryMax = 25'000;

// Name and time as MLflow wants them; `path` is "metrics[3]", or "" for a metric of its own.
core::Result<void> check_metric(const Metric& metric, std::string_view path);

// Stores checked points of one run and keeps the latest of each key, the maximum by (step, timestamp, value)
// with NaN counting as 0. A point that is there already is left as it is; one with a model_id is attached to
// that model too.
core::Result<void> write_metrics(sql::Session& session, const std::string& run_id, std::int64_t experiment_id,
                                 std::span<const Metric> metrics);

struct MetricPoint {
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  double value = 0;  // may be NaN
  bool operator==(const MetricPoint&) const = default;
};

struct MetricSeries {
  std::string run_id{};
  std::vector<MetricPoint> points{};
};

struct HistoryPage {
  std::vector<MetricPoint> points{};
  std::string next_page_token{};  // "" on the last page
};

struct HistoryQuery {
  std::string run_id{};
  std::string key{};
  std::optional<std::int64_t> max_results{};  // absent: all
  std::string page_token{};
};

struct SampleQuery {
  std::vector<std::string> run_ids{};
  std::string key{};
  std::optional<std::int64_t> start_step{};  // both or none
  std::optional<std::int64_t> end_step{};
  std::int64_t max_results = kSampleMax;  // a run
};

// Thread-safe. A run that is not there has an empty history.
class Metrics {
 public:
  explicit Metrics(Store& store) : store_(store) {}

  core::Result<void> log(const std::string& run_id, const Metric& metric);
  // By timestamp, step and value.
  core::Result<HistoryPage> history(const HistoryQuery& query);
  // Of each run, by run id, together at most `max_results` points.
  core::Result<std::vector<MetricSeries>> histories(std::vector<std::string> run_ids, const std::string& key,
                                                    std::int64_t max_results);
  // At most `max_results` points a run, by step: the first of each of equal buckets (SQL's NTILE), but the
  // very last point in place of the last bucket's.
  core::Result<std::vector<MetricSeries>> sample(const SampleQuery& query);

 private:
  Store& store_;
};

}  // namespace starcast::tracking
