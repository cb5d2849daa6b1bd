#include "learn/rating_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "codec/number.h"
#include "core/check.h"
#include "core/parallel.h"
#include "features/matrix.h"
#include "forest/forest.h"
#include "learn/masked_copies.h"
#include "learn/review_buckets.h"
#include "learn/split.h"
#include "model/kernel_input.h"
#include "similar/kernel_model.h"

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
// With fewer scores of its own, a bucket of reviews takes the scores of all.
constexpr std::size_t kGroupScoresMin = 100;
// The band is not symmetric: ratings have a long lower tail, and of all bands that hold four fifths of them
// this one is among the narrowest.
constexpr double kMedianShare = 0.5;
constexpr double kLowShare = 0.12;
constexpr double kHighShare = 0.92;

// Training rows as the boosters see them.
struct EncodedPart {
  std::optional<FittedEncoder> fitted;
  std::vector<double> ratings;
  std::vector<double> weights;
  std::optional<MaskedCopies> masked;  // where the plan asks for them
};

// By row: the value of its source.
std::vector<double> gathered(std::span<const double> values, std::span<const std::size_t> source) {
  std::vector<double> result;
  result.reserve(source.size());
  for (const std::size_t row : source) result.push_back(values[row]);
  return result;
}

// The fields that masked copies hide: all that the case looks at, but what makes an app a launched one.
std::vector<listing::Field> maskable_fields(model::LaunchCase launch_case) {
  using listing::Field;
  std::vector<Field> fields = {Field::kApp,    Field::kCategory,       Field::kSize,
                               Field::kType,   Field::kPrice,          Field::kContentRating,
                               Field::kGenres, Field::kCurrentVersion, Field::kAndroidVersion};
  if (launch_case == model::LaunchCase::kLaunched) fields.push_back(Field::kLastUpdated);
  return fields;
}

// One piece of work that shares nothing it writes with the others.
using Job = std::function<Result<void>()>;

constexpr std::size_t kMaskedEvery = 2;  // one training row of so many has a masked copy
constexpr std::size_t kWeightFolds = 2;  // calibration folds whose apps the blend's weights are learnt on
// Of a forest in a blend with learnt weights: a smaller one moves no figure, and costs as much as any other.
constexpr double kForestWeightMin = 0.05;

// The conformal quantile of the scores at each level: the ceil((n + 1) level)-th smallest.
std::vector<model::LevelScale> level_scales(std::vector<double> scores) {
  CHECK(!scores.empty());
  std::sort(scores.begin(), scores.end());
  std::vector<model::LevelScale> scales;
  for (const double level : kIntervalLevels) {
    const double place = std::ceil(level * static_cast<double>(scores.size() + 1));
    const auto index = std::min(static_cast<std::size_t>(place), scores.size()) - 1;
    scales.push_back({level, scores[index]});
  }
  return scales;
}

// Trains the answer to one question. Its work is handed out as lists of independent pieces, so that several
// cases share the threads: first encode_part(0 .. part_count() - 1), then the weight jobs, learn(), the
// forest jobs, and finish().
class CaseTrainer {
 public:
  CaseTrainer(std::span<const Listing> training, const CasePlan& plan, const RatingPlan& rating_plan,
              const features::EncoderOptions& encoder_options, const TrainContext& context)
      : plan_(plan),
        rating_plan_(rating_plan),
        context_(context),
        encoder_options_(encoder_options),
        weights_(review_weights(training, rating_plan.half_weight_reviews)),
        fold_of_(deal_folds(training.size(), plan.calibration_folds, rating_plan.seed)),
        parts_(plan.calibration_folds + 1),
        folds_(plan.calibration_folds),
        point_(plan.point.size()),
        weight_folds_(plan.kernel == CasePlan::Kernel::kYes ? std::min(kWeightFolds, plan.calibration_folds)
                                                            : 0) {
    for (const Listing& listing : training) {
      reviews_.push_back(listing.reviews);
      seen_.push_back(model::seen_as(listing, plan.launch_case));
    }
  }

