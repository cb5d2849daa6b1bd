// Cross-validation: every app is predicted once by a model that did not see it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "learn/evaluation.h"
#include "learn/rating_trainer.h"

namespace starcast::learn {

struct CrossValidationOptions {
  std::size_t folds = 5;
  std::vector<std::size_t> fold_of;           // 0 .. folds-1, one a listing; see deal_folds
  std::span<const listing::Listing> extra{};  // apps that train in each fold and are never tested
};

struct CrossValidation {
  TestPredictions test;              // in the order of the listings, with the baselines
  std::vector<Baseline> components;  // what each part of the blend says alone
  TestPredictions
      before_launch;  // the same apps as they were before launch; empty when the plan has no such case
};

// Trains one model a fold, the folds in parallel on context.threads, and gathers what the models say of the
// apps that they did not see. The result does not depend on the number of threads. kInvalidInput: fewer than
// two folds, an empty fold.
core::Result<CrossValidation> cross_validate(std::span<const listing::Listing> listings,
                                             const RatingPlan& plan, const CrossValidationOptions& options,
                                             const TrainContext& context);

}  // namespace starcast::learn
