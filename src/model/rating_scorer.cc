#include "model/rating_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

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

Result<forest::Forest> parse_forest(std::string_view name, const std::string& text, std::size_t columns) {
  forest::Forest parsed = TRY(forest::parse_lightgbm(text), fmt::format("forest '{}'", name));
  if (parsed.feature_count() != columns) {
    return Error(ErrorCode::kCorrupt, fmt::format("forest '{}' takes {} features, but the encoder gives {}",
                                                  name, parsed.feature_count(), columns));
  }
  return parsed;
}

double clipped(double rating) {
  return std::clamp(rating, kRatingMin, kRatingMax);
}

}  // namespace

BandScorer::BandScorer(forest::Forest median, forest::Forest low, forest::Forest high)
    : median_(std::move(median)), low_(std::move(low)), high_(std::move(high)) {}

Result<BandScorer> BandScorer::create(const BandForests& forests, std::size_t columns) {
  forest::Forest median = TRY(parse_forest("median", forests.median, columns));
  forest::Forest low = TRY(parse_forest("low", forests.low, columns));
  forest::Forest high = TRY(parse_forest("high", forests.high, columns));
  return BandScorer(std::move(median), std::move(low), std::move(high));
}

Band BandScorer::predict(std::span<const double> row) const {
  return {median_.predict(row), low_.predict(row), high_.predict(row)};
}

Result<RatingScorer::CaseScorer> RatingScorer::CaseScorer::create(RatingCase rating_case) {
  const std::size_t columns = rating_case.encoder.columns().size();
  std::vector<WeightedForest> point;
  double weights = 0;
  for (const PointForest& named : rating_case.point) {
    forest::Forest forest = TRY(parse_forest(named.name, named.text, columns));
    weights += named.weight;
    point.push_back({named.name, named.weight, std::move(forest)});
  }
  std::optional<WeightedKernel> kernel;
  if (rating_case.kernel) {
    KernelInputMaker inputs = TRY(KernelInputMaker::create(rating_case.encoder));
    const std::shared_ptr<const similar::RatedNames>& names = rating_case.encoder.names();
    const std::shared_ptr<const similar::NameIndex> index = names ? names->shared_index() : nullptr;
    similar::KernelModel kernel_model =
        TRY(similar::KernelModel::from_bytes(rating_case.kernel->bytes, index), "kernel model");
    if (kernel_model.column_count() != kKernelNumbers || kernel_model.label_count() != kKernelLabels) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("the kernel model looks at {} numbers and {} labels, not at {} and {}",
                               kernel_model.column_count(), kernel_model.label_count(), kKernelNumbers,
                               kKernelLabels));
    }
    weights += rating_case.kernel->weight;
    kernel.emplace(WeightedKernel{rating_case.kernel->weight, std::move(inputs), std::move(kernel_model)});
  }
  if (!(std::abs(weights - 1) < 1e-9)) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("the weights of the point prediction sum to {}, not to 1", weights));
  }
  if (rating_case.calibration.groups.empty())
    return Error(ErrorCode::kCorrupt, "the intervals are not calibrated");
  for (const CalibrationGroup& group : rating_case.calibration.groups) {
    for (std::size_t i = 1; i < group.levels.size(); ++i) {
      if (!(group.levels[i - 1].level < group.levels[i].level &&
            group.levels[i - 1].scale <= group.levels[i].scale)) {
        return Error(ErrorCode::kCorrupt, "the calibration's levels and scales have to ascend");
      }
    }
  }
  BandScorer band = TRY(BandScorer::create(rating_case.band, columns));
  return CaseScorer{rating_case.launch_case, std::move(rating_case.encoder),
                    std::move(point),        std::move(kernel),
                    std::move(band),         std::move(rating_case.calibration)};
}

Prediction RatingScorer::CaseScorer::predict(const Listing& seen) const {
  std::vector<double> row(encoder.columns().size());
  const std::optional<similar::NameCosines> cosines = cosines_of(seen);
  encoder.transform(seen, row, cosines ? &*cosines : nullptr);
  double sum = 0;
  for (const WeightedForest& weighted : point) {
    if (weighted.weight != 0) sum += weighted.weight * weighted.forest.predict(row);
  }
  if (kernel && kernel->weight != 0)
    sum += kernel->weight * kernel_prediction(seen, row, cosines ? &*cosines : nullptr);
  return finished(sum, seen, row);
}

Prediction RatingScorer::CaseScorer::finished(double raw, const Listing& seen,
                                              std::span<const double> row) const {
  Prediction prediction;
  prediction.value = clipped(raw);
  const Band quantiles = band.predict(row);
  for (const LevelScale& scale : calibration.group_of(seen.reviews).levels) {
    const Interval interval = calibration.interval(quantiles, scale);
    // An interval always holds its own prediction, also where that lies outside the middle half.
    prediction.intervals.push_back({interval.level, std::min(prediction.value, clipped(interval.low)),
                                    std::max(prediction.value, clipped(interval.high))});
  }
  return prediction;
}

