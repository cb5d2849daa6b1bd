#include "app/evaluation_report.h"

#include <cmath>
#include <utility>

#include "core/check.h"
#include "listing/listing.h"
#include "os/path.h"

namespace starcast::app {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

report::Scores scores_of(const learn::Metrics& metrics) {
  return {metrics.r2, metrics.rmse, metrics.mae, metrics.medae};
}

report::ScoreRange range_of(const learn::MetricRange& range) {
  return {range.low, range.high};
}

std::vector<report::LevelQuality> levels_of(const std::vector<learn::IntervalQuality>& intervals) {
  std::vector<report::LevelQuality> levels;
  for (const learn::IntervalQuality& interval : intervals) {
    levels.push_back({interval.level, interval.coverage, interval.mean_width});
  }
  return levels;
}

report::Quality quality_of(const learn::Evaluation& evaluation) {
  report::Quality quality;
  quality.apps = evaluation.apps;
  quality.scores = scores_of(evaluation.metrics);
  const learn::MetricRanges& ranges = evaluation.ranges;
  quality.ranges = report::ScoreRanges{range_of(ranges.r2), range_of(ranges.rmse), range_of(ranges.mae),
                                       range_of(ranges.medae)};
  quality.intervals = levels_of(evaluation.intervals);
  return quality;
}

// What knowing nothing but the training part's median costs in each bucket; missing for a bucket without
// apps.
std::vector<double> median_errors(const learn::TestPredictions& test) {
  const learn::Baseline* median = nullptr;
  for (const learn::Baseline& baseline : test.baselines) {
    if (baseline.name == "median") median = &baseline;
  }
  CHECK(median != nullptr);
  std::vector<double> sums(learn::review_buckets().size());
  std::vector<double> counts(sums.size());
  for (std::size_t i = 0; i < test.listings.size(); ++i) {
    const std::size_t bucket = learn::bucket_of(test.listings[i].reviews);
    sums[bucket] += std::abs(test.listings[i].rating - median->predictions[i]);
    counts[bucket] += 1;
  }
  for (std::size_t bucket = 0; bucket < sums.size(); ++bucket) {
    sums[bucket] = counts[bucket] > 0 ? sums[bucket] / counts[bucket] : core::kMissing;
  }
  return sums;
}

std::vector<report::ReviewQuality> review_qualities(const learn::TestPredictions& test,
                                                    const learn::Evaluation& evaluation) {
  const std::vector<double> baseline_mae = median_errors(test);
  std::vector<report::ReviewQuality> qualities;
  for (std::size_t i = 0; i < evaluation.by_reviews.size(); ++i) {
    const learn::BucketQuality& bucket = evaluation.by_reviews[i];
    report::ReviewQuality quality;
    quality.title = learn::review_buckets()[i].title;
    quality.quality.apps = bucket.count;
    if (bucket.count > 0) quality.quality.scores = scores_of(bucket.metrics);
    quality.quality.intervals = levels_of(bucket.intervals);
    quality.baseline_mae = baseline_mae[i];
    qualities.push_back(std::move(quality));
  }
  return qualities;
}

std::vector<report::TestedApp> tested_apps(const learn::TestPredictions& test) {
  std::vector<report::TestedApp> apps;
  for (std::size_t i = 0; i < test.listings.size(); ++i) {
    const listing::Listing& listing = test.listings[i];
    const model::Prediction& prediction = test.predictions[i];
    report::TestedApp app{listing.app,    listing.category, listing.reviews,
                          listing.rating, prediction.value, {}};
    for (const model::Interval& interval : prediction.intervals) {
      app.intervals.push_back({interval.level, interval.low, interval.high});
    }
    apps.push_back(std::move(app));
  }
  return apps;
}

Result<std::size_t> count_at(const Json& json, std::string_view name) {
  const std::int64_t count = TRY(json.int_at(name));
  if (count < 0) return Error(ErrorCode::kInvalidInput, std::string(name) + " is negative");
  return static_cast<std::size_t>(count);
}

// A date, or the empty text for null.
Result<std::string> date_at(const Json& json, std::string_view name) {
  const Json* const date = TRY(json.at(name));
  return date->is_null() ? std::string() : date->as_string();
}

}  // namespace

report::ReportInput report_input_of(const EvaluatedModel& evaluated) {
  const model::RatingScorer& scorer = evaluated.scorer;
  const model::TrainedOn& trained_on = scorer.trained_on();
  report::ReportInput input;
  input.model = {scorer.learner(),    scorer.objective(),   scorer.seed(),       trained_on.apps,
                 trained_on.data_md5, trained_on.date_last, trained_on.generated};
  input.data = evaluated.data;
  input.quality = quality_of(evaluated.evaluation);
  for (const learn::BaselineQuality& baseline : evaluated.evaluation.baselines) {
    input.baselines.push_back({baseline.title, scores_of(baseline.metrics)});
  }
  if (evaluated.before_launch != nullptr) {
    input.launched = input.quality;
    input.before_launch = quality_of(*evaluated.before_launch);
  }
  input.by_reviews = review_qualities(evaluated.test, evaluated.evaluation);
  input.apps = tested_apps(evaluated.test);
  for (const model::ColumnGain& gain : scorer.gains()) {
    input.importance.push_back(
        {gain.column.name, std::string(listing::name_of(gain.column.field)), gain.share});
  }
  input.package_bytes = evaluated.package_bytes;
  return input;
}

Result<report::DataFacts> data_facts_of(const Json& data_report) {
  const Json* const read = TRY(data_report.at("read"));
  const Json* const clean = TRY(data_report.at("clean"));
  report::DataFacts facts;
  facts.rows = TRY(count_at(*clean, "rows"), "clean");
  facts.rows_repaired = TRY(count_at(*read, "shifted_repaired"), "read");
  facts.ragged = TRY(count_at(*read, "ragged"), "read");
  facts.unnamed = TRY(count_at(*clean, "unnamed"), "clean");
  facts.unrated = TRY(count_at(*clean, "unrated"), "clean");
  facts.duplicates = TRY(count_at(*clean, "duplicates"), "clean");
  facts.apps = TRY(count_at(*clean, "apps"), "clean");
  facts.date_first = TRY(date_at(*clean, "date_first"), "clean");
  facts.date_last = TRY(date_at(*clean, "date_last"), "clean");
  const Json* const missing = TRY(read->at("missing"), "read");
  const Json* const repaired = TRY(read->at("repaired"), "read");
  const Json* const dropped = TRY(read->at("dropped"), "read");
  for (const listing::Field field : listing::all_fields()) {
    const std::string_view name = listing::name_of(field);
    report::FieldFacts of_field;
    of_field.field = name;
    of_field.missing = TRY(count_at(*missing, name), "read: missing");
    of_field.repaired = TRY(count_at(*repaired, name), "read: repaired");
    of_field.dropped = TRY(count_at(*dropped, name), "read: dropped");
    facts.fields.push_back(std::move(of_field));
  }
  return facts;
}

Result<std::uint64_t> folder_bytes(const os::FileSystem& files, const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const os::FolderEntry& entry : TRY(files.list(folder))) {
    const std::string path = os::joined(folder, entry.name);
    bytes += entry.kind == os::FileKind::kFolder ? TRY(folder_bytes(files, path))
                                                 : TRY(files.status(path)).size_bytes;
  }
  return bytes;
}

}  // namespace starcast::app
