#include "app/cross_validate.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "app/params.h"
#include "codec/csv.h"
#include "codec/number.h"
#include "learn/split.h"
#include "listing/clean.h"
#include "os/path.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using learn::Evaluation;
using listing::Listing;

namespace {

constexpr const char* kBlend = "blend";
constexpr const char* kBeforeLaunch = "before_launch";

Result<listing::ListingFile> read_file(const std::string& path, const Context& context) {
  if (!context.files.exists(path)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: no such file; 'starcast data fetch' brings the raw data", path));
  }
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(path));
  listing::ReaderOptions options;
  options.file_name = path;
  return listing::read_listings(*source, options);
}

// What is trained and tested on, and in which fold each app is, one assignment a shuffle.
struct Experiment {
  std::vector<Listing> listings;
  std::vector<std::vector<std::size_t>> fold_of;
  std::size_t folds = 0;
};

Result<std::map<std::size_t, std::size_t>> read_folds_file(const std::string& path, const Context& context) {
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(path));
  codec::CsvReader csv(*source, {});
  codec::CsvRecord record;
  std::map<std::size_t, std::size_t> fold_of_row;
  bool header = true;
  while (TRY(csv.next(record), path) == codec::CsvRead::kRecord) {
    if (std::exchange(header, false)) {
      if (record.fields.size() == 2 && record.fields[0] == "row_in_csv" && record.fields[1] == "fold")
        continue;
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:1: the columns have to be row_in_csv,fold", path));
    }
    std::int64_t row = -1;
    std::int64_t fold = -1;
    if (record.fields.size() == 2) {
      row = codec::parse_int(record.fields[0]).value_or(-1);
      fold = codec::parse_int(record.fields[1]).value_or(-1);
    }
    if (row < 0 || fold < 0) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:{}: two whole numbers were expected", path, record.line));
    }
    if (!fold_of_row.emplace(static_cast<std::size_t>(row), static_cast<std::size_t>(fold)).second) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:{}: row {} is listed twice", path, record.line, row));
    }
  }
  if (fold_of_row.empty()) return Error(ErrorCode::kInvalidInput, fmt::format("{}: no row is listed", path));
  return fold_of_row;
}

// Only the rows that the folds file lists, one row an app as always; folds are numbered anew from 0 in their
// order.
Result<Experiment> experiment_of_file(listing::ListingFile file, const std::string& path,
                                      const Context& context) {
  const std::map<std::size_t, std::size_t> fold_of_row = TRY(read_folds_file(path, context));
  std::map<std::size_t, std::size_t> number_of_fold;
  for (const auto& entry : fold_of_row) number_of_fold.emplace(entry.second, 0);
  std::size_t next = 0;
  for (auto& entry : number_of_fold) entry.second = next++;

  listing::ListingFile listed;
  std::map<std::string, std::size_t> fold_of_app;
  std::size_t found = 0;
  for (std::size_t i = 0; i < file.listings.size(); ++i) {
    const auto fold = fold_of_row.find(file.rows[i]);
    if (fold == fold_of_row.end()) continue;
    ++found;
    const auto app = fold_of_app.emplace(listing::key_of(file.listings[i]), fold->second).first;
    if (app->second != fold->second) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}: app '{}' (row {}) is in fold {} and in fold {}", path,
                               file.listings[i].app, file.rows[i], app->second, fold->second));
    }
    listed.listings.push_back(std::move(file.listings[i]));
    listed.rows.push_back(file.rows[i]);
  }
  if (found < fold_of_row.size()) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: {} of its rows are no data rows of the raw file (which has {})", path,
                             fold_of_row.size() - found, file.report.rows));
  }
  listing::CleanListings clean = listing::cleaned(std::move(listed));
  Experiment experiment;
  experiment.fold_of.emplace_back();
  for (const std::size_t row : clean.rows)
    experiment.fold_of[0].push_back(number_of_fold.at(fold_of_row.at(row)));
  experiment.listings = std::move(clean.listings);
  experiment.folds = number_of_fold.size();
  return experiment;
}

