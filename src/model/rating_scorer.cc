#include "model/rating_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/number.h"

namespace starcast::model {

using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Field;
using listing::Listing;

namespace {

// The fields of a request, in the signature's order: all but the rating itself.
std::vector<Field> input_fields() {
  std::vector<Field> fields;
  for (const Field field : listing::all_fields()) {
    if (field != Field::kRating) fields.push_back(field);
  }
  return fields;
}

class ListingRows final : public Rows {
 public:
  ListingRows() : fields_(input_fields()) {}

  void add_row() override {
    listings_.emplace_back();
    notes_.emplace_back();
  }
  void set_text(std::size_t column, std::string_view text) override {
    listing::set_field(listings_.back(), fields_.at(column), text, notes_.back());
  }
  void set_number(std::size_t column, double number) override {
    listing::set_field(listings_.back(), fields_.at(column), codec::to_shortest(number), notes_.back());
  }
  std::size_t size() const override { return listings_.size(); }
  void clear() override {
    listings_.clear();
    notes_.clear();
  }
  std::vector<std::string> notes(std::size_t index) const override {
    std::vector<std::string> texts;
    for (const listing::FieldNote& note : notes_.at(index)) texts.push_back(note.text);
    return texts;
  }

  const std::vector<Listing>& listings() const { return listings_; }

 private:
  std::vector<Field> fields_;
  std::vector<Listing> listings_;
  std::vector<std::vector<listing::FieldNote>> notes_;
};

Result<forest::Forest> parse_forest(std::string_view name, const std::string& text, std::size_t columns) {
  forest::Forest parsed = TRY(forest::parse_lightgbm(text), fmt::format("forest '{}'", name));
  if (parsed.feature_count() != columns) {
    return Error(ErrorCode::kCorrupt, fmt::format("forest '{}' takes {} features, but the encoder gives {}", name,
                                                  parsed.feature_count(), columns));
  }
  return parsed;
}

double clipped(double rating) { return std::clamp(rating, kRatingMin, kRatingMax); }

}  // namespace

double Calibration::score(double median, double low, double high, double rating) const {
  const double below = std::max(median - low, half_width_floor);
  const double above = std::max(high - median, half_width_floor);
  return std::max((median - rating) / below, (rating - median) / above);
}

const CalibrationGroup& Calibration::group_of(double reviews) const {
  CHECK(!groups.empty());
  const CalibrationGroup* group = &groups.front();
  for (const CalibrationGroup& candidate : groups) {
    if (reviews >= candidate.reviews_min) group = &candidate;
  }
  return *group;
}

QuantileForests::QuantileForests(forest::Forest median, forest::Forest low, forest::Forest high)
    : median_(std::move(median)), low_(std::move(low)), high_(std::move(high)) {}

Result<QuantileForests> QuantileForests::create(const std::string& median, const std::string& low,
                                                const std::string& high, std::size_t columns) {
  forest::Forest median_forest = TRY(parse_forest(kMedianForest, median, columns));
  forest::Forest low_forest = TRY(parse_forest(kLowForest, low, columns));
  forest::Forest high_forest = TRY(parse_forest(kHighForest, high, columns));
  return QuantileForests(std::move(median_forest), std::move(low_forest), std::move(high_forest));
}

QuantileForests::Quantiles QuantileForests::predict(std::span<const double> row) const {
  return {median_.predict(row), low_.predict(row), high_.predict(row)};
}

RatingScorer::RatingScorer(features::Encoder encoder, std::vector<WeightedForest> point, QuantileForests quantiles,
                           const RatingModel& model)
    : encoder_(std::move(encoder)),
      point_(std::move(point)),
      quantiles_(std::move(quantiles)),
      calibration_(model.calibration),
      trained_on_(model.trained_on),
      learner_(model.learner),
      objective_(model.objective),
      signature_(rating_signature()) {}

Result<RatingScorer> RatingScorer::create(features::Encoder encoder, const RatingModel& model) {
  const std::size_t columns = encoder.columns().size();
  std::vector<WeightedForest> point;
  double weights = 0;
  for (const PointForest& named : model.point) {
    forest::Forest forest = TRY(parse_forest(named.name, named.text, columns));
    weights += named.weight;
    point.push_back({named.weight, std::move(forest)});
  }
  if (!(std::abs(weights - 1) < 1e-9)) {
    return Error(ErrorCode::kCorrupt, fmt::format("the weights of the point forests sum to {}, not to 1", weights));
  }
  if (model.calibration.groups.empty()) return Error(ErrorCode::kCorrupt, "the intervals are not calibrated");
  for (const CalibrationGroup& group : model.calibration.groups) {
    for (std::size_t i = 1; i < group.levels.size(); ++i) {
      if (!(group.levels[i - 1].level < group.levels[i].level && group.levels[i - 1].scale <= group.levels[i].scale)) {
        return Error(ErrorCode::kCorrupt, "the calibration's levels and scales have to ascend");
      }
    }
  }
  QuantileForests quantiles = TRY(QuantileForests::create(model.median, model.low, model.high, columns));
  return RatingScorer(std::move(encoder), std::move(point), std::move(quantiles), model);
}

Signature RatingScorer::rating_signature() {
  Signature signature;
  // Every cell may be text or number: pandas makes numbers of versions and of names such as 365, and of a column in which
  // all is missing; MLflow would refuse all these for a column of strings.
  for (const Field field : input_fields()) {
    signature.inputs.push_back({std::string(listing::name_of(field)), ColumnType::kAny, false});
  }
  for (const char* const name : {"rating", "low", "high"}) signature.outputs.push_back({name, ColumnType::kDouble, true});
  return signature;
}

Prediction RatingScorer::predict(const Listing& listing) const {
  std::vector<double> row(encoder_.columns().size());
  encoder_.transform(listing, row);
  const QuantileForests::Quantiles quantile = quantiles_.predict(row);
  double sum = 0;
  for (const WeightedForest& point : point_) sum += point.weight * point.forest.predict(row);
  Prediction prediction;
  prediction.value = clipped(sum);
  const double below = std::max(quantile.median - quantile.low, calibration_.half_width_floor);
  const double above = std::max(quantile.high - quantile.median, calibration_.half_width_floor);
  for (const LevelScale& level : calibration_.group_of(listing.reviews).levels) {
    // An interval always holds its own prediction, also where that lies outside the middle half.
    prediction.intervals.push_back(
        {level.level, std::min(prediction.value, clipped(quantile.median - level.scale * below)),
         std::max(prediction.value, clipped(quantile.median + level.scale * above))});
  }
  return prediction;
}

std::unique_ptr<Rows> RatingScorer::make_rows() const { return std::make_unique<ListingRows>(); }

std::vector<Prediction> RatingScorer::score(const Rows& rows) const {
  std::vector<Prediction> predictions;
  const auto& listing_rows = dynamic_cast<const ListingRows&>(rows);
  predictions.reserve(rows.size());
  for (Listing listing : listing_rows.listings()) {
    std::vector<listing::FieldNote> notes;
    listing::fill_implied(listing, notes);
    predictions.push_back(predict(listing));
  }
  return predictions;
}

std::optional<Interval> interval_at(const Prediction& prediction, double level) {
  for (const Interval& interval : prediction.intervals) {
    if (std::abs(interval.level - level) < 1e-9) return interval;
  }
  return std::nullopt;
}

}  // namespace starcast::model
