#include "tracking/api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "codec/json.h"
#include "tracking/api/runs.h"
#include "tracking/metrics.h"
#include "tracking/testing/api_caller.h"

namespace starcast::tracking::api {
namespace {

using testing::StartsWith;

codec::Json json_of(const std::string& text) {
  return codec::parse_json(text).value();
}

// The texts are those that mlflow server 3.17.2 gave to the same requests.
class MetricRoutes : public testing::Test {
 protected:
  MetricRoutes() {
    add_run_routes(api_.mount(), api_.store());
    add_metric_routes(api_.mount(), api_.store());
    run_id_ = new_run();
  }
  std::string new_run() {
    const codec::Json made = json_of(api_.post("runs/create", R"({"experiment_id":"0"})"));
    return made.find("run")->find("info")->string_at("run_id").value();
  }
  std::string log(std::string_view fields) {
    return api_.post("runs/log-metric", fmt::format(R"({{"run_id":"{}",{}}})", run_id_, fields));
  }
  std::string batch(std::string_view metrics) {
    return api_.post("runs/log-batch", fmt::format(R"({{"run_id":"{}","metrics":[{}]}})", run_id_, metrics));
  }
  std::string history(std::string_view more = "") {
    return api_.get(fmt::format("metrics/get-history?run_id={}&metric_key=m{}", run_id_, more));
  }
  // "value timestamp step" of the run's latest value of m.
  std::string latest() {
    const codec::Json run = json_of(api_.get("runs/get?run_id=" + run_id_));
    const codec::Json& metric = (**run.find("run")->find("data")->array_at("metrics"))[0];
    return codec::to_text(metric, codec::JsonStyle::kCompact);
  }
  void add_model(std::string_view id) {
    ASSERT_TRUE(api_.store().database().write([&](sql::Session& session) -> core::Result<void> {
      const core::Result<std::int64_t> made = session.execute(
          "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, "
          "creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage) VALUES (?, 0, 'n', "
          "'x', "
          "1, 1, 2, 'active')",
          {std::string(id)});
      if (!made) return made.error();
      return {};
    }));
  }
  std::vector<std::string> model_points() {
    std::vector<std::string> points;
    EXPECT_TRUE(api_.store().database().read([&](sql::Session& session) {
      return session.query(
          "SELECT model_id, metric_name, metric_value, metric_step, run_id = ?, coalesce(dataset_name, '-') "
          "FROM logged_model_metrics ORDER BY 1, 2, 4",
          {run_id_}, [&](const sql::Row& row) {
            points.push_back(fmt::format("{} {} {} {} {} {}", row.text(0), row.text(1), row.real(2),
                                         row.integer(3), row.integer(4), row.text(5)));
            return core::Result<void>();
          });
    }));
    return points;
  }