Result<Experiment> experiment_of(const CrossValidateOptions& options, const Context& context) {
  listing::ListingFile file = TRY(read_file(options.raw, context));
  if (!options.folds_file.empty()) return experiment_of_file(std::move(file), options.folds_file, context);
  Experiment experiment;
  experiment.listings = listing::cleaned(std::move(file)).listings;
  experiment.folds = options.folds;
  for (std::size_t shuffle = 0; shuffle < options.shuffles; ++shuffle) {
    experiment.fold_of.push_back(learn::deal_folds(experiment.listings.size(), options.folds, shuffle + 1));
  }
  return experiment;
}

Result<std::vector<Listing>> extra_listings(const std::string& path, const std::vector<Listing>& first,
                                            const Context& context) {
  std::vector<Listing> extra;
  if (path.empty()) return extra;
  std::set<std::string> keys;
  for (const Listing& listing : first) keys.insert(listing::key_of(listing));
  listing::ListingFile file = TRY(read_file(path, context));
  for (Listing& listing : listing::cleaned(std::move(file)).listings) {
    if (!keys.contains(listing::key_of(listing))) extra.push_back(std::move(listing));
  }
  return extra;
}

// One learner's place in the report, made when it is first met.
CrossValidatedLearner& learner_named(std::vector<CrossValidatedLearner>& learners, const std::string& name) {
  for (CrossValidatedLearner& learner : learners) {
    if (learner.name == name) return learner;
  }
  learners.push_back({name, {}});
  return learners.back();
}

// A learner without intervals of its own, as an evaluation.
Result<Evaluation> evaluate_values(const std::vector<Listing>& listings, const std::vector<double>& values,
                                   const learn::EvaluateOptions& options) {
  learn::TestPredictions test;
  test.listings = listings;
  for (const double value : values) test.predictions.push_back({value, {}});
  return learn::evaluate(test, options);
}

Json to_json(const MeanAndSd& value) {
  return JsonObject{{"mean", value.mean}, {"sd", value.sd}};
}

Json intervals_json(const CrossValidatedLearner& learner) {
  JsonArray intervals;
  for (std::size_t level = 0; level < learner.evaluations.front().intervals.size(); ++level) {
    JsonArray by_reviews;
    for (std::size_t bucket = 0; bucket < learn::review_buckets().size(); ++bucket) {
      const auto of_bucket = [&](double learn::IntervalQuality::* member) {
        return learner.over([&](const Evaluation& evaluation) {
          const learn::BucketQuality& quality = evaluation.by_reviews[bucket];
          return quality.count == 0 ? 0.0 : quality.intervals[level].*member;
        });
      };
      by_reviews.push_back(JsonObject{{"reviews", learn::review_buckets()[bucket].title},
                                      {"coverage", to_json(of_bucket(&learn::IntervalQuality::coverage))},
                                      {"width", to_json(of_bucket(&learn::IntervalQuality::mean_width))}});
    }
    const auto overall = [&](double learn::IntervalQuality::* member) {
      return learner.over([&](const Evaluation& evaluation) { return evaluation.intervals[level].*member; });
    };
    intervals.push_back(JsonObject{{"level", learner.evaluations.front().intervals[level].level},
                                   {"coverage", to_json(overall(&learn::IntervalQuality::coverage))},
                                   {"width", to_json(overall(&learn::IntervalQuality::mean_width))},
                                   {"by_reviews", std::move(by_reviews)}});
  }
  return intervals;
}

Json to_json(const CrossValidatedLearner& learner) {
  const auto metric = [&](double learn::Metrics::* member) {
    return to_json(learner.over([&](const Evaluation& evaluation) { return evaluation.metrics.*member; }));
  };
  JsonArray by_reviews;
  for (std::size_t bucket = 0; bucket < learn::review_buckets().size(); ++bucket) {
    const auto of_bucket = [&](double learn::Metrics::* member) {
      return to_json(learner.over(
          [&](const Evaluation& evaluation) { return evaluation.by_reviews[bucket].metrics.*member; }));
    };
    by_reviews.push_back(JsonObject{{"reviews", learn::review_buckets()[bucket].title},
                                    {"apps", learner.evaluations.front().by_reviews[bucket].count},
                                    {"r2", of_bucket(&learn::Metrics::r2)},
                                    {"mae", of_bucket(&learn::Metrics::mae)},
                                    {"medae", of_bucket(&learn::Metrics::medae)}});
  }
  return JsonObject{{"r2", metric(&learn::Metrics::r2)},   {"rmse", metric(&learn::Metrics::rmse)},
                    {"mae", metric(&learn::Metrics::mae)}, {"medae", metric(&learn::Metrics::medae)},
                    {"by_reviews", std::move(by_reviews)}, {"intervals", intervals_json(learner)}};
}

}  // namespace

