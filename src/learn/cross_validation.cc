#include "learn/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"

namespace starcast::learn {

using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Listing;

namespace {

// A fold's training reports nowhere: its numbers are the cross-validation's, not a run's.
class NoRunLog final : public RunLog {
 public:
  void log_param(std::string_view, std::string_view) override {}
  void log_metric(std::string_view, double, long) override {}
};

struct FoldAnswer {
  std::vector<std::size_t> places;  // of the tested listings
  TestPredictions test;
  std::vector<Baseline> components;
  TestPredictions before_launch;
};

std::vector<Baseline> component_predictions(const model::RatingScorer& scorer,
                                            const std::vector<Listing>& test) {
  std::vector<Baseline> components;
  for (const Listing& listing : test) {
    const std::vector<model::Component> parts = scorer.components(listing);
    if (components.empty()) {
      for (const model::Component& part : parts) components.push_back({part.name, part.name, {}});
    }
    CHECK(parts.size() == components.size());
    for (std::size_t i = 0; i < parts.size(); ++i) components[i].predictions.push_back(parts[i].value);
  }
  return components;
}

Result<FoldAnswer> run_fold(std::size_t fold, std::span<const Listing> listings, const RatingPlan& plan,
                            const CrossValidationOptions& options, const TrainContext& context) {
  FoldAnswer answer;
  std::vector<Listing> train;
  std::vector<Listing> test;
  for (std::size_t i = 0; i < listings.size(); ++i) {
    if (options.fold_of[i] == fold) {
      test.push_back(listings[i]);
      answer.places.push_back(i);
    } else {
      train.push_back(listings[i]);
    }
  }
  if (test.empty()) return Error(ErrorCode::kInvalidInput, fmt::format("fold {} is empty", fold));
  std::vector<Baseline> baselines =
      TRY(fit_baselines(train, test, predecessor_baseline(plan.learner), plan.seed, context));
  train.insert(train.end(), options.extra.begin(), options.extra.end());
  NoRunLog run_log;
  RatingPlan whole_plan = plan;
  whole_plan.members = RatingPlan::Members::kAll;  // each part is reported, and every fold has the same ones
  model::RatingModel trained = TRY(train_rating(train, whole_plan, {}, context, run_log));
  const model::RatingScorer scorer = TRY(model::RatingScorer::create(std::move(trained)));
  if (scorer.answers(model::LaunchCase::kBeforeLaunch))
    answer.before_launch = predict_before_launch(scorer, test);
  answer.components = component_predictions(scorer, test);
  answer.test = predict_test(scorer, std::move(test), std::move(baselines));
  return answer;
}

// Puts a fold's predictions of one kind to their places among all.
void gather(const std::vector<std::size_t>& places, const std::vector<Baseline>& fold, std::size_t count,
            std::vector<Baseline>& all) {
  if (all.empty()) {
    for (const Baseline& baseline : fold)
      all.push_back({baseline.name, baseline.title, std::vector<double>(count)});
  }
  for (std::size_t b = 0; b < all.size(); ++b) {
    for (std::size_t i = 0; i < places.size(); ++i) all[b].predictions[places[i]] = fold[b].predictions[i];
  }
}

}  // namespace

Result<CrossValidation> cross_validate(std::span<const Listing> listings, const RatingPlan& plan,
                                       const CrossValidationOptions& options, const TrainContext& context) {
  CHECK(options.fold_of.size() == listings.size());
  if (options.folds < 2 || options.folds > listings.size()) {
    return Error(ErrorCode::kInvalidInput, "the number of folds has to lie between 2 and the number of apps");
  }
  const std::size_t at_once = std::clamp<std::size_t>(context.threads, 1, options.folds);
  const TrainContext fold_context{context.library, std::max<std::size_t>(context.threads / at_once, 1),
                                  context.progress};
  std::vector<FoldAnswer> answers(options.folds);
  const auto run = [&](std::size_t fold) -> Result<void> {
    answers[fold] = TRY(run_fold(fold, listings, plan, options, fold_context));
    return {};
  };
  TRY(core::parallel_for(options.folds, at_once, run));

  CrossValidation validation;
  validation.test.listings.assign(listings.begin(), listings.end());
  validation.test.predictions.resize(listings.size());
  for (FoldAnswer& answer : answers) {
    gather(answer.places, answer.test.baselines, listings.size(), validation.test.baselines);
    gather(answer.places, answer.components, listings.size(), validation.components);
    if (!answer.before_launch.predictions.empty()) {
      validation.before_launch.listings = validation.test.listings;
      validation.before_launch.predictions.resize(listings.size());
    }
    for (std::size_t i = 0; i < answer.places.size(); ++i) {
      validation.test.predictions[answer.places[i]] = std::move(answer.test.predictions[i]);
      if (answer.before_launch.predictions.empty()) continue;
      validation.before_launch.predictions[answer.places[i]] = std::move(answer.before_launch.predictions[i]);
    }
  }
  return validation;
}

}  // namespace starcast::learn