  ApiCaller api_;
  std::string run_id_;
};

TEST_F(MetricRoutes, HistoryIsByTimeStepAndValue) {
  for (const char* point : {R"("value":3,"timestamp":2,"step":0)", R"("value":2,"timestamp":1,"step":5)",
                            R"("value":1,"timestamp":1,"step":5)", R"("value":9,"timestamp":1,"step":-5)"}) {
    ASSERT_EQ(log(fmt::format(R"("key":"m",{})", point)), "{}");
  }
  EXPECT_EQ(
      history(),
      R"({"metrics":[{"key":"m","value":9.0,"timestamp":1,"step":-5},)"
      R"({"key":"m","value":1.0,"timestamp":1,"step":5},{"key":"m","value":2.0,"timestamp":1,"step":5},)"
      R"({"key":"m","value":3.0,"timestamp":2,"step":0}]})");
}

TEST_F(MetricRoutes, HistoryOfNothingIsEmpty) {
  EXPECT_EQ(history(), "{}");
  EXPECT_EQ(api_.get("metrics/get-history?run_id=nope&metric_key=m"), "{}");
  EXPECT_THAT(
      api_.get("metrics/get-history?run_id=nope"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'metric_key'. See t"));
}

TEST_F(MetricRoutes, NumbersComeInManyShapes) {
  EXPECT_EQ(log(R"("key":"m","value":"NaN","timestamp":1,"step":1)"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":NaN,"timestamp":1,"step":2)"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":1e400,"timestamp":"1","step":"3")"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":"-Infinity","timestamp":1,"step":4)"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":-0.0,"timestamp":1,"step":5)"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":"1.5","timestamp":1,"step":6)"), "{}");
  EXPECT_THAT(log(R"("key":"m","value":"1e400","timestamp":1,"step":7)"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(history(), R"({"metrics":[{"key":"m","value":"NaN","timestamp":1,"step":1},)"
                       R"({"key":"m","value":"NaN","timestamp":1,"step":2},)"
                       R"({"key":"m","value":1.7976931348623157e+308,"timestamp":1,"step":3},)"
                       R"({"key":"m","value":-1.7976931348623157e+308,"timestamp":1,"step":4},)"
                       R"({"key":"m","value":0.0,"timestamp":1,"step":5},)"
                       R"({"key":"m","value":1.5,"timestamp":1,"step":6}]})");
}

TEST_F(MetricRoutes, SayWhatIsWrong) {
  EXPECT_EQ(log(R"("key":"m*","value":1,"timestamp":1)"),
            "400 INVALID_PARAMETER_VALUE: Invalid value \"m*\" for parameter 'name' supplied: Names may only "
            "contain alphanumerics, "
            "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
  EXPECT_EQ(log(R"("key":"m","value":1,"timestamp":-1)"),
            "400 INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'timestamp' supplied: metric 'm' "
            "(value=1.0). Timestamp must be "
            "a nonnegative long (64-bit integer) ");
  EXPECT_THAT(log(R"("key":"m","timestamp":1)"),
              StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'value'. See "));
  EXPECT_THAT(
      log(R"("key":"m","value":1)"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'timestamp'. Se"));
  EXPECT_THAT(log(R"("key":"m","value":1,"timestamp":1.5)"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(log(R"("key":"m","value":true,"timestamp":1)"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(log(fmt::format(R"("key":"{}","value":1,"timestamp":1)", std::string(251, 'm'))),
            "400 INVALID_PARAMETER_VALUE: 'Metric name' exceeds the maximum length of 250 characters");
  EXPECT_EQ(api_.post("runs/log-metric", R"({"run_id":"nope","key":"m","value":1,"timestamp":1})"),
            "404 RESOURCE_DOES_NOT_EXIST: Run with id=nope not found");
  EXPECT_EQ(history(), "{}");
}

TEST_F(MetricRoutes, RunUuidIsTakenToo) {
  EXPECT_EQ(api_.post("runs/log-metric",
                      fmt::format(R"({{"run_uuid":"{}","key":"m","value":1,"timestamp":1}})", run_id_)),
            "{}");
  EXPECT_EQ(api_.get(fmt::format("metrics/get-history?run_uuid={}&metric_key=m", run_id_)), history());
}

TEST_F(MetricRoutes, ARepeatedPointIsStoredOnce) {
  const std::string points =
      R"({"key":"m","value":1,"timestamp":1,"step":1},{"key":"m","value":"NaN","timestamp":2})";
  EXPECT_EQ(batch(points), "{}");
  EXPECT_EQ(batch(fmt::format("{0},{0}", points)), "{}");
  EXPECT_EQ(history(), R"({"metrics":[{"key":"m","value":1.0,"timestamp":1,"step":1},)"
                       R"({"key":"m","value":"NaN","timestamp":2,"step":0}]})");
  EXPECT_EQ(latest(), R"({"key":"m","value":1.0,"timestamp":1,"step":1})");
}

TEST_F(MetricRoutes, LatestIsTheMaximumWithinABatch) {
  EXPECT_EQ(batch(R"({"key":"m","value":3,"timestamp":1,"step":3})"), "{}");
  EXPECT_EQ(
      batch(R"({"key":"m","value":1,"timestamp":1,"step":10},{"key":"m","value":2,"timestamp":9,"step":5})"),
      "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":1.0,"timestamp":1,"step":10})");
}

TEST_F(MetricRoutes, LatestIsTheMaximumAcrossBatches) {
  EXPECT_EQ(batch(R"({"key":"m","value":1,"timestamp":5,"step":10})"), "{}");
  EXPECT_EQ(batch(R"({"key":"m","value":9,"timestamp":9,"step":9})"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":9,"timestamp":4,"step":10)"), "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":1.0,"timestamp":5,"step":10})");
  EXPECT_EQ(log(R"("key":"m","value":2,"timestamp":5,"step":10)"), "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":2.0,"timestamp":5,"step":10})");
  EXPECT_EQ(log(R"("key":"m","value":1.5,"timestamp":5,"step":10)"), "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":2.0,"timestamp":5,"step":10})");
}

TEST_F(MetricRoutes, NanCountsAsZeroAmongTheLatest) {
  EXPECT_EQ(log(R"("key":"m","value":"NaN","timestamp":1,"step":1)"), "{}");
  EXPECT_EQ(log(R"("key":"m","value":-1,"timestamp":1,"step":1)"), "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":"NaN","timestamp":1,"step":1})");
  EXPECT_EQ(
      batch(
          R"({"key":"m","value":"NaN","timestamp":1,"step":1},{"key":"m","value":1,"timestamp":1,"step":1})"),
      "{}");
  EXPECT_EQ(latest(), R"({"key":"m","value":1.0,"timestamp":1,"step":1})");
}

TEST_F(MetricRoutes, PointsOfAModelAreAttachedToIt) {
  add_model("m-1");
  EXPECT_EQ(log(R"("key":"m","value":1,"timestamp":1,"step":2)"), "{}");
  EXPECT_EQ(model_points(), std::vector<std::string>());
  // As log_model does: the run's points again, now with the model.
  const std::string again =
      R"({"key":"m","value":1,"timestamp":1,"step":2,"model_id":"m-1","dataset_name":"d","dataset_digest":"x"})";
  EXPECT_EQ(batch(again), "{}");
  EXPECT_EQ(batch(again), "{}");
  EXPECT_EQ(model_points(), std::vector<std::string>{"m-1 m 1 2 1 d"});
  EXPECT_EQ(history(), R"({"metrics":[{"key":"m","value":1.0,"timestamp":1,"step":2}]})");
}

TEST_F(MetricRoutes, AModelThatIsNotThereStoresNothing) {
  EXPECT_EQ(log(R"("key":"m","value":1,"timestamp":1,"model_id":"m-no")"),
            "400 INVALID_PARAMETER_VALUE: Logged model with ID 'm-no' not found");
  EXPECT_EQ(history(), "{}");
}

TEST_F(MetricRoutes, ThePointOfAnotherDatasetIsRefused) {
  add_model("m-1");
  EXPECT_EQ(log(R"("key":"m","value":1,"timestamp":1,"model_id":"m-1","dataset_name":"a")"), "{}");
  EXPECT_THAT(log(R"("key":"m","value":1,"timestamp":1,"model_id":"m-1","dataset_name":"b")"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_EQ(model_points(), std::vector<std::string>{"m-1 m 1 0 1 a"});
}

TEST_F(MetricRoutes, HistoryComesInPages) {
  std::string points;
  for (int i = 0; i < 5; ++i) {
    points += fmt::format(R"({}{{"key":"m","value":{},"timestamp":{}}})", i > 0 ? "," : "", i, i / 2);
  }
  ASSERT_EQ(batch(points), "{}");
  std::string seen;
  std::string token;
  int pages = 0;
  do {
    const codec::Json page =
        codec::parse_json(history(fmt::format("&max_results=2&page_token={}", token))).value();
    for (const codec::Json& point : **page.array_at("metrics")) {
      seen += fmt::format("{} ", point.double_at("value").value());
    }
    token = page.find("next_page_token") ? page.string_at("next_page_token").value() : "";
    ASSERT_LT(++pages, 10);
  } while (!token.empty());
  EXPECT_EQ(seen, "0 1 2 3 4 ");
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(history("&max_results=5"), history());
}

TEST_F(MetricRoutes, BadPagesAreRefused) {
  EXPECT_EQ(history("&max_results=0"),
            "400 INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a "
            "positive integer.");
  EXPECT_THAT(history("&max_results=-1"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(history("&max_results=2147483648"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(history("&max_results=1e3"), StartsWith("400 INVALID_PARAMETER_VALUE: "));
  for (const char* token : {"xx", "eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAtMX0=", "e30="}) {
    EXPECT_THAT(history(fmt::format("&max_results=2&page_token={}", token)),
                StartsWith("400 INVALID_PARAMETER_VALUE: Invalid page token"))
        << token;
  }
}

TEST_F(MetricRoutes, BulkHistoryIsByRun) {
  log(R"("key":"m","value":1,"timestamp":2)");
  log(R"("key":"m","value":2,"timestamp":1)");
  const std::string first = run_id_;
  run_id_ = new_run();
  log(R"("key":"m","value":"NaN","timestamp":1)");
  const std::string path = fmt::format(
      "/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={}&run_id={}&run_id=nope&metric_key=m", run_id_,
      first);
  const std::string one = fmt::format(R"({{"key":"m","value":2.0,"timestamp":1,"step":0,"run_id":"{0}"}},)"
                                      R"({{"key":"m","value":1.0,"timestamp":2,"step":0,"run_id":"{0}"}})",
                                      first);
  const std::string two =
      fmt::format(R"({{"key":"m","value":"NaN","timestamp":1,"step":0,"run_id":"{}"}})", run_id_);
  const bool is_first = first < run_id_;
  EXPECT_EQ(api_.get(path),
            fmt::format(R"({{"metrics":[{},{}]}})", is_first ? one : two, is_first ? two : one));
  const codec::Json limited = json_of(api_.get(path + "&max_results=2"));
  EXPECT_EQ((*limited.array_at("metrics"))->size(), 2u);
}

TEST_F(MetricRoutes, BulkHistoryChecksItsFields) {
  const std::string path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk";
  EXPECT_EQ(api_.get(path + "?metric_key=m"),
            "400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request must specify at least one run_id.");
  EXPECT_EQ(api_.get(path + "?run_id=a"),
            "400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request must specify a metric_key.");
  EXPECT_EQ(api_.get(path + "?run_id=a&metric_key=m"), R"({"metrics":[]})");
  EXPECT_THAT(api_.get(path + "?run_id=a&metric_key=m&max_results=x"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  EXPECT_THAT(api_.get(path + "?run_id=a&metric_key=m&max_results=-1"),
              StartsWith("400 INVALID_PARAMETER_VALUE: "));
  std::string many = path + "?metric_key=m";
  for (int i = 0; i < 101; ++i) many += fmt::format("&run_id=r{}", i);
  EXPECT_EQ(api_.get(many),
            "400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request cannot specify more than 100 run_ids. "
            "Received 101 run_ids.");
}

class MetricSamples : public MetricRoutes {
 protected:
  MetricSamples() {
    std::string points;
    for (int i = 0; i < 10; ++i) {
      points += fmt::format(R"({}{{"key":"m","value":{},"timestamp":1,"step":{}}})", i > 0 ? "," : "", i, i);
    }
    batch(points);
  }
  std::string steps(std::string_view more) {
    const codec::Json answer = json_of(
        api_.get(fmt::format("metrics/get-history-bulk-interval?run_ids={}&metric_key=m{}", run_id_, more)));
    std::string text;
    for (const codec::Json& point : **answer.array_at("metrics")) {
      text += fmt::format("{} ", point.int_at("step").value());
    }
    return text;
  }
};

// NTILE(4) of 10 rows has buckets of 3, 3, 2 and 2 rows; the last row stands for the last bucket.
TEST_F(MetricSamples, AreTheFirstOfEachBucketAndTheLast) {
  EXPECT_EQ(steps("&max_results=4"), "0 3 6 9 ");
  EXPECT_EQ(steps("&max_results=3"), "0 4 9 ");
  EXPECT_EQ(steps("&max_results=2"), "0 9 ");
  EXPECT_EQ(steps("&max_results=1"), "9 ");
  EXPECT_EQ(steps("&max_results=9"), "0 2 3 4 5 6 7 8 9 ");
  EXPECT_EQ(steps("&max_results=10"), "0 1 2 3 4 5 6 7 8 9 ");
  EXPECT_EQ(steps(""), "0 1 2 3 4 5 6 7 8 9 ");
}

TEST_F(MetricSamples, StayWithinTheSteps) {
  EXPECT_EQ(steps("&start_step=2&end_step=6&max_results=2"), "2 6 ");
  EXPECT_EQ(steps("&start_step=4&end_step=4"), "4 ");
}

TEST_F(MetricSamples, ComeRunByRunWithTheirIds) {
  const std::string path = fmt::format(
      "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=nope&run_ids={}&metric_key=m"
      "&max_results=1",
      run_id_);
  EXPECT_EQ(api_.get(path),
            fmt::format(R"({{"metrics":[{{"key":"m","value":9.0,"timestamp":1,"step":9,"run_id":"{}"}}]}})",
                        run_id_));
  EXPECT_EQ(api_.get("metrics/get-history-bulk-interval?run_ids=nope&metric_key=m"), "{}");
}

TEST_F(MetricSamples, CheckTheirFields) {
  const auto get = [&](std::string_view more) {
    return api_.get(
        fmt::format("metrics/get-history-bulk-interval?run_ids={}&metric_key=m{}", run_id_, more));
  };
  EXPECT_EQ(get("&max_results=0"),
            "400 INVALID_PARAMETER_VALUE: max_results must be between 1 and 2500. See the API docs for more "
            "information about request "
            "parameters.");
  EXPECT_THAT(get("&max_results=2501"),
              StartsWith("400 INVALID_PARAMETER_VALUE: max_results must be between 1 and 2500. Se"));
  EXPECT_EQ(
      get("&start_step=1"),
      "400 INVALID_PARAMETER_VALUE: If either start step or end step are specified, both must be specified.");
  EXPECT_EQ(get("&start_step=5&end_step=1"),
            "400 INVALID_PARAMETER_VALUE: end_step must be greater than start_step. Found start_step=5 and "
            "end_step=1.");
  EXPECT_THAT(
      api_.get("metrics/get-history-bulk-interval?metric_key=m"),
      StartsWith("400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_ids'. See t"));
  std::string many = "metrics/get-history-bulk-interval?metric_key=m";
  for (int i = 0; i < 101; ++i) many += fmt::format("&run_ids=r{}", i);
  EXPECT_EQ(api_.get(many),
            "400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulkInterval request must specify at most 100 "
            "run_ids. Received 101 run_ids. "
            "See the API docs for more information about request parameters.");
}

// A limit far below the number of points: what is kept in between is cut again and again.
TEST(MetricHistory, OfManyPointsGivesTheFirstOnes) {
  ApiCaller api;
  add_run_routes(api.mount(), api.store());
  const codec::Json made = json_of(api.post("runs/create", R"({"experiment_id":"0"})"));
  const std::string run_id = made.find("run")->find("info")->string_at("run_id").value();
  std::vector<Metric> points(5000);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].key = std::string("m");
    points[i].timestamp = static_cast<std::int64_t>((i * 2731) % points.size());
    points[i].step = static_cast<std::int64_t>(i);
  }
  ASSERT_TRUE(api.store().database().write(
      [&](sql::Session& session) { return write_metrics(session, run_id, 0, points); }));
  Metrics metrics(api.store());
  HistoryQuery query;
  query.run_id = run_id;
  query.key = std::string("m");
  query.max_results = 7;
  std::int64_t expected = 0;
  for (int page = 0; page < 3; ++page) {
    const HistoryPage found = metrics.history(query).value();
    ASSERT_EQ(found.points.size(), 7u);
    for (const MetricPoint& point : found.points) EXPECT_EQ(point.timestamp, expected++);
    query.page_token = found.next_page_token;
  }
}

}  // namespace
}  // namespace starcast::tracking::api