  std::size_t part_count() const { return parts_.size(); }

  // Part 0 is the whole training part, part f + 1 all of it but fold f.
  Result<void> encode_part(std::size_t index) {
    EncodedPart& part = parts_[index];
    std::vector<Listing> listings;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (index > 0 && fold_of_[i] == index - 1) continue;
      listings.push_back(seen_[i]);
      part.weights.push_back(weights_[i]);
      places.push_back(i);
    }
    part.ratings = ratings_of(listings);
    features::EncoderOptions options = encoder_options_;
    if (options.names) options.places = places;
    part.fitted = TRY(Encoder::fit(listings, part.weights, options));
    if (plan_.masked_copies == CasePlan::MaskedCopies::kYes) {
      part.masked = with_masked_copies(listings, *part.fitted,
                                       {maskable_fields(plan_.launch_case), kMaskedEvery, rating_plan_.seed});
    }
    return {};
  }

  // What the weights are learnt from; the largest piece first.
  void add_weight_jobs(std::vector<Job>& jobs) {
    if (plan_.kernel == CasePlan::Kernel::kYes) {
      jobs.push_back([this]() -> Result<void> { return fit_kernel(); });
    }
    for (std::size_t fold = 0; fold < weight_folds_.size(); ++fold) {
      const std::vector<std::size_t> chosen = weight_forests();
      weight_folds_[fold].resize(chosen.size());
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        add_point_job(jobs, chosen[i], parts_[fold + 1], weight_folds_[fold][i]);
      }
    }
  }

  // Once the weight jobs are done.
  Result<void> learn() {
    for (const PointPlan& point : plan_.point) point_weights_.push_back(point.weight);
    if (kernel_) TRY(set_learnt_weights(point_weights_, kernel_weight_));
    return {};
  }

  void add_forest_jobs(std::vector<Job>& jobs) {
    for (std::size_t i = 0; i < plan_.point.size(); ++i) {
      if (is_member(i)) add_point_job(jobs, i, parts_[0], point_[i]);
    }
    add_band_jobs(jobs, parts_[0], band_);
    for (std::size_t fold = 0; fold < folds_.size(); ++fold)
      add_band_jobs(jobs, parts_[fold + 1], folds_[fold]);
  }

  // Once all jobs are done: calibrates, and hands out the case.
  Result<model::RatingCase> finish() {
    const std::vector<double> scores = TRY(out_of_fold_scores());
    std::optional<model::KernelPart> kernel;
    if (kernel_) kernel = model::KernelPart{kernel_weight_, kernel_->model.to_bytes()};
    model::RatingCase trained{
        plan_.launch_case, std::move(parts_[0].fitted->encoder), {}, std::move(kernel), std::move(band_), {}};
    for (std::size_t i = 0; i < plan_.point.size(); ++i) {
      if (is_member(i))
        trained.point.push_back({plan_.point[i].name, point_weights_[i], std::move(point_[i])});
    }
    trained.calibration.groups = calibration_groups(scores);
    return trained;
  }

 private:
  bool is_member(std::size_t point) const {
    return rating_plan_.members == RatingPlan::Members::kAll || point_weights_[point] > 0;
  }

  // The forests that stand for their loss while weights are learnt: the first of each.
  std::vector<std::size_t> weight_forests() const {
    std::vector<std::size_t> chosen;
    for (const PointPlan::Loss loss : {PointPlan::Loss::kSquared, PointPlan::Loss::kAbsolute}) {
      for (std::size_t i = 0; i < plan_.point.size(); ++i) {
        if (plan_.point[i].loss != loss) continue;
        chosen.push_back(i);
        break;
      }
    }
    return chosen;
  }

  void add_point_job(std::vector<Job>& jobs, std::size_t index, const EncodedPart& part,
                     std::string& text) const {
    jobs.push_back([this, index, &part, &text]() -> Result<void> {
      const PointPlan& point = plan_.point[index];
      std::span<const double> weights;
      if (point.weights == PointPlan::Weights::kReviews) weights = part.weights;
      text = TRY(train_booster(part, Rows::kPlain, point.booster, weights, rating_plan_.seed + index));
      return {};
    });
  }

  void add_band_jobs(std::vector<Job>& jobs, const EncodedPart& part, model::BandForests& band) const {
    const auto add = [&](double share, std::string& text) {
      jobs.push_back([this, share, &part, &text]() -> Result<void> {
        BoosterPlan quantile = plan_.band;
        quantile.set("objective", "quantile");
        quantile.set("alpha", codec::to_shortest(share));
        text = TRY(train_booster(part, Rows::kWithMaskedCopies, quantile, {}, rating_plan_.seed));
        return {};
      });
    };
    add(kMedianShare, band.median);
    add(kLowShare, band.low);
    add(kHighShare, band.high);
  }

  // What the training rows look like to a forest.
  enum class Rows { kPlain, kWithMaskedCopies };

  // `weights` are the rows', one each, or none.
  Result<std::string> train_booster(const EncodedPart& part, Rows kind, const BoosterPlan& plan,
                                    std::span<const double> weights, std::uint64_t seed) const {
    if (!part.masked) kind = Rows::kPlain;
    const Matrix& rows = kind == Rows::kPlain ? part.fitted->training_rows : part.masked->rows;
    std::vector<double> ratings = part.ratings;
    std::vector<double> row_weights(weights.begin(), weights.end());
    if (kind == Rows::kWithMaskedCopies) {
      ratings = gathered(part.ratings, part.masked->source);
      if (!weights.empty()) row_weights = gathered(weights, part.masked->source);
    }
    std::vector<std::string> names;
    for (const features::FeatureColumn& column : part.fitted->encoder.columns()) names.push_back(column.name);
    gbm::TrainOptions options;
    options.parameters = plan.parameters;
    options.rounds = plan.trees;
    options.seed = seed;
    options.on_round = [this](int) {
      if (context_.progress) context_.progress(1);
      return gbm::TrainOptions::Continue::kYes;
    };
    return context_.library.train(
        {rows.values, rows.rows, rows.columns, ratings, row_weights, std::move(names)}, options);
  }

  // On the whole training part.
  Result<void> fit_kernel() {
    const Encoder& encoder = parts_[0].fitted->encoder;
    const model::KernelInputMaker maker = TRY(model::KernelInputMaker::create(encoder));
    std::vector<model::KernelInput> inputs;
    std::vector<similar::KernelItem> items;
    std::vector<double> noise;
    std::vector<double> row(encoder.columns().size());
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      encoder.transform(seen_[i], row);
      inputs.push_back(maker.make(seen_[i], row));
      noise.push_back(model::kernel_noise_variance(reviews_[i]));
    }
    for (const model::KernelInput& input : inputs) items.push_back(input.item());
    std::vector<std::uint8_t> leave_one_out;  // only what the weights are learnt from
    for (const std::size_t fold : fold_of_) leave_one_out.push_back(fold < weight_folds_.size() ? 1 : 0);
    similar::KernelOptions options = model::kernel_options();
    options.seed = rating_plan_.seed;
    if (encoder.names()) options.index = encoder.names()->shared_index();
    kernel_ = TRY(similar::KernelModel::fit({items, parts_[0].ratings, noise, leave_one_out}, options),
                  "kernel model");
    return {};
  }

  // From predictions of the weight folds' apps that did not see them: by forests of the other folds, and by
  // the kernel model without the app itself.
  Result<void> set_learnt_weights(std::vector<double>& weights, double& kernel_weight) const {
    const std::vector<std::size_t> chosen = weight_forests();
    std::vector<std::vector<double>> predictions(chosen.size() + 1);
    std::vector<double> truth;
    for (std::size_t fold = 0; fold < weight_folds_.size(); ++fold) {
      const Encoder& encoder = parts_[fold + 1].fitted->encoder;
      std::vector<double> row(encoder.columns().size());
      std::vector<forest::Forest> forests;
      for (const std::string& text : weight_folds_[fold])
        forests.push_back(TRY(forest::parse_lightgbm(text)));
      for (std::size_t i = 0; i < seen_.size(); ++i) {
        if (fold_of_[i] != fold) continue;
        encoder.transform(seen_[i], row);
        for (std::size_t part = 0; part < forests.size(); ++part)
          predictions[part].push_back(forests[part].predict(row));
        predictions.back().push_back(kernel_->leave_one_out[i]);
        truth.push_back(seen_[i].rating);
      }
    }
    std::vector<double> shares = weights;  // of each forest among those of its loss
    std::vector<double> least;             // of all forests of a loss, and of the kernel model
    for (const std::size_t stands_for : chosen) {
      double among = 0;
      double smallest = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < weights.size(); ++i) {
        if (plan_.point[i].loss != plan_.point[stands_for].loss) continue;
        among += weights[i];
        if (weights[i] > 0) smallest = std::min(smallest, weights[i]);
      }
      for (std::size_t i = 0; i < weights.size() && among > 0; ++i) {
        if (plan_.point[i].loss == plan_.point[stands_for].loss) shares[i] /= among;
      }
      least.push_back(kForestWeightMin * among / smallest);
    }
    least.push_back(0);
    const std::vector<double> learnt = learn_weights(predictions, truth, rating_plan_.objective, least);
    kernel_weight = learnt.back();
    for (std::size_t part = 0; part < chosen.size(); ++part) {
      for (std::size_t i = 0; i < weights.size(); ++i) {
        if (plan_.point[i].loss == plan_.point[chosen[part]].loss) weights[i] = learnt[part] * shares[i];
      }
    }
    return {};
  }

  // Scores each training rating with the fold forests that did not see it.
  Result<std::vector<double>> out_of_fold_scores() const {
    const model::Calibration calibration;
    std::vector<double> scores(seen_.size());
    for (std::size_t fold = 0; fold < folds_.size(); ++fold) {
      const Encoder& encoder = parts_[fold + 1].fitted->encoder;
      std::vector<double> row(encoder.columns().size());
      const model::BandScorer band = TRY(model::BandScorer::create(folds_[fold], row.size()));
      for (std::size_t i = 0; i < seen_.size(); ++i) {
        if (fold_of_[i] != fold) continue;
        encoder.transform(seen_[i], row);
        scores[i] = calibration.score(band.predict(row), seen_[i].rating);
      }
    }
    return scores;
  }

  // Launched: one group for each bucket of reviews. Before launch nobody knows the reviews to come: one
  // group.
  std::vector<model::CalibrationGroup> calibration_groups(const std::vector<double>& scores) const {
    if (plan_.launch_case == model::LaunchCase::kBeforeLaunch) return {{0, level_scales(scores)}};
    std::vector<std::vector<double>> by_bucket(review_buckets().size());
    for (std::size_t i = 0; i < scores.size(); ++i) by_bucket[bucket_of(reviews_[i])].push_back(scores[i]);
    std::vector<model::CalibrationGroup> groups;
    for (std::size_t bucket = 0; bucket < by_bucket.size(); ++bucket) {
      const std::vector<double>& own =
          by_bucket[bucket].size() >= kGroupScoresMin ? by_bucket[bucket] : scores;
      groups.push_back({review_buckets()[bucket].reviews_min, level_scales(own)});
    }
    return groups;
  }

  const CasePlan& plan_;
  const RatingPlan& rating_plan_;
  const TrainContext& context_;
  const features::EncoderOptions& encoder_options_;
  std::vector<Listing> seen_;
  std::vector<double> reviews_;  // also before launch: of the listings as they are
  std::vector<double> weights_;
  std::vector<std::size_t> fold_of_;
  std::vector<EncodedPart> parts_;
  std::vector<model::BandForests> folds_;
  std::vector<std::string> point_;
  std::vector<std::vector<std::string>> weight_folds_;  // by fold: texts of weight_forests()
  model::BandForests band_;
  std::optional<similar::KernelFit> kernel_;
  std::vector<double> point_weights_;  // by point forest; known once learn() is done
  double kernel_weight_ = 0;
};

