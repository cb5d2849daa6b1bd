#include "model/explanation.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace starcast::model {

using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Field;
using listing::Listing;

Result<RatingExplainer> RatingExplainer::create(const RatingScorer& scorer) {
  RatingExplainer explainer(scorer);
  for (const RatingScorer::CaseScorer& scored : scorer.cases_) {
    CaseExplainer explained;
    explained.launch_case = scored.launch_case;
    for (const RatingScorer::WeightedForest& weighted : scored.point) {
      std::optional<forest::ShapExplainer> shap;
      if (weighted.weight != 0) {
        if (weighted.forest.transform() != forest::OutputTransform::kIdentity) {
          return Error(
              ErrorCode::kUnsupported,
              fmt::format(
                  "{}: forest '{}' transforms its sum of leaves, so that no shares add up to its prediction",
                  name_of(scored.launch_case), weighted.name));
        }
        shap = TRY(forest::ShapExplainer::create(weighted.forest),
                   fmt::format("{}: forest '{}'", name_of(scored.launch_case), weighted.name));
      }
      explained.point.push_back(std::move(shap));
    }
    explainer.cases_.push_back(std::move(explained));
  }
  return explainer;
}

RatingExplanation RatingExplainer::explain(const Listing& listing) const {
  const RatingScorer::CaseScorer& scored = scorer_->scorer_for(case_of(listing));
  const CaseExplainer& explained = cases_[static_cast<std::size_t>(&scored - scorer_->cases_.data())];
  const Listing seen = seen_as(listing, scored.launch_case);
  const std::vector<features::FeatureColumn>& columns = scored.encoder.columns();
  std::vector<double> row(columns.size());
  const std::optional<similar::NameCosines> cosines = scored.cosines_of(seen);
  scored.encoder.transform(seen, row, cosines ? &*cosines : nullptr);

  RatingExplanation explanation;
  explanation.answered_as = scored.launch_case;
  std::array<double, listing::kFieldCount> by_field{};
  std::vector<double> shares(columns.size());
  for (std::size_t i = 0; i < scored.point.size(); ++i) {
    if (!explained.point[i]) continue;
    const double weight = scored.point[i].weight;
    explained.point[i]->explain(row, shares);
    explanation.base += weight * explained.point[i]->expected_value();
    explanation.raw += weight * scored.point[i].forest.predict(row);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      by_field[static_cast<std::size_t>(columns[column].field)] += weight * shares[column];
    }
  }
  if (scored.kernel && scored.kernel->weight != 0) {
    const double weight = scored.kernel->weight;
    const similar::KernelModel& kernel = scored.kernel->model;
    const KernelInput input = scored.kernel->inputs.make(seen, row);
    const similar::KernelExplanation reasons = kernel.explain(input.item(), cosines ? &*cosines : nullptr);
    explanation.base += weight * reasons.base;
    explanation.raw += weight * reasons.prediction;
    explanation.similar_share = weight * (reasons.prediction - reasons.base);
    for (const similar::SimilarItem& item : reasons.most_similar(kSimilarApps)) {
      SimilarApp similar_app;
      similar_app.name = kernel.index().name(item.item);
      similar_app.similarity = item.similarity;
      similar_app.pull = weight * item.pull;
      if (const TrainingApps* const apps = scorer_->apps_.get()) {
        const bool is_same_index = &kernel.index() == &apps->names.index();
        if (const std::optional<std::size_t> app =
                is_same_index ? std::optional(item.item) : apps->names.find(similar_app.name)) {
          similar_app.category = apps->categories[*app];
          similar_app.rating = apps->names.rating(*app);
          similar_app.reviews = apps->reviews[*app];
        }
      }
      explanation.similar_apps.push_back(std::move(similar_app));
    }
  }
  for (const Field field : listing::all_fields()) {
    if (field != Field::kRating)
      explanation.shares.push_back({field, by_field[static_cast<std::size_t>(field)]});
  }
  explanation.prediction = scored.finished(explanation.raw, seen, row);
  return explanation;
}

}  // namespace starcast::model
