#include "learn/cross_validation.h"

#include <utility>
#include <vector>

#include "core/check.h"
#include "learn/split.h"

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

}  // namespace

Result<CrossValidation> cross_validate(std::span<const Listing> listings, const RatingPlan& plan,
                                       const CrossValidationOptions& options, const TrainContext& context) {
  if (options.folds < 2 || options.folds > listings.size()) {
    return Error(ErrorCode::kInvalidInput, "the number of folds has to lie between 2 and the number of apps");
  }
  const std::vector<std::size_t> fold_of = deal_folds(listings.size(), options.folds, options.shuffle_seed);
  CrossValidation validation;
  TestPredictions& all = validation.test;
  all.listings.assign(listings.begin(), listings.end());
  all.predictions.resize(listings.size());
  NoRunLog run_log;
  for (std::size_t fold = 0; fold < options.folds; ++fold) {
    std::vector<Listing> train;
    std::vector<Listing> test;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < listings.size(); ++i) {
      if (fold_of[i] == fold) {
        test.push_back(listings[i]);
        places.push_back(i);
      } else {
        train.push_back(listings[i]);
      }
    }
    model::RatingModel trained = TRY(train_rating(train, plan, {}, context, run_log));
    const model::RatingScorer scorer = TRY(model::RatingScorer::create(std::move(trained)));
    if (scorer.answers(model::LaunchCase::kBeforeLaunch)) {
      TestPredictions before = predict_before_launch(scorer, test);
      validation.before_launch.listings = all.listings;
      validation.before_launch.predictions.resize(listings.size());
      for (std::size_t i = 0; i < places.size(); ++i) {
        validation.before_launch.predictions[places[i]] = std::move(before.predictions[i]);
      }
    }
    std::vector<Baseline> baselines = TRY(fit_baselines(train, test, predecessor_baseline(plan.learner), plan.seed, context));
    const TestPredictions part = predict_test(scorer, std::move(test), std::move(baselines));
    if (all.baselines.empty()) {
      for (const Baseline& baseline : part.baselines) {
        all.baselines.push_back({baseline.name, baseline.title, std::vector<double>(listings.size())});
      }
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      all.predictions[places[i]] = part.predictions[i];
      for (std::size_t b = 0; b < all.baselines.size(); ++b) {
        all.baselines[b].predictions[places[i]] = part.baselines[b].predictions[i];
      }
    }
  }
  return validation;
}

}  // namespace starcast::learn