// The apps whose names the encoders look up, all parts of all cases the same ones. Who is most like whom does
// not depend on ratings, so it is found once for all parts. Null when no encoder asks.
Result<std::shared_ptr<const model::TrainingApps>> apps_of(std::span<const Listing> training,
                                                           const RatingPlan& plan, std::size_t threads) {
  if (plan.learner != Learner::kBoosted) return std::shared_ptr<const model::TrainingApps>();
  for (const Listing& listing : training) {
    if (core::is_missing(listing.rating)) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("app '{}' has no rating to learn from; drop it first", listing.app));
    }
  }
  const std::vector<double> weights = review_weights(training, plan.half_weight_reviews);
  auto apps = std::make_shared<model::TrainingApps>(model::TrainingApps::of(training, weights));
  apps->names.remember_nearest(threads);
  return std::shared_ptr<const model::TrainingApps>(std::move(apps));
}

// What the prediction minimises, for people.
std::string objective_text(Objective objective) {
  switch (objective) {
    case Objective::kMean:
      return "squared error";
    case Objective::kMedian:
      return "absolute error";
    case Objective::kBlend:
      return "squared and absolute error, each against the best constant's";
  }
  return {};
}

void log_plan(const RatingPlan& plan, RunLog& run_log) {
  run_log.log_param("learner", name_of(plan.learner));
  run_log.log_param("objective", name_of(plan.objective));
  run_log.log_param("seed", std::to_string(plan.seed));
  for (const CasePlan& case_plan : plan.cases) {
    const std::string_view name = model::name_of(case_plan.launch_case);
    for (const PointPlan& point : case_plan.point) {
      run_log.log_param(fmt::format("{}.{}.weight", name, point.name), codec::to_shortest(point.weight));
      run_log.log_param(fmt::format("{}.{}.trees", name, point.name), std::to_string(point.booster.trees));
      for (const auto& parameter : point.booster.parameters) {
        run_log.log_param(fmt::format("{}.{}.{}", name, point.name, parameter.first), parameter.second);
      }
    }
    for (const auto& parameter : case_plan.band.parameters) {
      run_log.log_param(fmt::format("{}.band.{}", name, parameter.first), parameter.second);
    }
  }
}

}  // namespace

