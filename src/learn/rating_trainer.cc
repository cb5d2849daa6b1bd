#include "learn/rating_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/check.h"
#include "core/parallel.h"
#include "features/matrix.h"
#include "learn/review_buckets.h"
#include "learn/split.h"

namespace starcast::learn {

using core::Error;
using core::ErrorCode;
using core::Result;
using features::Encoder;
using features::FittedEncoder;
using features::Matrix;
using listing::Listing;

namespace {

constexpr std::size_t kTrainingListingsMin = 40;
constexpr std::size_t kGroupScoresMin = 100;
constexpr double kMedianShare = 0.5;
constexpr double kLowShare = 0.1;
constexpr double kHighShare = 0.9;

// What one booster is trained for.
struct Job {
  std::size_t data;     // index of the encoded data: 0 is the whole training part, f + 1 is all but fold f
  double share;         // the quantile, or 0 for a point forest
  const BoosterPlan* plan;
  PointPlan::Weights weights;
  std::uint64_t seed;
  std::string* text;    // where the model goes
};

// Training rows as the boosters see them.
struct EncodedPart {
  std::vector<std::size_t> rows;  // indices into the training listings
  std::optional<FittedEncoder> fitted;
  std::vector<double> ratings;
  std::vector<double> weights;
};

struct FoldForests {
  std::string median;
  std::string low;
  std::string high;
};

Result<EncodedPart> encode(std::span<const Listing> training, const std::vector<double>& weights,
                           std::vector<std::size_t> rows, const features::EncoderOptions& options) {
  EncodedPart part;
  std::vector<Listing> listings;
  listings.reserve(rows.size());
  for (const std::size_t row : rows) {
    listings.push_back(training[row]);
    part.weights.push_back(weights[row]);
  }
  part.ratings = ratings_of(listings);
  part.fitted = TRY(Encoder::fit(listings, part.weights, options));
  part.rows = std::move(rows);
  return part;
}

std::vector<std::string> column_names(const Encoder& encoder) {
  std::vector<std::string> names;
  for (const features::FeatureColumn& column : encoder.columns()) names.push_back(column.name);
  return names;
}

Result<std::string> train_booster(const Job& job, const EncodedPart& part, const TrainContext& context) {
  const Matrix& rows = part.fitted->training_rows;
  std::span<const double> weights;
  if (job.weights == PointPlan::Weights::kReviews) weights = part.weights;
  gbm::TrainOptions options;
  options.parameters = job.plan->parameters;
  if (job.share > 0) {
    options.parameters.emplace_back("objective", "quantile");
    options.parameters.emplace_back("alpha", codec::to_shortest(job.share));
  }
  options.rounds = job.plan->trees;
  options.seed = job.seed;
  options.on_round = [&context](int) {
    if (context.progress) context.progress(1);
    return gbm::TrainOptions::Continue::kYes;
  };
  return context.library.train(
      {rows.values, rows.rows, rows.columns, part.ratings, weights, column_names(part.fitted->encoder)}, options);
}

// The conformal quantile of the scores at each level: the ceil((n + 1) level)-th smallest.
std::vector<model::LevelScale> level_scales(std::vector<double> scores) {
  CHECK(!scores.empty());
  std::sort(scores.begin(), scores.end());
  std::vector<model::LevelScale> scales;
  for (const double level : kIntervalLevels) {
    const double place = std::ceil(level * static_cast<double>(scores.size() + 1));
    const auto index = std::min(static_cast<std::size_t>(place), scores.size()) - 1;
    // A scale below 0 would turn the interval around; at low levels of coarse ratings the smallest score can be one.
    scales.push_back({level, std::max(scores[index], 0.0)});
  }
  return scales;
}

// One group for each bucket of reviews; a bucket with too few scores takes those of all.
std::vector<model::CalibrationGroup> calibration_groups(std::span<const Listing> training,
                                                        const std::vector<double>& scores) {
  std::vector<std::vector<double>> by_bucket(review_buckets().size());
  for (std::size_t i = 0; i < training.size(); ++i) by_bucket[bucket_of(training[i])].push_back(scores[i]);
  std::vector<model::CalibrationGroup> groups;
  for (std::size_t bucket = 0; bucket < by_bucket.size(); ++bucket) {
    const std::vector<double>& own = by_bucket[bucket].size() >= kGroupScoresMin ? by_bucket[bucket] : scores;
    groups.push_back({review_buckets()[bucket].reviews_min, level_scales(own)});
  }
  return groups;
}

// Scores each training listing with the fold forests that did not see it.
Result<std::vector<double>> out_of_fold_scores(std::span<const Listing> training, const std::vector<std::size_t>& fold_of,
                                               const std::vector<EncodedPart>& parts,
                                               const std::vector<FoldForests>& forests,
                                               const model::Calibration& calibration) {
  std::vector<double> scores(training.size());
  for (std::size_t fold = 0; fold < forests.size(); ++fold) {
    const Encoder& encoder = parts[fold + 1].fitted->encoder;
    std::vector<double> row(encoder.columns().size());
    const model::QuantileForests quantiles = TRY(model::QuantileForests::create(
        forests[fold].median, forests[fold].low, forests[fold].high, row.size()));
    for (std::size_t i = 0; i < training.size(); ++i) {
      if (fold_of[i] != fold) continue;
      encoder.transform(training[i], row);
      const model::QuantileForests::Quantiles answer = quantiles.predict(row);
      scores[i] = calibration.score(answer.median, answer.low, answer.high, training[i].rating);
    }
  }
  return scores;
}

}  // namespace

std::string_view name_of(Learner learner) {
  switch (learner) {
    case Learner::kBoosted: return "boosted";
    case Learner::kRandomForest: return "random-forest";
  }
  return "boosted";
}

std::optional<Learner> learner_named(std::string_view name) {
  for (const Learner learner : {Learner::kBoosted, Learner::kRandomForest}) {
    if (name == name_of(learner)) return learner;
  }
  return std::nullopt;
}

void BoosterPlan::set(const std::string& name, const std::string& value) {
  for (auto& parameter : parameters) {
    if (parameter.first == name) {
      parameter.second = value;
      return;
    }
  }
  parameters.emplace_back(name, value);
}

RatingPlan RatingPlan::defaults_of(Learner learner) {
  RatingPlan plan;
  plan.learner = learner;
  switch (learner) {
    case Learner::kBoosted: {
      const gbm::Parameters common = {{"learning_rate", "0.02"},   {"num_leaves", "31"},     {"max_depth", "7"},
                                      {"min_data_in_leaf", "20"},  {"bagging_fraction", "0.7"}, {"bagging_freq", "1"},
                                      {"feature_fraction", "0.4"}, {"lambda_l2", "10"}};
      BoosterPlan mean{common, 500};
      mean.set("objective", "regression");
      BoosterPlan extra{common, 700};
      extra.set("objective", "regression");
      extra.set("extra_trees", "true");
      BoosterPlan median{common, 500};
      median.set("objective", "regression_l1");
      plan.point = {{"mean", 0.35, mean}, {"mean-extra", 0.35, extra}, {"median", 0.3, median}};
      plan.quantile = BoosterPlan{common, 100};
      plan.quantile.set("learning_rate", "0.08");
      plan.quantile.set("num_leaves", "15");
      plan.quantile.set("max_depth", "-1");
      plan.objective = "0.7 squared error and 0.3 absolute error";
      break;
    }
    case Learner::kRandomForest: {
      // LightGBM's forest as near as it comes to scikit-learn's default one. Beyond 1,024 leaves it takes seven times as
      // long and is no better on the 2018 file. Its trees are independent, so it grows as four parts at once.
      const BoosterPlan part{{{"objective", "regression"},
                              {"boosting", "rf"},
                              {"num_leaves", "1024"},
                              {"min_data_in_leaf", "1"},
                              {"min_sum_hessian_in_leaf", "0"},
                              {"bagging_fraction", "0.632"},
                              {"bagging_freq", "1"}},
                             25};
      for (const char* const name : {"forest-1", "forest-2", "forest-3", "forest-4"}) {
        plan.point.push_back({name, 0.25, part, PointPlan::Weights::kEqual});
      }
      plan.quantile = BoosterPlan{{{"learning_rate", "0.1"}, {"num_leaves", "15"}, {"min_data_in_leaf", "20"}}, 60};
      plan.calibration_folds = 2;
      plan.objective = "squared error";
      break;
    }
  }
  return plan;
}

double trees_in(const RatingPlan& plan) {
  double trees = 3.0 * plan.quantile.trees * static_cast<double>(plan.calibration_folds + 1);
  for (const PointPlan& point : plan.point) trees += point.booster.trees;
  return trees;
}

std::vector<double> review_weights(std::span<const Listing> listings, double half_weight_reviews) {
  std::vector<double> weights;
  weights.reserve(listings.size());
  for (const Listing& listing : listings) {
    // A rated app has at least one review, also when the listing does not say how many.
    const double reviews = core::is_missing(listing.reviews) ? 1 : std::max(listing.reviews, 1.0);
    weights.push_back(reviews / (reviews + half_weight_reviews));
  }
  return weights;
}

std::vector<double> ratings_of(std::span<const Listing> listings) {
  std::vector<double> ratings;
  ratings.reserve(listings.size());
  for (const Listing& listing : listings) ratings.push_back(listing.rating);
  return ratings;
}

Result<TrainedRating> train_rating(std::span<const Listing> training, const RatingPlan& plan,
                                   model::TrainedOn trained_on, const TrainContext& context, RunLog& run_log) {
  if (training.size() < kTrainingListingsMin) {
    return Error(ErrorCode::kInvalidInput, fmt::format("{} rated apps are too few to learn from and to calibrate; "
                                                       "at least {} are needed",
                                                       training.size(), kTrainingListingsMin));
  }
  if (plan.calibration_folds < 2) {
    return Error(ErrorCode::kInvalidInput, "calibration_folds has to be at least 2");
  }
  const std::vector<double> weights = review_weights(training, plan.half_weight_reviews);
  const std::vector<std::size_t> fold_of = deal_folds(training.size(), plan.calibration_folds, plan.seed);
  std::optional<codec::Date> last;
  for (const Listing& listing : training) {
    if (listing.last_updated && (!last || *last < *listing.last_updated)) last = listing.last_updated;
  }
  features::EncoderOptions encoder_options;
  encoder_options.feature_set = plan.learner == Learner::kBoosted ? features::FeatureSet::kListing
                                                                  : features::FeatureSet::kPredecessor;
  encoder_options.seed = plan.seed;
  encoder_options.as_of = last;  // the folds' ages count from the same day as the whole part's

  std::vector<EncodedPart> parts(plan.calibration_folds + 1);
  const auto encode_part = [&](std::size_t index) -> Result<void> {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < training.size(); ++i) {
      if (index == 0 || fold_of[i] != index - 1) rows.push_back(i);
    }
    parts[index] = TRY(encode(training, weights, std::move(rows), encoder_options));
    return {};
  };
  TRY(core::parallel_for(parts.size(), context.threads, encode_part));

