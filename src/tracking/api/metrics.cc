#include "tracking/api/metrics.h"

#include <limits>

#include <fmt/format.h>

#include "codec/json.h"
#include "tracking/api/json_text.h"
#include "tracking/api/metric_fields.h"
#include "tracking/metrics.h"

namespace starcast::tracking::api {
namespace {

using core::Result;
using http::Response;

constexpr std::size_t kPointBytes =
    64;  // of a point's numbers in JSON, about; a text that grows is held twice

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

// Points of one key and one run, as items of a list; `first` tells whether the list is still empty.
void append_points(std::string& out, std::string_view key, const std::vector<MetricPoint>& points,
                   std::string_view run_id, bool& first) {
  std::string before = R"({"key":)";
  append_text(before, key);
  before += R"(,"value":)";
  std::string after;
  if (!run_id.empty()) {
    after = R"(,"run_id":)";
    append_text(after, run_id);
  }
  after += '}';
  out.reserve(out.size() + points.size() * (before.size() + after.size() + kPointBytes));
  for (const MetricPoint& point : points) {
    if (!first) out += ',';
    first = false;
    out += before;
    append_real(out, point.value);
    out += R"(,"timestamp":)";
    append_integer(out, point.timestamp);
    out += R"(,"step":)";
    append_integer(out, point.step);
    out += after;
  }
}

std::string list_of(std::string_view key, const std::vector<MetricSeries>& series) {
  std::string body = R"({"metrics":[)";
  bool first = true;
  for (const MetricSeries& one : series) append_points(body, key, one.points, one.run_id, first);
  body += "]}";
  return body;
}

Result<Response> log(Metrics& metrics, const Fields& fields) {
  const std::string run_id = TRY(fields.run_id());
  const Metric metric = TRY(metric_of(fields));
  TRY(metrics.log(run_id, metric));
  return empty_response();
}

Result<std::optional<std::int64_t>> small_integer(const Fields& fields, std::string_view name) {
  const std::optional<std::int64_t> value = TRY(fields.integer(name));
  if (value && (*value > std::numeric_limits<std::int32_t>::max() ||
                *value < std::numeric_limits<std::int32_t>::min())) {
    return invalid_parameter(name, codec::Json(*value), "it must fit 32 bits.");
  }
  return value;
}

Result<Response> history(Metrics& metrics, const Fields& fields) {
  HistoryQuery query;
  query.run_id = TRY(fields.run_id());
  query.key = TRY(fields.required_text("metric_key"));
  query.max_results = TRY(small_integer(fields, "max_results"));
  query.page_token = TRY(fields.text_or("page_token", ""));
  const HistoryPage page = TRY(metrics.history(query));
  if (page.points.empty()) return empty_response();
  std::string body = R"({"metrics":[)";
  bool first = true;
  append_points(body, query.key, page.points, "", first);
  body += ']';
  if (!page.next_page_token.empty()) {
    body += R"(,"next_page_token":)";
    append_text(body, page.next_page_token);
  }
  body += '}';
  return json_text_response(std::move(body));
}

Result<Response> bulk_history(Metrics& metrics, const Fields& fields) {
  std::vector<std::string> run_ids = TRY(fields.texts("run_id"));
  if (run_ids.empty()) return invalid("GetMetricHistoryBulk request must specify at least one run_id.");
  if (run_ids.size() > kHistoryRunsMax) {
    return invalid(
        fmt::format("GetMetricHistoryBulk request cannot specify more than {} run_ids. Received {} run_ids.",
                    kHistoryRunsMax, run_ids.size()));
  }
  const std::optional<std::string> key = TRY(fields.text("metric_key"));
  if (!key) return invalid("GetMetricHistoryBulk request must specify a metric_key.");
  const std::int64_t max_results = TRY(fields.integer_or("max_results", kBulkHistoryMax));
  if (max_results <= 0) {
    return invalid(
        fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
                    max_results));
  }
  const std::vector<MetricSeries> series =
      TRY(metrics.histories(std::move(run_ids), *key, std::min(max_results, kBulkHistoryMax)));
  return json_text_response(list_of(*key, series));
}

Result<Response> sample(Metrics& metrics, const Fields& fields) {
  SampleQuery query;
  query.run_ids = TRY(fields.texts("run_ids"));
  if (query.run_ids.empty()) return missing_parameter("run_ids");
  if (query.run_ids.size() > kHistoryRunsMax) {
    return invalid(
        fmt::format("GetMetricHistoryBulkInterval request must specify at most {} run_ids. Received {} "
                    "run_ids. See the API docs for more information about request parameters.",
                    kHistoryRunsMax, query.run_ids.size()));
  }
  query.key = TRY(fields.required_text("metric_key"));
  query.start_step = TRY(small_integer(fields, "start_step"));
  query.end_step = TRY(small_integer(fields, "end_step"));
  query.max_results = TRY(fields.integer_or("max_results", kSampleMax));
  if (query.max_results < 1 || query.max_results > kSampleMax) {
    return invalid(
        fmt::format("max_results must be between 1 and {}. See the API docs for more information about "
                    "request parameters.",
                    kSampleMax));
  }
  const std::vector<MetricSeries> series = TRY(metrics.sample(query));
  for (const MetricSeries& one : series) {
    if (!one.points.empty()) return json_text_response(list_of(query.key, series));
  }
  return empty_response();
}

}  // namespace

Result<Metric> metric_of(const Fields& fields) {
  Metric metric;
  metric.key = TRY(fields.required_text("key"));
  metric.value = TRY(fields.required_real("value"));
  metric.timestamp = TRY(fields.required_integer("timestamp"));
  metric.step = TRY(fields.integer_or("step", 0));
  metric.model_id = TRY(fields.text_or("model_id", ""));
  metric.dataset_name = TRY(fields.text_or("dataset_name", ""));
  metric.dataset_digest = TRY(fields.text_or("dataset_digest", ""));
  return metric;
}

void add_metric_routes(const Mount& mount, Store& store) {
  using Call = Result<Response> (*)(Metrics&, const Fields&);
  const auto handler = [&store](Call call) {
    return [&store, call](const http::Request& request) -> Result<Response> {
      const Fields fields = TRY(Fields::of(request));
      Metrics metrics(store);
      return call(metrics, fields);
    };
  };
  using http::Method;
  using http::Permission;
  mount.add("2.0", Method::kPost, "/mlflow/runs/log-metric", Permission::kEdit, "metrics", "logMetric",
            handler(log));
  mount.add("2.0", Method::kGet, "/mlflow/metrics/get-history", Permission::kRead, "metrics",
            "getMetricHistory", handler(history));
  mount.add("2.0", Method::kGet, "/mlflow/metrics/get-history-bulk-interval", Permission::kRead, "metrics",
            "getMetricHistoryBulkInterval", handler(sample));
  mount.add_ajax("2.0", Method::kGet, "/mlflow/metrics/get-history-bulk", Permission::kRead, "metrics",
                 "getMetricHistoryBulk", handler(bulk_history));
}

}  // namespace starcast::tracking::api