std::string_view name_of(Learner learner) {
  switch (learner) {
    case Learner::kBoosted:
      return "boosted";
    case Learner::kRandomForest:
      return "random-forest";
  }
  return "boosted";
}

std::optional<Learner> learner_named(std::string_view name) {
  for (const Learner learner : {Learner::kBoosted, Learner::kRandomForest}) {
    if (name == name_of(learner)) return learner;
  }
  return std::nullopt;
}

std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::kMean:
      return "mean";
    case Objective::kMedian:
      return "median";
    case Objective::kBlend:
      return "blend";
  }
  return "blend";
}

std::optional<Objective> objective_named(std::string_view name) {
  for (const Objective objective : {Objective::kMean, Objective::kMedian, Objective::kBlend}) {
    if (name == name_of(objective)) return objective;
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

namespace {

CasePlan boosted_case(model::LaunchCase launch_case) {
  const gbm::Parameters common = {{"learning_rate", "0.02"},   {"num_leaves", "31"},
                                  {"max_depth", "7"},          {"min_data_in_leaf", "20"},
                                  {"bagging_fraction", "0.7"}, {"bagging_freq", "1"},
                                  {"feature_fraction", "0.4"}, {"lambda_l2", "10"}};
  BoosterPlan mean{common, 500};
  mean.set("objective", "regression");
  BoosterPlan extra{common, 700};
  extra.set("objective", "regression");
  extra.set("extra_trees", "true");
  BoosterPlan median{common, 500};
  median.set("objective", "regression_l1");
  const PointPlan::Weights by_reviews = PointPlan::Weights::kReviews;
  CasePlan plan;
  plan.launch_case = launch_case;
  plan.kernel = CasePlan::Kernel::kYes;
  plan.masked_copies = CasePlan::MaskedCopies::kYes;
  switch (launch_case) {
    case model::LaunchCase::kLaunched:
      plan.point = {{"mean", 0.35, mean, PointPlan::Loss::kSquared, by_reviews},
                    {"mean-extra", 0.35, extra, PointPlan::Loss::kSquared, by_reviews},
                    {"median", 0.3, median, PointPlan::Loss::kAbsolute, by_reviews}};
      // With fewer folds their forests see so much less than the whole part that the intervals come out too
      // wide.
      plan.calibration_folds = 6;
      break;
    case model::LaunchCase::kBeforeLaunch:
      // Less can be known, so fewer trees know it.
      mean.trees = 250;
      median.trees = 250;
      plan.point = {{"mean", 0.8, mean, PointPlan::Loss::kSquared, by_reviews},
                    {"median", 0.2, median, PointPlan::Loss::kAbsolute, by_reviews}};
      break;
  }
  plan.band = BoosterPlan{common, 100};
  plan.band.set("learning_rate", "0.08");
  plan.band.set("num_leaves", "15");
  plan.band.set("max_depth", "-1");
  return plan;
}

// LightGBM's forest as near as it comes to scikit-learn's default one. Beyond 1,024 leaves it takes seven
// times as long and is no better on the 2018 file. Its trees are independent, so it grows as four parts at
// once.
CasePlan forest_case() {
  const BoosterPlan part{{{"objective", "regression"},
                          {"boosting", "rf"},
                          {"num_leaves", "1024"},
                          {"min_data_in_leaf", "1"},
                          {"min_sum_hessian_in_leaf", "0"},
                          {"bagging_fraction", "0.632"},
                          {"bagging_freq", "1"}},
                         25};
  CasePlan plan;
  for (const char* const name : {"forest-1", "forest-2", "forest-3", "forest-4"}) {
    plan.point.push_back({name, 0.25, part, PointPlan::Loss::kSquared, PointPlan::Weights::kEqual});
  }
  plan.band = BoosterPlan{{{"learning_rate", "0.1"}, {"num_leaves", "15"}, {"min_data_in_leaf", "20"}}, 60};
  plan.calibration_folds = 2;
  return plan;
}

}  // namespace

RatingPlan RatingPlan::defaults_of(Learner learner) {
  RatingPlan plan;
  plan.learner = learner;
  switch (learner) {
    case Learner::kBoosted:
      plan.cases = {boosted_case(model::LaunchCase::kLaunched),
                    boosted_case(model::LaunchCase::kBeforeLaunch)};
      break;
    case Learner::kRandomForest:
      plan.cases = {forest_case()};
      plan.objective = Objective::kMean;
      break;
  }
  return plan;
}

void RatingPlan::set_objective(Objective wanted) {
  objective = wanted;
  if (wanted == Objective::kBlend) return;
  const PointPlan::Loss kept =
      wanted == Objective::kMean ? PointPlan::Loss::kSquared : PointPlan::Loss::kAbsolute;
  for (CasePlan& case_plan : cases) {
    std::vector<PointPlan> point;
    double weights = 0;
    for (PointPlan& candidate : case_plan.point) {
      if (candidate.loss != kept) continue;
      weights += candidate.weight;
      point.push_back(std::move(candidate));
    }
    if (point.empty()) continue;  // the forest of the predecessor knows one loss only
    for (PointPlan& left : point) left.weight /= weights;
    case_plan.point = std::move(point);
  }
}

double trees_in(const RatingPlan& plan) {
  double trees = 0;
  for (const CasePlan& case_plan : plan.cases) {
    for (const PointPlan& point : case_plan.point) trees += point.booster.trees;
    trees += 3.0 * case_plan.band.trees * static_cast<double>(case_plan.calibration_folds + 1);
    if (case_plan.kernel == CasePlan::Kernel::kNo) continue;
    bool seen_squared = false;
    bool seen_absolute = false;
    for (const PointPlan& point : case_plan.point) {
      bool& seen = point.loss == PointPlan::Loss::kSquared ? seen_squared : seen_absolute;
      if (!std::exchange(seen, true)) trees += static_cast<double>(kWeightFolds) * point.booster.trees;
    }
  }
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

Result<model::RatingModel> train_rating(std::span<const Listing> training, const RatingPlan& plan,
                                        model::TrainedOn trained_on, const TrainContext& context,
                                        RunLog& run_log) {
  if (training.size() < kTrainingListingsMin) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{} rated apps are too few to learn from and to calibrate; "
                             "at least {} are needed",
                             training.size(), kTrainingListingsMin));
  }
  std::optional<codec::Date> last;
  for (const Listing& listing : training) {
    if (listing.last_updated && (!last || *last < *listing.last_updated)) last = listing.last_updated;
  }
  features::EncoderOptions encoder_options;
  encoder_options.feature_set =
      plan.learner == Learner::kBoosted ? features::FeatureSet::kListing : features::FeatureSet::kPredecessor;
  encoder_options.seed = plan.seed;
  encoder_options.as_of = last;  // the folds' ages count from the same day as the whole part's
  const std::shared_ptr<const model::TrainingApps> apps = TRY(apps_of(training, plan, context.threads));
  encoder_options.names = model::names_of(apps);

  std::vector<CaseTrainer> trainers;
  std::vector<std::pair<std::size_t, std::size_t>> parts;  // trainer, part
  for (const CasePlan& case_plan : plan.cases) {
    if (case_plan.calibration_folds < 2)
      return Error(ErrorCode::kInvalidInput, "calibration_folds has to be at least 2");
    trainers.emplace_back(training, case_plan, plan, encoder_options, context);
    for (std::size_t part = 0; part < trainers.back().part_count(); ++part)
      parts.emplace_back(trainers.size() - 1, part);
  }
  const auto encode = [&](std::size_t index) {
    return trainers[parts[index].first].encode_part(parts[index].second);
  };
  TRY(core::parallel_for(parts.size(), context.threads, encode));

  const auto run = [&context](const std::vector<Job>& jobs) {
    return core::parallel_for(jobs.size(), context.threads,
                              [&jobs](std::size_t index) { return jobs[index](); });
  };
  std::vector<Job> jobs;
  for (CaseTrainer& trainer : trainers) trainer.add_weight_jobs(jobs);
  TRY(run(jobs));
  TRY(core::parallel_for(trainers.size(), context.threads,
                         [&trainers](std::size_t index) { return trainers[index].learn(); }));
  jobs.clear();
  for (CaseTrainer& trainer : trainers) trainer.add_forest_jobs(jobs);
  TRY(run(jobs));
  std::vector<std::optional<model::RatingCase>> cases(trainers.size());
  const auto finish = [&](std::size_t index) -> Result<void> {
    cases[index] = TRY(trainers[index].finish());
    return {};
  };
  TRY(core::parallel_for(trainers.size(), context.threads, finish));

  model::RatingModel model;
  model.apps = apps;
  for (std::optional<model::RatingCase>& trained : cases) model.cases.push_back(std::move(*trained));
  model.learner = std::string(name_of(plan.learner));
  model.objective = objective_text(plan.objective);
  model.seed = plan.seed;
  model.trained_on = std::move(trained_on);
  model.trained_on.apps = training.size();
  model.trained_on.date_last = last ? codec::to_iso(*last) : "";
  model.trained_on.seen = model::SeenFields::of(training);
  log_plan(plan, run_log);
  run_log.log_metric("apps", static_cast<double>(training.size()), 0);
  return model;
}

}  // namespace starcast::learn