std::vector<Component> RatingScorer::CaseScorer::components(const Listing& seen) const {
  std::vector<double> row(encoder.columns().size());
  const std::optional<similar::NameCosines> cosines = cosines_of(seen);
  encoder.transform(seen, row, cosines ? &*cosines : nullptr);
  std::vector<Component> parts;
  for (const WeightedForest& weighted : point) {
    parts.push_back({weighted.name, weighted.weight, weighted.forest.predict(row)});
  }
  if (kernel)
    parts.push_back({std::string(kKernelName), kernel->weight,
                     kernel_prediction(seen, row, cosines ? &*cosines : nullptr)});
  return parts;
}

std::optional<similar::NameCosines> RatingScorer::CaseScorer::cosines_of(const Listing& seen) const {
  if (!encoder.names()) return std::nullopt;
  return similar::NameCosines(encoder.names()->index(), listing::key_of(seen));
}

double RatingScorer::CaseScorer::kernel_prediction(const Listing& seen, std::span<const double> row,
                                                   const similar::NameCosines* cosines) const {
  return kernel->model.predict(kernel->inputs.make(seen, row).item(), cosines);
}

RatingScorer::RatingScorer(std::vector<CaseScorer> cases, RatingModel model)
    : cases_(std::move(cases)),
      trained_on_(std::move(model.trained_on)),
      apps_(std::move(model.apps)),
      learner_(std::move(model.learner)),
      objective_(std::move(model.objective)),
      seed_(model.seed),
      signature_(rating_signature()) {}

Result<RatingScorer> RatingScorer::create(RatingModel model) {
  std::vector<CaseScorer> cases;
  for (RatingCase& rating_case : model.cases) {
    const std::string_view name = name_of(rating_case.launch_case);
    cases.push_back(TRY(CaseScorer::create(std::move(rating_case)), name));
  }
  if (cases.empty()) return Error(ErrorCode::kCorrupt, "the model answers no case");
  return RatingScorer(std::move(cases), std::move(model));
}

bool RatingScorer::answers(LaunchCase launch_case) const {
  return scorer_for(launch_case).launch_case == launch_case;
}

std::vector<std::string> RatingScorer::categories() const {
  return cases_.front().kernel ? cases_.front().kernel->model.label_names(0) : std::vector<std::string>{};
}

std::vector<std::string> RatingScorer::genres() const {
  return cases_.front().kernel ? cases_.front().kernel->model.label_names(1) : std::vector<std::string>{};
}

const RatingScorer::CaseScorer& RatingScorer::scorer_for(LaunchCase launch_case) const {
  for (const CaseScorer& candidate : cases_) {
    if (candidate.launch_case == launch_case) return candidate;
  }
  return cases_.front();
}

Signature RatingScorer::rating_signature() {
  Signature signature;
  // Every cell may be text or number: pandas makes numbers of versions and of names such as 365, and of a
  // column in which all is missing; MLflow would refuse all these for a column of strings.
  for (const Field field : input_fields()) {
    signature.inputs.push_back({std::string(listing::name_of(field)), ColumnType::kAny, false});
  }
  for (const char* const name : {"rating", "low", "high"})
    signature.outputs.push_back({name, ColumnType::kDouble, true});
  return signature;
}

RatingPrediction RatingScorer::predict(const Listing& listing) const {
  const CaseScorer& scorer = scorer_for(case_of(listing));
  return {scorer.predict(seen_as(listing, scorer.launch_case)), scorer.launch_case};
}

std::vector<Component> RatingScorer::components(const Listing& listing) const {
  const CaseScorer& scorer = scorer_for(case_of(listing));
  return scorer.components(seen_as(listing, scorer.launch_case));
}

std::vector<ColumnGain> RatingScorer::gains() const {
  const CaseScorer& scorer = cases_.front();
  std::vector<ColumnGain> gains;
  for (const features::FeatureColumn& column : scorer.encoder.columns()) gains.push_back({column, 0});
  double weights = 0;
  for (const WeightedForest& weighted : scorer.point) {
    const std::vector<double>& of_forest = weighted.forest.gains();
    const double total = std::accumulate(of_forest.begin(), of_forest.end(), 0.0);
    if (!(total > 0)) continue;
    weights += weighted.weight;
    for (std::size_t i = 0; i < gains.size(); ++i) gains[i].share += weighted.weight * of_forest[i] / total;
  }
  if (weights > 0) {
    for (ColumnGain& gain : gains) gain.share /= weights;
  }
  return gains;
}

std::optional<Interval> interval_at(const Prediction& prediction, double level) {
  for (const Interval& interval : prediction.intervals) {
    if (std::abs(interval.level - level) < 1e-9) return interval;
  }
  return std::nullopt;
}

}  // namespace starcast::model
