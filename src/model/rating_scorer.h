// RatingScorer: a listing in, a rating with its intervals out. Training calibrates through it, serving
// answers with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/date.h"
#include "core/result.h"
#include "features/encoder.h"
#include "forest/forest.h"
#include "listing/listing.h"
#include "model/calibration.h"
#include "model/kernel_input.h"
#include "model/launch_case.h"
#include "model/seen_fields.h"
#include "model/signature.h"
#include "model/training_apps.h"

namespace starcast::model {

inline constexpr double kRatingMin = 1;
inline constexpr double kRatingMax = 5;

// What the model saw: said with each answer.
struct TrainedOn {
  std::string data_md5;   // of the file of listings
  std::string date_last;  // ISO; of the listings' last update
  std::size_t apps = 0;
  bool generated = false;  // a generated sample: not to be used for real decisions
  SeenFields seen{};       // of a package that does not say: nothing
};

// A forest of the point prediction, as LightGBM's model text. The prediction is the weighted mean of the
// point forests and the kernel model.
struct PointForest {
  std::string name;   // "mean"
  double weight = 1;  // the weights of a case, the kernel model's among them, sum to 1
  std::string text;
};

// The kernel model of the point prediction, as its bytes.
struct KernelPart {
  double weight = 0;
  std::string bytes;
};
inline constexpr std::string_view kKernelName = "kernel";

// The three quantile forests that give the intervals their shape, as texts.
struct BandForests {
  std::string median;
  std::string low;
  std::string high;
};

// All that answers one of the two questions.
struct RatingCase {
  LaunchCase launch_case = LaunchCase::kLaunched;
  features::Encoder encoder;  // fitted on the training listings as the case sees them
  std::vector<PointForest> point;
  std::optional<KernelPart> kernel;
  BandForests band;
  Calibration calibration;
};

// Everything a rating scorer is made of. Move-only.
struct RatingModel {
  std::string learner;    // "boosted" or "random-forest"
  std::string objective;  // what the prediction minimises, as a sentence for people
  std::uint64_t seed = 0;
  TrainedOn trained_on;
  std::shared_ptr<const TrainingApps> apps;  // whose names the encoders look up; null when none does
  std::vector<RatingCase>
      cases;  // launched first; a listing whose case is not there is answered by the first
};

// Quantiles over feature rows. Thread-compatible.
class BandScorer {
 public:
  // kCorrupt or kInvalidInput when a forest does not parse or does not take `columns` features.
  static core::Result<BandScorer> create(const BandForests& forests, std::size_t columns);

  Band predict(std::span<const double> row) const;

 private:
  BandScorer(forest::Forest median, forest::Forest low, forest::Forest high);
  forest::Forest median_;
  forest::Forest low_;
  forest::Forest high_;
};

// What one part of the point prediction says alone.
struct Component {
  std::string name;  // of a PointForest, or "kernel"
  double weight = 0;
  double value = 0;
};

// How much a column of the feature row says.
struct ColumnGain {
  features::FeatureColumn column;
  double share = 0;
};

struct Prediction {
  double value = 0;
  std::vector<Interval> intervals;  // ascending in level, each inside the next
};

struct RatingPrediction {
  Prediction prediction;
  LaunchCase answered_as = LaunchCase::kLaunched;  // which question was answered
};

class RatingScorer {
 public:
  // kCorrupt or kInvalidInput: no case, a forest that does not parse or does not fit its encoder's columns,
  // weights that do not sum to 1, a calibration that does not ascend.
  static core::Result<RatingScorer> create(RatingModel model);

  // The raw listing, every field optional but none required: App, Category, Reviews, ..., Android Ver ->
  // rating.
  static Signature rating_signature();

  RatingPrediction predict(const listing::Listing& listing) const;

  // The parts whose weighted mean, clipped to 1 to 5, is the prediction.
  std::vector<Component> components(const listing::Listing& listing) const;

  // For each column of the first case's feature row: its share of a forest's gain, as the weighted mean over
  // the point forests (whose gains have different units). The kernel model has none.
  std::vector<ColumnGain> gains() const;

  const TrainedOn& trained_on() const { return trained_on_; }
  const std::shared_ptr<const TrainingApps>& apps() const { return apps_; }  // may be null
  std::uint64_t seed() const { return seed_; }
  const std::string& learner() const { return learner_; }
  const std::string& objective() const { return objective_; }
  bool answers(LaunchCase launch_case) const;
  // The day that ages count back from: to the model it is today.
  codec::Date as_of() const { return cases_.front().encoder.as_of(); }
  // The categories and the genres that the kernel model of the first case saw, sorted; none without one.
  std::vector<std::string> categories() const;
  std::vector<std::string> genres() const;

  const Signature& signature() const { return signature_; }

 private:
  friend class RatingExplainer;
  struct WeightedForest {
    std::string name;
    double weight;
    forest::Forest forest;
  };
  struct WeightedKernel {
    double weight;
    KernelInputMaker inputs;
    similar::KernelModel model;
  };
  // One case, ready to answer.
  struct CaseScorer {
    LaunchCase launch_case;
    features::Encoder encoder;
    std::vector<WeightedForest> point;
    std::optional<WeightedKernel> kernel;
    BandScorer band;
    Calibration calibration;

    static core::Result<CaseScorer> create(RatingCase rating_case);
    Prediction predict(const listing::Listing& seen) const;
    // The answer of which `raw` is the point prediction before it is clipped.
    Prediction finished(double raw, const listing::Listing& seen, std::span<const double> row) const;
    std::vector<Component> components(const listing::Listing& seen) const;
    // Of the listing's name, looked up once for encoder and kernel model; nothing without names.
    std::optional<similar::NameCosines> cosines_of(const listing::Listing& seen) const;
    double kernel_prediction(const listing::Listing& seen, std::span<const double> row,
                             const similar::NameCosines* cosines) const;
  };

  RatingScorer(std::vector<CaseScorer> cases, RatingModel model);

  const CaseScorer& scorer_for(LaunchCase launch_case) const;

  std::vector<CaseScorer> cases_;
  TrainedOn trained_on_;
  std::shared_ptr<const TrainingApps> apps_;
  std::string learner_;
  std::string objective_;
  std::uint64_t seed_ = 0;
  Signature signature_;
};

// The model's answer at one level, or nothing when it is not calibrated there.
std::optional<Interval> interval_at(const Prediction& prediction, double level);

}  // namespace starcast::model
