// Reasons: how much each feature of a row moves a forest's prediction away from its mean, as exact Shapley
// values.
//
//   ShapExplainer explainer = TRY(ShapExplainer::create(forest));
//   explainer.explain(row, shares);   // expected_value() + the sum of shares == forest.predict_raw(row)
//
// With several classes each has its own shares, one class after the other.
//
// The values are those of path-dependent TreeSHAP (Lundberg, Erion, Lee: Consistent individualized feature
// attribution for tree ensembles, 2018; Lundberg et al.: From local explanations to global understanding with
// explainable AI for trees, Nature Machine Intelligence 2, 2020), so of LightGBM's pred_contrib: a feature
// that is left out follows both sides of its splits, in the shares of the training rows that went there.
//
// They are not computed by its recursion over paths, but as an integral (Owen: Multilinear extensions of
// games, 1972): each feature takes part with probability t, and the Shapley value is the mean over t in [0,
// 1] of what it then adds. That is a polynomial in t, which Gauss-Legendre points integrate exactly, and at
// one point a tree costs one pass up and one down (Yu, Xu, Wang, Gao, Zhang, Liu: Linear TreeShap, 2022;
// Wettenstein, Mitchell, Yu: Quadrature-TreeSHAP, arXiv 2605.04497, 2026, from which the idea comes; the form
// without divisions here is ours: see shap.cc).
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/result.h"
#include "forest/forest.h"

namespace starcast::forest {

// How the lanes are computed. All give the same bits.
enum class ShapKernel {
  kPortable,
  kAvx2,
};

// Those that this processor can run, the fastest last.
std::vector<ShapKernel> shap_kernels();

struct ShapPlan;

// Thread-compatible; copies share what was computed from the forest, which need not outlive create().
class ShapExplainer {
 public:
  // kFailedPrecondition: the model file lacks the counts of training rows, or they do not add up, so that
  // there are no shares to follow. kUnsupported: a path through more than 1,024 different features.
  static core::Result<ShapExplainer> create(const Forest& forest);
  static core::Result<ShapExplainer> create(const Forest& forest, ShapKernel kernel);

  std::size_t feature_count() const;
  std::size_t class_count() const;

  // The mean of the forest's raw predictions over its training rows, by the counts in its leaves; for XGBoost
  // by its sums of second derivatives, and with its base score.
  double expected_value() const { return expected_value(0); }
  double expected_value(std::size_t class_index) const;

  // Writes class_count() times one share a feature. They belong to the raw prediction: before exp() for
  // poisson, gamma and tweedie, log odds for binary. An averaged forest's shares are averaged, and add up to
  // its prediction; LightGBM's are the sum over the trees (its issue 6217), tree_count() times ours. XGBoost
  // computes its own in floats, which ours are more exact than. CHECKs the sizes of both. NaN in the row is a
  // missing value; infinite leaves make NaN.
  void explain(std::span<const double> row, std::span<double> shares) const;

 private:
  ShapExplainer(std::shared_ptr<const std::vector<ShapPlan>> plans, ShapKernel kernel)
      : plans_(std::move(plans)), kernel_(kernel) {}
  std::shared_ptr<const std::vector<ShapPlan>> plans_;  // one a class
  ShapKernel kernel_;
};

}  // namespace starcast::forest
