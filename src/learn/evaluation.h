// Evaluation: a model's answers for apps that it did not see, measured beside the baselines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/bytes.h"
#include "core/result.h"
#include "learn/baselines.h"
#include "learn/metrics.h"
#include "learn/review_buckets.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"

namespace starcast::learn {

// Predictions for a test part, one entry a listing.
struct TestPredictions {
  std::vector<listing::Listing> listings;
  std::vector<model::Prediction> predictions;
  std::vector<Baseline> baselines;
};

TestPredictions predict_test(const model::RatingScorer& scorer, std::vector<listing::Listing> test,
                             std::vector<Baseline> baselines);

// The same apps as they were before launch: what can be known then. No baselines.
TestPredictions predict_before_launch(const model::RatingScorer& scorer, std::vector<listing::Listing> test);

struct IntervalQuality {
  double level = 0;
  double coverage = 0;    // share of ratings inside
  double mean_width = 0;  // stars
};

struct BucketQuality {
  std::size_t count = 0;
  Metrics metrics;  // zeros for an empty bucket
  std::vector<IntervalQuality> intervals;
};

struct BaselineQuality {
  std::string name;
  std::string title;
  Metrics metrics;
};

struct Evaluation {
  std::size_t apps = 0;
  Metrics metrics;
  MetricRanges ranges;
  std::vector<IntervalQuality> intervals;
  std::vector<BucketQuality> by_reviews;  // one for each of review_buckets()
  std::vector<BaselineQuality> baselines;
};

struct EvaluateOptions {
  std::size_t bootstrap_resamples = 1000;
  std::uint64_t seed = 1;
};

// kInvalidInput when there is nothing to test on.
core::Result<Evaluation> evaluate(const TestPredictions& test, const EvaluateOptions& options);

// reports/metrics.json: numbers under dotted names that `dvc metrics show` prints.
codec::Json to_json(const Evaluation& evaluation);

// data/processed/predictions.csv: App, Category, Reviews, rating, prediction, and low and high of each level.
core::Result<void> write_predictions(core::ByteSink& sink, const TestPredictions& test);

}  // namespace starcast::learn
