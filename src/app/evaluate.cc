#include "app/evaluate.h"

#include <fmt/format.h>

#include <utility>

#include "app/evaluation_report.h"
#include "app/out_files.h"
#include "app/params.h"
#include "app/split.h"
#include "core/parallel.h"
#include "core/strings.h"
#include "model/explanation.h"
#include "model/package.h"
#include "os/path.h"
#include "plot/figure.h"
#include "report/figures.h"
#include "report/html_report.h"
#include "report/model_card.h"

namespace starcast::app {

using codec::Json;
using core::Result;

namespace {

std::vector<report::NamedFigure> figures_of(const report::ReportInput& input, const std::string& source) {
  std::vector<report::EvaluatedApp> apps;
  for (const report::TestedApp& app : input.apps) apps.push_back({app.rating, app.prediction});
  std::vector<report::ReviewError> by_reviews;
  for (const report::ReviewQuality& bucket : input.by_reviews) {
    // A bucket without apps has no numbers; the figure draws none for it.
    const bool has_apps = bucket.quality.apps > 0;
    by_reviews.push_back({bucket.title, bucket.quality.apps, has_apps ? bucket.quality.scores.mae : 0,
                          has_apps ? bucket.baseline_mae : 0});
  }
  return report::evaluation_figures(apps, by_reviews, source);
}

Result<std::optional<report::DataFacts>> load_data_facts(const os::FileSystem& files,
                                                         const std::string& path) {
  if (!files.exists(path)) return std::optional<report::DataFacts>();
  const std::string text = TRY(files.read(path));
  const Json json = TRY(codec::parse_json(text), path);
  return std::optional<report::DataFacts>(TRY(data_facts_of(json), path));
}

}  // namespace

Result<EvaluateReport> evaluate(const EvaluateOptions& options, const Context& context) {
  const Params params = TRY(load_params(context.files, options.params));
  const model::RatingScorer scorer = TRY(model::load_package(context.files, options.package));
  learn::SplitListings listings = TRY(load_split_listings(options.listings, options.split, context));
  const gbm::LightGbm library = TRY(load_lightgbm(context));
  std::vector<learn::Baseline> baselines = TRY(learn::fit_baselines(
      listings.train, listings.test, learn::predecessor_baseline(learn::learner_named(scorer.learner())),
      params.train.seed, {library, os::thread_count(context.environment), {}}));
  const learn::TestPredictions test =
      learn::predict_test(scorer, std::move(listings.test), std::move(baselines));
  EvaluateReport report;
  report.evaluation = TRY(learn::evaluate(test, params.evaluate));
  if (scorer.answers(model::LaunchCase::kBeforeLaunch)) {
    report.before_launch =
        TRY(learn::evaluate(learn::predict_before_launch(scorer, test.listings), params.evaluate));
  }
  EvaluatedModel evaluated{scorer, test, report.evaluation,
                           report.before_launch ? &*report.before_launch : nullptr};
  evaluated.data = TRY(load_data_facts(context.files, options.data_report));
  evaluated.package_bytes = TRY(folder_bytes(context.files, options.package));
  report::ReportInput facts = report_input_of(evaluated);
  report.trained_on = scorer.trained_on();
  report.learner = scorer.learner();
  report.objective = scorer.objective();

  const std::string source =
      fmt::format("{}{} held-out apps, learner {}", report.trained_on.generated ? "GENERATED SAMPLE: " : "",
                  core::with_thousands(static_cast<long long>(report.evaluation.apps)), report.learner);
  const std::vector<report::NamedFigure> figures = figures_of(facts, source);
  std::vector<std::string> images(figures.size());
  const auto draw = [&](std::size_t i) -> Result<void> {
    images[i] = TRY(plot::to_png(figures[i].figure, context.processes), figures[i].file_name);
    return {};
  };
  TRY(core::parallel_for(figures.size(), os::thread_count(context.environment), draw));

  // Nothing is written before everything is there to write.
  std::vector<OutFile> outs;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    report.figures.push_back(os::joined(options.figures, figures[i].file_name));
    outs.push_back({report.figures.back(), std::move(images[i])});
  }
  core::StringSink predictions;
  TRY(learn::write_predictions(predictions, test), options.predictions);
  outs.push_back({options.predictions, predictions.text()});
  outs.push_back({options.report, report::html_report(facts)});
  outs.push_back({options.model_card, report::model_card(facts)});
  outs.push_back({options.metrics, codec::to_text(to_json(report), codec::JsonStyle::kPretty) + "\n"});
  if (!options.timed_report.empty()) {
    const model::RatingExplainer explainer = TRY(model::RatingExplainer::create(scorer), options.package);
    report.single_row_time = measure_single_row(explainer, test.listings, context.clock);
    facts.single_row_time = text_of(*report.single_row_time);
    outs.push_back({options.timed_report, report::html_report(facts)});
  }
  TRY(write_all(outs, context.files));
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
