#include "model/forest_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "codec/number.h"
#include "core/check.h"
#include "core/strings.h"

namespace starcast::model {

using codec::Json;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using forest::Library;

namespace {

// A number as Python's float() reads it from a text, as far as tables have such.
std::optional<double> number_in(std::string_view text) {
  const std::string_view trimmed = core::trimmed(text);
  if (const std::optional<double> number = codec::parse_double(trimmed)) return number;
  if (trimmed.starts_with('+') && trimmed.size() > 1 && trimmed[1] != '-')
    return codec::parse_double(trimmed.substr(1));
  const std::string lower = core::ascii_lower(trimmed);
  if (lower == "nan" || lower == "null" || lower == "none") return core::kMissing;
  const double infinity = std::numeric_limits<double>::infinity();
  if (lower == "inf" || lower == "infinity" || lower == "+inf" || lower == "+infinity") return infinity;
  if (lower == "-inf" || lower == "-infinity") return -infinity;
  return std::nullopt;
}

class ForestRows final : public Rows {
 public:
  ForestRows(std::size_t features, const std::vector<std::size_t>& feature_of_column,
             const std::vector<Column>& columns, Library library)
      : features_(features),
        feature_of_column_(feature_of_column),
        columns_(columns),
        takes_infinity_(library == Library::kLightGbm) {}

  void add_row() override { cells_.resize(cells_.size() + features_, core::kMissing); }

  Result<void> set_text(std::size_t column, std::string_view text) override {
    if (core::trimmed(text).empty()) return set_number(column, core::kMissing);
    const std::optional<double> number = number_in(text);
    if (!number) return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no number", shown(text)));
    return set_number(column, *number);
  }

  Result<void> set_number(std::size_t column, double number) override {
    if (columns_[column].type == ColumnType::kFloat) number = static_cast<double>(static_cast<float>(number));
    if (!takes_infinity_ && (number > kFloatMax || number < -kFloatMax)) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{} is infinite, or too large for XGBoost", codec::to_shortest(number)));
    }
    cells_[cells_.size() - features_ + feature_of_column_[column]] = number;
    return {};
  }

  std::size_t size() const override { return features_ == 0 ? 0 : cells_.size() / features_; }
  void clear() override { cells_.clear(); }
  std::vector<std::string> notes(std::size_t /*index*/) const override { return {}; }

  std::span<const double> cells(std::size_t first, std::size_t count) const {
    CHECK(first + count <= size());
    return std::span<const double>(cells_).subspan(first * features_, count * features_);
  }

 private:
  static constexpr double kFloatMax = static_cast<double>(std::numeric_limits<float>::max());

  static std::string shown(std::string_view text) {
    constexpr std::size_t kShownBytes = 60;
    return std::string(text.substr(0, kShownBytes));
  }

  std::size_t features_;
  const std::vector<std::size_t>& feature_of_column_;  // the scorer's, which outlives its rows
  const std::vector<Column>& columns_;
  bool takes_infinity_;
  std::vector<double> cells_;  // row by row, in the order of the features
};

const ForestRows& own(const Rows& rows) {
  return dynamic_cast<const ForestRows&>(rows);
}

double index_of_largest(std::span<const double> outputs) {
  return static_cast<double>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

}  // namespace

Result<std::shared_ptr<const ForestScorer>> ForestScorer::create(ForestModel model) {
  if (model.forest.feature_count() == 0)
    return Error(ErrorCode::kInvalidInput, "the model takes no features");
  std::shared_ptr<ForestScorer> scorer(new ForestScorer(std::move(model.forest), model.answer));
  TRY(scorer->take_signature(std::move(model.signature)));
  TRY(scorer->map_columns());
  return std::shared_ptr<const ForestScorer>(std::move(scorer));
}

Result<void> ForestScorer::take_signature(std::optional<Signature> signature) {
  if (signature) signature_ = *std::move(signature);
  enforces_signature_ = !signature_.inputs.empty() || !signature_.input_tensors.empty();
  if (signature_.inputs.empty()) {
    if (signature_.input_tensors.size() > 1)
      return Error(ErrorCode::kUnsupported, "a signature of several tensors is not supported");
    if (!signature_.input_tensors.empty()) {
      const std::vector<std::int64_t>& shape = signature_.input_tensors.front().shape;
      if (shape.size() != 2 ||
          (shape[1] != -1 && shape[1] != static_cast<std::int64_t>(forest_.feature_count())))
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("the signature's tensor is not of rows of the {} features that the model takes",
                        forest_.feature_count()));
    }
    for (const std::string& name : forest_.feature_names())
      signature_.inputs.push_back({name, ColumnType::kDouble, true});
  }
  if (signature_.inputs.size() != forest_.feature_count()) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("the signature has {} columns, but the model takes {} features",
                             signature_.inputs.size(), forest_.feature_count()));
  }
  for (const Column& column : signature_.inputs) {
    if (!is_number(column.type) && column.type != ColumnType::kAny) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("the signature's column '{}' is of type {}; trees of numbers "
                               "take numbers alone",
                               column.name, name_of(column.type)));
    }
  }
  return {};
}

