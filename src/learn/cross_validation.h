// Cross-validation: every app is predicted once by a model that did not see it.
#pragma once

#include <cstdint>
#include <span>

#include "core/result.h"
#include "learn/evaluation.h"
#include "learn/rating_trainer.h"

namespace starcast::learn {

struct CrossValidationOptions {
  std::size_t folds = 5;
  std::uint64_t shuffle_seed = 1;  // which apps share a fold
};

struct CrossValidation {
  TestPredictions test;           // in the order of the listings, with the baselines
  TestPredictions before_launch;  // the same apps as they were before launch; empty when the plan has no such case
};

// Trains `folds` models by the plan and gathers what they say of the apps that they did not see.
core::Result<CrossValidation> cross_validate(std::span<const listing::Listing> listings, const RatingPlan& plan,
                                             const CrossValidationOptions& options, const TrainContext& context);

}  // namespace starcast::learn
