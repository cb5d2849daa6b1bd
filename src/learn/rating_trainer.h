// Trains the rating model: encoder, boosted trees for the mean and for three quantiles, calibration.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "features/encoder.h"
#include "gbm/booster.h"
#include "learn/blend_weights.h"
#include "learn/run_log.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"

namespace starcast::learn {

enum class Learner {
  kBoosted,       // boosted trees on all that the listing tells
  kRandomForest,  // the predecessor's forest on its eight features
};
std::string_view name_of(Learner learner);  // "boosted", "random-forest"
std::optional<Learner> learner_named(std::string_view name);
std::string_view name_of(Objective objective);  // "mean", "median", "blend"
std::optional<Objective> objective_named(std::string_view name);

// One kind of booster: LightGBM's parameters by its own names, and how many trees.
struct BoosterPlan {
  gbm::Parameters parameters;
  int trees = 0;

  // Replaces or adds one parameter.
  void set(const std::string& name, const std::string& value);
};

// A forest of the point prediction.
struct PointPlan {
  std::string name;
  double weight = 1;  // among all forests, or, where the blend's weights are learnt, among those of its loss
  BoosterPlan booster;
  enum class Loss { kSquared, kAbsolute } loss = Loss::kSquared;
  enum class Weights { kReviews, kEqual } weights = Weights::kReviews;  // how training rows count
};

// All that shapes the answer to one of the two questions.
struct CasePlan {
  model::LaunchCase launch_case = model::LaunchCase::kLaunched;
  std::vector<PointPlan> point;  // weights sum to 1
  // Whether a kernel model takes part. If so, the shares of squared-loss forests, absolute-loss forests and
  // kernel model are learnt on the training apps of the first two calibration folds: from forests
  // that did not see those, and from what the kernel model would say of each without it. A forest weighs
  // nothing or at least 0.05.
  enum class Kernel { kNo, kYes } kernel = Kernel::kNo;
  // Whether the band forests also learn from rows of which some fields are hidden.
  enum class MaskedCopies { kNo, kYes } masked_copies = MaskedCopies::kNo;
  BoosterPlan band;  // objective and alpha are set for each of the three; rows count the same
  std::size_t calibration_folds = 4;  // folds of the training part whose ratings calibrate the intervals
};

// All that shapes a model, beside the data.
struct RatingPlan {
  Learner learner = Learner::kBoosted;
  Objective objective = Objective::kBlend;
  std::uint64_t seed = 1;
  // Where weights are learnt: whether forests that get none are grown nevertheless, to say what each part
  // says alone. It changes no prediction.
  enum class Members { kThatWeigh, kAll } members = Members::kThatWeigh;
  double half_weight_reviews = 5;  // a rating of n reviews weighs n / (n + this)
  std::vector<CasePlan> cases;     // launched first

  // Parameters that were chosen by 5-fold cross-validation on the 2018 file:
  // docs/decisions/0013-rating-model.md.
  static RatingPlan defaults_of(Learner learner);

  // Makes the prediction minimise something else: leaves out the forests of the other loss.
  void set_objective(Objective wanted);
};

// The levels at which every model is calibrated.
inline constexpr double kIntervalLevels[] = {0.5, 0.8, 0.9, 0.95};

struct TrainContext {
  const gbm::LightGbm& library;
  std::size_t threads = 1;                     // changes the time, never the result
  std::function<void(double trees)> progress;  // called from any thread; may be empty
};

// How many trees a plan grows in all, if all are members: for progress.
double trees_in(const RatingPlan& plan);

// Trains on rated listings, one row an app. `trained_on` goes into the model; its apps, date_last
// and seen are filled in here. kInvalidInput: fewer than 40 listings (nothing can be calibrated), a missing
// rating.
core::Result<model::RatingModel> train_rating(std::span<const listing::Listing> training,
                                              const RatingPlan& plan, model::TrainedOn trained_on,
                                              const TrainContext& context, RunLog& run_log);

// Ratings weigh less the fewer reviews stand behind them.
std::vector<double> review_weights(std::span<const listing::Listing> listings, double half_weight_reviews);
std::vector<double> ratings_of(std::span<const listing::Listing> listings);

}  // namespace starcast::learn
