// RatingScorer: a listing in, a rating with its intervals out. Training calibrates through it, serving answers with it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "features/encoder.h"
#include "forest/forest.h"
#include "listing/listing.h"
#include "model/scorer.h"

namespace starcast::model {

inline constexpr double kRatingMin = 1;
inline constexpr double kRatingMax = 5;

// The intervals' shape comes from three quantile forests, their width from conformal calibration (Romano, Patterson and
// Candes 2019, with a scaled score): with median m and quantiles l < m < h, half widths a = max(m - l, floor) and
// b = max(h - m, floor), the score of a true rating y is max((m - y) / a, (y - m) / b), and the interval at a level is
// [m - s a, m + s b] with s the level's quantile of the scores of ratings that the forests did not see. Each group of
// listings (by number of reviews, where the noise differs most) has its own quantiles.
struct LevelScale {
  double level;
  double scale;
};

struct CalibrationGroup {
  double reviews_min = 0;          // from here up to the next group's; a listing that does not say belongs to the first
  std::vector<LevelScale> levels;  // ascending in both members
};

struct Calibration {
  double half_width_floor = 0.05;
  std::vector<CalibrationGroup> groups;  // ascending in reviews_min; at least one

  // The conformal score of a rating.
  double score(double median, double low, double high, double rating) const;

  // The group of a listing with that many reviews (core::kMissing when it does not say).
  const CalibrationGroup& group_of(double reviews) const;
};

// What the model saw: said with each answer.
struct TrainedOn {
  std::string data_md5;        // of the file of listings
  std::string date_last;       // ISO; of the listings' last update
  std::size_t apps = 0;
  bool generated = false;      // a generated sample: not to be used for real decisions
};

// A forest of the point prediction, as LightGBM's model text. The prediction is the weighted mean of the point forests.
struct PointForest {
  std::string name;   // a folder name: "mean"
  double weight = 1;  // the weights sum to 1
  std::string text;
};

// Names of the forests of the intervals' shape.
inline constexpr std::string_view kMedianForest = "q50";
inline constexpr std::string_view kLowForest = "q10";
inline constexpr std::string_view kHighForest = "q90";

// Everything a rating scorer is made of, beside its encoder. Forests are texts, as they lie in the package.
struct RatingModel {
  std::string learner;     // "boosted" or "random-forest"
  std::string objective;   // what the prediction minimises, as a sentence for people
  std::uint64_t seed = 0;
  Calibration calibration;
  TrainedOn trained_on;
  std::vector<PointForest> point;
  std::string median;
  std::string low;
  std::string high;
};

// The three quantile forests over feature rows. Thread-compatible.
class QuantileForests {
 public:
  // kCorrupt or kInvalidInput when a forest does not parse or does not take `columns` features.
  static core::Result<QuantileForests> create(const std::string& median, const std::string& low, const std::string& high,
                                              std::size_t columns);

  struct Quantiles {
    double median;
    double low;
    double high;
  };
  Quantiles predict(std::span<const double> row) const;

 private:
  QuantileForests(forest::Forest median, forest::Forest low, forest::Forest high);
  forest::Forest median_;
  forest::Forest low_;
  forest::Forest high_;
};

class RatingScorer final : public Scorer {
 public:
  // kCorrupt or kInvalidInput when a forest does not parse or does not fit the encoder's columns.
  static core::Result<RatingScorer> create(features::Encoder encoder, const RatingModel& model);

  // The raw listing, every field optional but none required: App, Category, Reviews, ..., Android Ver -> rating.
  static Signature rating_signature();

  Prediction predict(const listing::Listing& listing) const;

  const features::Encoder& encoder() const { return encoder_; }
  const TrainedOn& trained_on() const { return trained_on_; }
  const std::string& learner() const { return learner_; }
  const std::string& objective() const { return objective_; }
  const Calibration& calibration() const { return calibration_; }

  const Signature& signature() const override { return signature_; }
  std::unique_ptr<Rows> make_rows() const override;
  std::vector<Prediction> score(const Rows& rows) const override;

 private:
  struct WeightedForest {
    double weight;
    forest::Forest forest;
  };

  RatingScorer(features::Encoder encoder, std::vector<WeightedForest> point, QuantileForests quantiles,
               const RatingModel& model);

  features::Encoder encoder_;
  std::vector<WeightedForest> point_;
  QuantileForests quantiles_;
  Calibration calibration_;
  TrainedOn trained_on_;
  std::string learner_;
  std::string objective_;
  Signature signature_;
};

// The model's answer at one level, or nothing when it is not calibrated there.
std::optional<Interval> interval_at(const Prediction& prediction, double level);

}  // namespace starcast::model