Result<void> ForestScorer::map_columns() {
  const std::size_t count = forest_.feature_count();
  feature_of_column_.resize(count);
  column_of_feature_.resize(count);
  const std::vector<std::string>& names = forest_.feature_names();
  const bool by_name =
      forest_.library() == Library::kXgBoost &&
      std::any_of(signature_.inputs.begin(), signature_.inputs.end(), [&names](const Column& column) {
        return std::find(names.begin(), names.end(), column.name) != names.end();
      });
  for (std::size_t column = 0; column < count; ++column) {
    std::size_t feature = column;
    if (by_name) {
      const auto found = std::find(names.begin(), names.end(), signature_.inputs[column].name);
      if (found == names.end()) {
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the signature's column '{}' is no feature of the model",
                                 signature_.inputs[column].name));
      }
      feature = static_cast<std::size_t>(found - names.begin());
    }
    feature_of_column_[column] = feature;
    column_of_feature_[feature] = column;
  }
  return {};
}

std::string_view ForestScorer::flavor() const {
  switch (forest_.library()) {
    case Library::kLightGbm:
      return "lightgbm";
    case Library::kXgBoost:
      return "xgboost";
  }
  return "lightgbm";
}

std::size_t ForestScorer::width() const {
  return picks_one_class() ? 1 : forest_.output_count();
}

Json ForestScorer::about() const {
  return JsonObject{{"library", name_of(forest_.library())},
                    {"objective", forest_.objective()},
                    {"trees", forest_.tree_count()},
                    {"features", forest_.feature_count()},
                    {"outputs", width()},
                    {"kernel", name_of(forest_.kernel())}};
}

std::unique_ptr<Rows> ForestScorer::make_rows() const {
  return std::make_unique<ForestRows>(forest_.feature_count(), feature_of_column_, signature_.inputs,
                                      forest_.library());
}

void ForestScorer::score(const Rows& rows, std::size_t first, std::size_t count, RowScores& scores) const {
  const std::span<const double> cells = own(rows).cells(first, count);
  scores.rows = count;
  scores.width = width();
  scores.levels = 0;
  scores.intervals.clear();
  scores.encode_seconds = 0;
  const std::size_t outputs = forest_.output_count();
  scores.values.resize(count * outputs);
  if (count == 1) {
    forest_.predict(cells, scores.values);
  } else if (count > 1) {
    forest_.predict_batch(cells, scores.values);
  }
  if (picks_one_class()) {
    for (std::size_t row = 0; row < count; ++row) {
      scores.values[row] =
          index_of_largest(std::span<const double>(scores.values).subspan(row * outputs, outputs));
    }
    scores.values.resize(count);
  } else if (answer_ == ForestAnswer::kLabels &&
             forest_.transform() != forest::OutputTransform::kClassIndex) {
    for (double& value : scores.values) value = value > 0.5 ? 1 : 0;
  }
}

bool ForestScorer::picks_one_class() const {
  return answer_ == ForestAnswer::kLabels && forest_.transform() == forest::OutputTransform::kSoftmax;
}

Result<RowExplanation> ForestScorer::explain(const Rows& rows, std::size_t index,
                                             std::size_t /*output*/) const {
  if (forest_.class_count() > 1)
    return Error(ErrorCode::kUnsupported, "a model of several classes has no reasons in this version");
  std::call_once(explainer_made_, [this] { explainer_.emplace(forest::ShapExplainer::create(forest_)); });
  if (!explainer_->has_value()) return explainer_->error();
  const forest::ShapExplainer& explainer = explainer_->value();
  const std::span<const double> row = own(rows).cells(index, 1);
  std::vector<double> shares(forest_.feature_count());
  explainer.explain(row, shares);
  RowExplanation explanation;
  RowScores scores;
  score(rows, index, 1, scores);
  explanation.value = scores.values.front();
  explanation.raw = forest_.predict_raw(row);
  explanation.base = explainer.expected_value();
  for (std::size_t column = 0; column < signature_.inputs.size(); ++column) {
    const std::size_t feature = feature_of_column_[column];
    explanation.reasons.push_back({signature_.inputs[column].name,
                                   core::is_missing(row[feature]) ? "" : codec::to_shortest(row[feature]),
                                   shares[feature]});
  }
  std::stable_sort(explanation.reasons.begin(), explanation.reasons.end(),
                   [](const Reason& a, const Reason& b) { return std::abs(a.share) > std::abs(b.share); });
  return explanation;
}

Result<std::size_t> ForestScorer::leaves(const Rows& rows, std::size_t first, std::size_t count,
                                         std::vector<std::int64_t>& leaves) const {
  const std::size_t trees = forest_.tree_count();
  std::vector<std::int32_t> of_rows(count * trees);
  forest_.leaves_batch(own(rows).cells(first, count), of_rows);
  for (std::size_t i = 0; i < of_rows.size(); ++i) leaves.push_back(forest_.leaf_id(i % trees, of_rows[i]));
  return trees;
}

std::string_view ForestScorer::answered_as(const Rows& /*rows*/, std::size_t /*index*/) const {
  return {};
}

std::vector<std::string> ForestScorer::warnings(const Rows& /*rows*/, std::size_t /*index*/) const {
  return {};
}

void ForestScorer::count_columns(const Rows& rows, std::size_t first, std::size_t count,
                                 ColumnCounts& counts) const {
  const std::span<const double> cells = own(rows).cells(first, count);
  const std::size_t features = forest_.feature_count();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (core::is_missing(cells[i])) ++counts.missing[column_of_feature_[i % features]];
  }
}

}  // namespace starcast::model
