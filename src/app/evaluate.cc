#include "app/evaluate.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "app/params.h"
#include "app/split.h"
#include "core/parallel.h"
#include "core/strings.h"
#include "model/package.h"
#include "os/path.h"
#include "plot/figure.h"
#include "report/figures.h"

namespace starcast::app {

using codec::Json;
using core::Result;

namespace {

std::vector<report::NamedFigure> figures_of(const learn::TestPredictions& test, const learn::Evaluation& evaluation,
                                            const std::string& source) {
  std::vector<report::EvaluatedApp> apps;
  std::vector<report::ReviewError> by_reviews(learn::review_buckets().size());
  const learn::Baseline* median = nullptr;
  for (const learn::Baseline& baseline : test.baselines) {
    if (baseline.name == "median") median = &baseline;
  }
  CHECK(median != nullptr);
  for (std::size_t i = 0; i < test.listings.size(); ++i) {
    const double rating = test.listings[i].rating;
    apps.push_back({rating, test.predictions[i].value});
    by_reviews[learn::bucket_of(test.listings[i].reviews)].baseline_mae += std::abs(rating - median->predictions[i]);
  }
  for (std::size_t bucket = 0; bucket < by_reviews.size(); ++bucket) {
    const learn::BucketQuality& quality = evaluation.by_reviews[bucket];
    by_reviews[bucket].title = learn::review_buckets()[bucket].title;
    by_reviews[bucket].apps = quality.count;
    by_reviews[bucket].mae = quality.metrics.mae;
    if (quality.count > 0) by_reviews[bucket].baseline_mae /= static_cast<double>(quality.count);
  }
  return report::evaluation_figures(apps, by_reviews, source);
}

}  // namespace

Result<EvaluateReport> evaluate(const EvaluateOptions& options, const Context& context) {
  const Params params = TRY(load_params(context.files, options.params));
  const model::RatingScorer scorer = TRY(model::load_package(context.files, options.package));
  learn::SplitListings listings = TRY(load_split_listings(options.listings, options.split, context));
  const gbm::LightGbm library = TRY(load_lightgbm(context));
  const bool is_forest = scorer.learner() == learn::name_of(learn::Learner::kRandomForest);
  std::vector<learn::Baseline> baselines = TRY(learn::fit_baselines(
      listings.train, listings.test, is_forest ? learn::PredecessorForest::kLeaveOut : learn::PredecessorForest::kFit,
      params.train.seed, {library, os::thread_count(context.environment), {}}));
  const learn::TestPredictions test = learn::predict_test(scorer, std::move(listings.test), std::move(baselines));
  EvaluateReport report;
  report.evaluation = TRY(learn::evaluate(test, params.evaluate));
  if (scorer.answers(model::LaunchCase::kBeforeLaunch)) {
    report.before_launch = TRY(learn::evaluate(learn::predict_before_launch(scorer, test.listings), params.evaluate));
  }
  report.trained_on = scorer.trained_on();
  report.learner = scorer.learner();
  report.objective = scorer.objective();

  const std::string source = fmt::format("{}{} held-out apps, learner {}", report.trained_on.generated ? "GENERATED SAMPLE: " : "",
                                         core::with_thousands(static_cast<long long>(report.evaluation.apps)), report.learner);
  const std::vector<report::NamedFigure> figures = figures_of(test, report.evaluation, source);
  std::vector<std::string> images(figures.size());
  const auto draw = [&](std::size_t i) -> Result<void> {
    images[i] = TRY(plot::to_png(figures[i].figure, context.processes), figures[i].file_name);
    return {};
  };
  TRY(core::parallel_for(figures.size(), os::thread_count(context.environment), draw));

  // Nothing is written before everything is there to write.
  TRY(context.files.make_folders(options.figures));
  for (std::size_t i = 0; i < figures.size(); ++i) {
    report.figures.push_back(os::joined(options.figures, figures[i].file_name));
    TRY(context.files.write(report.figures.back(), images[i]));
  }
  TRY(context.files.make_folders(os::folder_of(options.predictions)));
  const std::unique_ptr<os::AtomicFile> predictions = TRY(context.files.create(options.predictions, {}));
  TRY(learn::write_predictions(*predictions, test), options.predictions);
  TRY(predictions->finish(), options.predictions);
  TRY(context.files.make_folders(os::folder_of(options.metrics)));
  TRY(context.files.write(options.metrics, codec::to_text(to_json(report), codec::JsonStyle::kPretty) + "\n"));
  return report;
}

Json to_json(const EvaluateReport& report) {
  Json json;
  json.set("learner", report.learner);
  json.set("objective", report.objective);
  json.set("generated_sample", report.trained_on.generated);
  json.set("trained_apps", report.trained_on.apps);
  const Json evaluation = learn::to_json(report.evaluation);
  for (const codec::JsonMember& member : std::get<codec::JsonObject>(evaluation.value())) {
    json.set(member.first, member.second);
  }
  if (report.before_launch) json.set("before_launch", learn::to_json(*report.before_launch));
  return json;
}

}  // namespace starcast::app