  model::RatingModel model;
  std::vector<FoldForests> folds(plan.calibration_folds);
  std::vector<Job> jobs;
  for (const PointPlan& point : plan.point) model.point.push_back({point.name, point.weight, ""});
  for (std::size_t i = 0; i < plan.point.size(); ++i) {
    jobs.push_back({0, 0, &plan.point[i].booster, plan.point[i].weights, plan.seed + i, &model.point[i].text});
  }
  const auto add_shape = [&](std::size_t data, std::string& median, std::string& low, std::string& high) {
    jobs.push_back({data, kMedianShare, &plan.quantile, PointPlan::Weights::kEqual, plan.seed, &median});
    jobs.push_back({data, kLowShare, &plan.quantile, PointPlan::Weights::kEqual, plan.seed, &low});
    jobs.push_back({data, kHighShare, &plan.quantile, PointPlan::Weights::kEqual, plan.seed, &high});
  };
  add_shape(0, model.median, model.low, model.high);
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    add_shape(fold + 1, folds[fold].median, folds[fold].low, folds[fold].high);
  }
  const auto run_job = [&](std::size_t index) -> Result<void> {
    *jobs[index].text = TRY(train_booster(jobs[index], parts[jobs[index].data], context));
    return {};
  };
  TRY(core::parallel_for(jobs.size(), context.threads, run_job));

  const std::vector<double> scores = TRY(out_of_fold_scores(training, fold_of, parts, folds, model.calibration));
  model.calibration.groups = calibration_groups(training, scores);
  model.learner = std::string(name_of(plan.learner));
  model.seed = plan.seed;
  model.objective = plan.objective;
  model.trained_on = std::move(trained_on);
  model.trained_on.apps = training.size();
  model.trained_on.date_last = last ? codec::to_iso(*last) : "";

  run_log.log_param("learner", model.learner);
  run_log.log_param("seed", std::to_string(plan.seed));
  for (const PointPlan& point : plan.point) {
    run_log.log_param(fmt::format("{}.weight", point.name), codec::to_shortest(point.weight));
    run_log.log_param(fmt::format("{}.trees", point.name), std::to_string(point.booster.trees));
    for (const auto& parameter : point.booster.parameters) {
      run_log.log_param(fmt::format("{}.{}", point.name, parameter.first), parameter.second);
    }
  }
  for (const auto& parameter : plan.quantile.parameters) {
    run_log.log_param(fmt::format("quantile.{}", parameter.first), parameter.second);
  }
  run_log.log_metric("apps", static_cast<double>(training.size()), 0);
  return TrainedRating{std::move(parts[0].fitted->encoder), std::move(model)};
}

}  // namespace starcast::learn
