// ForestScorer: a forest that LightGBM or XGBoost trained, behind RowScorer.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "forest/forest.h"
#include "forest/shap.h"
#include "model/row_scorer.h"

namespace starcast::model {

// What a prediction is.
enum class ForestAnswer {
  kValues,  // as the library's Booster gives them
  kLabels,  // as XGBClassifier gives them: the index of the largest, of a single value whether it is above
            // 0.5
};

struct ForestModel {
  forest::Forest forest;
  ForestAnswer answer = ForestAnswer::kValues;
  std::optional<Signature> signature{};  // as the model was saved with it
};

// A cell is a number, or a text that is one; an empty text is missing. A column of type float rounds to
// float. XGBoost takes no infinity.
class ForestScorer final : public RowScorer {
 public:
  // The columns are those of the signature, in its order, which are the features: LightGBM's by position,
  // XGBoost's by name where the file has names. kInvalidInput: a signature of another number of columns, of
  // columns that are no numbers, of other names. A signature without columns leaves the features' own names.
  static core::Result<std::shared_ptr<const ForestScorer>> create(ForestModel model);

  const forest::Forest& forest() const { return forest_; }

  std::string_view flavor() const override;
  const Signature& signature() const override { return signature_; }
  bool enforces_signature() const override { return enforces_signature_; }
  std::size_t width() const override;
  const std::vector<double>& levels() const override { return levels_; }
  bool answers_integers() const override { return answer_ == ForestAnswer::kLabels; }
  codec::Json about() const override;
  std::unique_ptr<Rows> make_rows() const override;
  void score(const Rows& rows, std::size_t first, std::size_t count, RowScores& scores) const override;
  core::Result<RowExplanation> explain(const Rows& rows, std::size_t index,
                                       std::size_t output) const override;
  core::Result<std::size_t> leaves(const Rows& rows, std::size_t first, std::size_t count,
                                   std::vector<std::int64_t>& leaves) const override;
  std::string_view answered_as(const Rows& rows, std::size_t index) const override;
  std::vector<std::string> warnings(const Rows& rows, std::size_t index) const override;
  void count_columns(const Rows& rows, std::size_t first, std::size_t count,
                     ColumnCounts& counts) const override;

 private:
  ForestScorer(forest::Forest forest, ForestAnswer answer) : forest_(std::move(forest)), answer_(answer) {}
  core::Result<void> take_signature(std::optional<Signature> signature);
  core::Result<void> map_columns();
  bool picks_one_class() const;

  forest::Forest forest_;
  ForestAnswer answer_;
  Signature signature_;
  bool enforces_signature_ = false;
  std::vector<std::size_t> feature_of_column_;
  std::vector<std::size_t> column_of_feature_;
  std::vector<double> levels_;
  mutable std::once_flag explainer_made_;  // made when first asked for: it takes milliseconds
  mutable std::optional<core::Result<forest::ShapExplainer>> explainer_;
};

}  // namespace starcast::model
