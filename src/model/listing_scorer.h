// ListingScorer: a rating model behind RowScorer.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/explanation.h"
#include "model/rating_scorer.h"
#include "model/row_scorer.h"

namespace starcast::model {

// A cell is whatever listing::set_field understands: nothing is refused, what makes no sense is missing and
// noted. Records of the raw file whose Category cell is not there are mended.
class ListingScorer final : public RowScorer {
 public:
  explicit ListingScorer(RatingScorer scorer);

  const RatingScorer& scorer() const { return scorer_; }
  // The listing that row `index` describes, with what its fields imply.
  static listing::Listing listing_of(const Rows& rows, std::size_t index);

  std::string_view flavor() const override;
  const Signature& signature() const override { return scorer_.signature(); }
  bool enforces_signature() const override { return true; }
  std::size_t width() const override { return 1; }
  const std::vector<double>& levels() const override { return levels_; }
  codec::Json about() const override;
  codec::Json seen() const override { return scorer_.trained_on().seen.to_json(); }
  std::unique_ptr<Rows> make_rows() const override;
  void score(const Rows& rows, std::size_t first, std::size_t count, RowScores& scores) const override;
  core::Result<RowExplanation> explain(const Rows& rows, std::size_t index,
                                       std::size_t output) const override;
  core::Result<codec::Json> what_if(const Rows& rows, std::size_t index,
                                    const WhatIfOptions& options) const override;
  std::string_view answered_as(const Rows& rows, std::size_t index) const override;
  std::vector<std::string> warnings(const Rows& rows, std::size_t index) const override;
  void count_columns(const Rows& rows, std::size_t first, std::size_t count,
                     ColumnCounts& counts) const override;

 private:
  RatingScorer scorer_;
  std::vector<double> levels_;
  mutable std::once_flag explainer_made_;  // made when first asked for: it takes milliseconds
  mutable std::optional<core::Result<RatingExplainer>> explainer_;
};

}  // namespace starcast::model