MeanAndSd CrossValidatedLearner::over(const std::function<double(const Evaluation&)>& value) const {
  MeanAndSd result;
  const auto count = static_cast<double>(evaluations.size());
  for (const Evaluation& evaluation : evaluations) result.mean += value(evaluation) / count;
  if (evaluations.size() < 2) return result;
  double squares = 0;
  for (const Evaluation& evaluation : evaluations) {
    const double difference = value(evaluation) - result.mean;
    squares += difference * difference;
  }
  result.sd = std::sqrt(squares / (count - 1));
  return result;
}

Result<CrossValidateReport> cross_validate(const CrossValidateOptions& options, const Context& context) {
  const Params params = TRY(load_params(context.files, options.params, options.objective));
  const Experiment experiment = TRY(experiment_of(options, context));
  const std::vector<Listing> extra = TRY(extra_listings(options.extra, experiment.listings, context));
  const gbm::LightGbm library = TRY(load_lightgbm(context));
  const double trees =
      learn::trees_in(params.train) * static_cast<double>(experiment.folds * experiment.fold_of.size());
  os::Progress progress(context.progress, context.clock, {"cross-validating", "trees", trees});

  CrossValidateReport report;
  report.learner = std::string(learn::name_of(params.train.learner));
  report.objective = std::string(learn::name_of(params.train.objective));
  report.apps = experiment.listings.size();
  report.extra_apps = extra.size();
  report.folds = experiment.folds;
  // The spread is over shuffles here; resampling is left to the held-out part's report.
  learn::EvaluateOptions evaluate_options = params.evaluate;
  evaluate_options.bootstrap_resamples = 1;
  for (const std::vector<std::size_t>& fold_of : experiment.fold_of) {
    const learn::CrossValidation validation =
        TRY(learn::cross_validate(experiment.listings, params.train, {experiment.folds, fold_of, extra},
                                  {library, os::thread_count(context.environment),
                                   [&progress](double done) { progress.advance(done); }}));
    learner_named(report.learners, kBlend)
        .evaluations.push_back(TRY(learn::evaluate(validation.test, evaluate_options)));
    for (const learn::Baseline& component : validation.components) {
      learner_named(report.learners, component.name)
          .evaluations.push_back(
              TRY(evaluate_values(experiment.listings, component.predictions, evaluate_options)));
    }
    if (!validation.before_launch.listings.empty()) {
      learner_named(report.learners, kBeforeLaunch)
          .evaluations.push_back(TRY(learn::evaluate(validation.before_launch, evaluate_options)));
    }
    for (const learn::Baseline& baseline : validation.test.baselines) {
      learner_named(report.baselines, baseline.name)
          .evaluations.push_back(
              TRY(evaluate_values(experiment.listings, baseline.predictions, evaluate_options)));
    }
  }
  if (const std::string folder = os::folder_of(options.out); !folder.empty())
    TRY(context.files.make_folders(folder));
  TRY(context.files.write(options.out, codec::to_text(to_json(report), codec::JsonStyle::kPretty) + "\n"));
  return report;
}

Json to_json(const CrossValidateReport& report) {
  Json learners;
  for (const CrossValidatedLearner& learner : report.learners) learners.set(learner.name, to_json(learner));
  Json baselines;
  for (const CrossValidatedLearner& baseline : report.baselines)
    baselines.set(baseline.name, to_json(baseline));
  return JsonObject{{"default", kBlend},
                    {"learner", report.learner},
                    {"objective", report.objective},
                    {"apps", report.apps},
                    {"extra_apps", report.extra_apps},
                    {"folds", report.folds},
                    {"shuffles", report.learners.front().evaluations.size()},
                    {"learners", std::move(learners)},
                    {"baselines", std::move(baselines)}};
}

}  // namespace starcast::app
