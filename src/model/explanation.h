// RatingExplainer: why a listing gets the rating it gets, in parts that add up to it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "core/result.h"
#include "forest/shap.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"

namespace starcast::model {

// What one field of the listing adds.
struct FieldShare {
  listing::Field field = listing::Field::kApp;
  double share = 0;  // stars
};

// An app of the training part that the listing resembles.
struct SimilarApp {
  std::string name;       // case folded, as listing::key_of makes it
  double similarity = 0;  // 1: alike in all that the kernel model looks at
  double pull = 0;        // stars; what it adds to similar_share
  std::string category;
  double rating = core::kMissing;
  double reviews = core::kMissing;
};

// base + all shares + similar_share == raw, to 1e-9. How that is split:
//   base           the weighted mean of what the parts say of no app in particular: a forest's mean over its
//   training rows,
//                  the kernel model's answer for an app that is like no other
//   shares         of the forests: the Shapley values of the feature row's columns (see forest/shap.h), times
//   the forest's
//                  weight, summed by the field that a column is made of; a column made of several fields
//                  counts for its first
//   similar_share  of the kernel model: the pull of all its apps together, times its weight. It compares
//   whole listings, so
//                  its part is not split by field.
// These are associations of the training part: a share does not say what a change would cause.
struct RatingExplanation {
  Prediction prediction;  // as RatingScorer::predict gives it
  double raw = 0;         // before it was clipped to 1 to 5
  LaunchCase answered_as = LaunchCase::kLaunched;
  double base = 0;
  std::vector<FieldShare> shares;  // every field but the rating, in the listing's order
  double similar_share = 0;        // 0 without a kernel model
  std::vector<SimilarApp>
      similar_apps;  // the most similar first; only some of those that make up similar_share

  bool is_clipped() const { return prediction.value != raw; }
};

// Thread-compatible. Made apart from the scorer, because preparing the forests takes milliseconds that a
// plain prediction need not pay.
class RatingExplainer {
 public:
  static constexpr std::size_t kSimilarApps = 5;

  // The scorer must outlive the explainer. kFailedPrecondition when a forest lacks the counts of its training
  // rows, kUnsupported when one transforms its sum of leaves. Forests of weight 0 are left out.
  static core::Result<RatingExplainer> create(const RatingScorer& scorer);

  RatingExplanation explain(const listing::Listing& listing) const;

  const RatingScorer& scorer() const { return *scorer_; }

 private:
  struct CaseExplainer {
    LaunchCase launch_case = LaunchCase::kLaunched;
    std::vector<std::optional<forest::ShapExplainer>> point;  // by point forest; nothing for weight 0
  };

  explicit RatingExplainer(const RatingScorer& scorer) : scorer_(&scorer) {}

  const RatingScorer* scorer_;
  std::vector<CaseExplainer> cases_;  // by case of the scorer
};

}  // namespace starcast::model
