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

// Trains `folds` models by the plan and gathers their predictions and the baselines', in the order of the listings.
core::Result<TestPredictions> cross_validate(std::span<const listing::Listing> listings, const RatingPlan& plan,
                                             const CrossValidationOptions& options, const TrainContext& context);

}  // namespace starcast::learn
