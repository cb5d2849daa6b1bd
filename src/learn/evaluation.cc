#include "learn/evaluation.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "codec/csv.h"
#include "codec/number.h"
#include "core/check.h"

namespace starcast::learn {

using codec::Json;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Listing;

namespace {

std::string level_name(double level) {
  return fmt::format("{:.0f}", level * 100);
}

// The quality over a subset of the test part, given by indices.
BucketQuality quality_of(const TestPredictions& test, const std::vector<std::size_t>& members) {
  BucketQuality quality;
  quality.count = members.size();
  if (members.empty()) return quality;
  std::vector<double> truth;
  std::vector<double> predicted;
  for (const std::size_t index : members) {
    truth.push_back(test.listings[index].rating);
    predicted.push_back(test.predictions[index].value);
  }
  quality.metrics = metrics_of(truth, predicted);
  const std::vector<model::Interval>& levels = test.predictions[members.front()].intervals;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    IntervalQuality interval{levels[level].level, 0, 0};
    for (const std::size_t index : members) {
      const model::Interval& at = test.predictions[index].intervals[level];
      const double rating = test.listings[index].rating;
      if (at.low <= rating && rating <= at.high) interval.coverage += 1;
      interval.mean_width += at.high - at.low;
    }
    interval.coverage /= static_cast<double>(members.size());
    interval.mean_width /= static_cast<double>(members.size());
    quality.intervals.push_back(interval);
  }
  return quality;
}

Json to_json(const std::vector<IntervalQuality>& intervals) {
  Json json = JsonObject{};
  for (const IntervalQuality& interval : intervals) {
    json.set(level_name(interval.level),
             JsonObject{{"coverage", interval.coverage}, {"mean_width", interval.mean_width}});
  }
  return json;
}

}  // namespace

TestPredictions predict_test(const model::RatingScorer& scorer, std::vector<Listing> test,
                             std::vector<Baseline> baselines) {
  TestPredictions predictions;
  predictions.predictions.reserve(test.size());
  for (const Listing& listing : test) predictions.predictions.push_back(scorer.predict(listing).prediction);
  predictions.listings = std::move(test);
  predictions.baselines = std::move(baselines);
  return predictions;
}

TestPredictions predict_before_launch(const model::RatingScorer& scorer, std::vector<Listing> test) {
  TestPredictions predictions;
  predictions.predictions.reserve(test.size());
  for (const Listing& listing : test) {
    predictions.predictions.push_back(
        scorer.predict(model::seen_as(listing, model::LaunchCase::kBeforeLaunch)).prediction);
  }
  predictions.listings = std::move(test);
  return predictions;
}

Result<Evaluation> evaluate(const TestPredictions& test, const EvaluateOptions& options) {
  if (test.listings.empty()) {
    return Error(ErrorCode::kInvalidInput, "the test part is empty; raise split.test_share in params.yaml");
  }
  if (options.bootstrap_resamples == 0) {
    return Error(ErrorCode::kInvalidInput, "evaluate.bootstrap_resamples has to be at least 1");
  }
  const std::vector<double> truth = ratings_of(test.listings);
  std::vector<double> predicted;
  std::vector<std::size_t> everyone;
  std::vector<std::vector<std::size_t>> members(review_buckets().size());
  for (std::size_t i = 0; i < test.listings.size(); ++i) {
    predicted.push_back(test.predictions[i].value);
    everyone.push_back(i);
    members[bucket_of(test.listings[i].reviews)].push_back(i);
  }
  Evaluation evaluation;
  const BucketQuality overall = quality_of(test, everyone);
  evaluation.apps = overall.count;
  evaluation.metrics = overall.metrics;
  evaluation.intervals = overall.intervals;
  evaluation.ranges = bootstrap_ranges(truth, predicted, options.bootstrap_resamples, options.seed);
  for (const std::vector<std::size_t>& bucket : members)
    evaluation.by_reviews.push_back(quality_of(test, bucket));
  for (const Baseline& baseline : test.baselines) {
    evaluation.baselines.push_back({baseline.name, baseline.title, metrics_of(truth, baseline.predictions)});
  }
  return evaluation;
}

Json to_json(const Evaluation& evaluation) {
  Json json;
  json.set("apps", evaluation.apps);
  json.set("model", to_json(evaluation.metrics, evaluation.ranges));
  Json baselines;
  for (const BaselineQuality& baseline : evaluation.baselines)
    baselines.set(baseline.name, to_json(baseline.metrics));
  json.set("baselines", std::move(baselines));
  json.set("intervals", to_json(evaluation.intervals));
  Json by_reviews;
  for (std::size_t i = 0; i < evaluation.by_reviews.size(); ++i) {
    const BucketQuality& bucket = evaluation.by_reviews[i];
    Json entry = JsonObject{{"apps", bucket.count}};
    if (bucket.count > 0) {
      const Json metrics = to_json(bucket.metrics);
      for (const codec::JsonMember& member : std::get<JsonObject>(metrics.value())) {
        entry.set(member.first, member.second);
      }
      entry.set("intervals", to_json(bucket.intervals));
    }
    by_reviews.set(review_buckets()[i].name, std::move(entry));
  }
  json.set("by_reviews", std::move(by_reviews));
  return json;
}

Result<void> write_predictions(core::ByteSink& sink, const TestPredictions& test) {
  codec::CsvWriter csv(sink);
  std::vector<std::string> cells = {"App", "Category", "Reviews", "rating", "prediction"};
  if (!test.predictions.empty()) {
    for (const model::Interval& interval : test.predictions.front().intervals) {
      cells.push_back("low_" + level_name(interval.level));
      cells.push_back("high_" + level_name(interval.level));
    }
  }
  const auto write = [&csv](const std::vector<std::string>& row) {
    return csv.write(std::vector<std::string_view>(row.begin(), row.end()));
  };
  TRY(write(cells));
  for (std::size_t i = 0; i < test.listings.size(); ++i) {
    const Listing& listing = test.listings[i];
    const model::Prediction& prediction = test.predictions[i];
    cells = {listing.app, listing.category, listing::text_of(listing, listing::Field::kReviews),
             codec::to_shortest(listing.rating), codec::to_shortest(prediction.value)};
    for (const model::Interval& interval : prediction.intervals) {
      cells.push_back(codec::to_shortest(interval.low));
      cells.push_back(codec::to_shortest(interval.high));
    }
    TRY(write(cells));
  }
  return csv.flush();
}

}  // namespace starcast::learn
