// Baselines: what a model has to beat, fitted on the same training part.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "learn/rating_trainer.h"
#include "listing/listing.h"

namespace starcast::learn {

struct Baseline {
  std::string name;                 // "mean", "median", "category_mean", "predecessor_forest"
  std::string title;                // for tables: "mean of the training part"
  std::vector<double> predictions;  // one a test listing
};

enum class PredecessorForest {
  kFit,
  kLeaveOut,  // where the model itself is that forest, and would be grown twice
};

// Nothing is a learner that this starcast does not know.
inline PredecessorForest predecessor_baseline(std::optional<Learner> learner) {
  return learner == Learner::kRandomForest ? PredecessorForest::kLeaveOut : PredecessorForest::kFit;
}

// Mean, median and category mean (an unknown category gets the mean), and the predecessor's forest on its
// eight features: unweighted, as its pipeline had it.
core::Result<std::vector<Baseline>> fit_baselines(std::span<const listing::Listing> train,
                                                  std::span<const listing::Listing> test,
                                                  PredecessorForest predecessor, std::uint64_t seed,
                                                  const TrainContext& context);

}  // namespace starcast::learn
