#include "learn/baselines.h"

#include <map>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "forest/forest.h"
#include "learn/metrics.h"

namespace starcast::learn {

using core::Result;
using listing::Listing;

namespace {

struct Mean {
  double sum = 0;
  double count = 0;
  void add(double value) {
    sum += value;
    count += 1;
  }
  double value() const { return sum / count; }
};

Baseline category_mean(std::span<const Listing> train, std::span<const Listing> test, double overall) {
  std::map<std::string, Mean> means;
  for (const Listing& listing : train) means[listing.category].add(listing.rating);
  Baseline baseline{"category_mean", "mean of the category", {}};
  for (const Listing& listing : test) {
    const auto found = means.find(listing.category);
    baseline.predictions.push_back(found == means.end() ? overall : found->second.value());
  }
  return baseline;
}

Result<Baseline> predecessor_forest(std::span<const Listing> train, std::span<const Listing> test,
                                    std::uint64_t seed, const TrainContext& context) {
  const CasePlan plan = RatingPlan::defaults_of(Learner::kRandomForest).cases.front();
  features::EncoderOptions options;
  options.feature_set = features::FeatureSet::kPredecessor;
  options.seed = seed;
  const std::vector<double> weights(train.size(), 1.0);
  const features::FittedEncoder fitted = TRY(features::Encoder::fit(train, weights, options));
  const std::vector<double> ratings = ratings_of(train);
  std::vector<std::string> names;
  for (const features::FeatureColumn& column : fitted.encoder.columns()) names.push_back(column.name);
  const features::Matrix& rows = fitted.training_rows;
  std::vector<std::vector<double>> answers(plan.point.size());
  const auto grow = [&](std::size_t index) -> Result<void> {
    gbm::TrainOptions train_options;
    train_options.parameters = plan.point[index].booster.parameters;
    train_options.rounds = plan.point[index].booster.trees;
    train_options.seed = seed + index;
    const std::string text =
        TRY(context.library.train({rows.values, rows.rows, rows.columns, ratings, {}, names}, train_options));
    const forest::Forest forest = TRY(forest::parse_lightgbm(text));
    std::vector<double> row(fitted.encoder.columns().size());
    for (const Listing& listing : test) {
      fitted.encoder.transform(listing, row);
      answers[index].push_back(forest.predict(row));
    }
    return {};
  };
  TRY(core::parallel_for(plan.point.size(), context.threads, grow));
  Baseline baseline{"predecessor_forest", "predecessor's forest, its eight features",
                    std::vector<double>(test.size())};
  for (std::size_t part = 0; part < answers.size(); ++part) {
    for (std::size_t i = 0; i < test.size(); ++i)
      baseline.predictions[i] += plan.point[part].weight * answers[part][i];
  }
  return baseline;
}

}  // namespace

Result<std::vector<Baseline>> fit_baselines(std::span<const Listing> train, std::span<const Listing> test,
                                            PredecessorForest predecessor, std::uint64_t seed,
                                            const TrainContext& context) {
  CHECK(!train.empty());
  std::vector<double> ratings = ratings_of(train);
  const double mean =
      std::accumulate(ratings.begin(), ratings.end(), 0.0) / static_cast<double>(ratings.size());
  std::vector<Baseline> baselines;
  baselines.push_back({"mean", "mean of all", std::vector<double>(test.size(), mean)});
  baselines.push_back(
      {"median", "median of all", std::vector<double>(test.size(), quantile_of(ratings, 0.5))});
  baselines.push_back(category_mean(train, test, mean));
  switch (predecessor) {
    case PredecessorForest::kFit:
      baselines.push_back(TRY(predecessor_forest(train, test, seed, context), "predecessor's forest"));
      break;
    case PredecessorForest::kLeaveOut:
      break;
  }
  return baselines;
}

}  // namespace starcast::learn
