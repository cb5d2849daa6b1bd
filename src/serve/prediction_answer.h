// How /v1 answers a row.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "model/row_scorer.h"
#include "serve/prediction_rows.h"
#include "serve/row_scoring.h"
#include "serve/slots.h"

namespace starcast::serve {

struct AnswerOptions {
  std::size_t level = kNoLevel;  // index of the scorer's levels
  bool reasons = false;
  std::size_t output = 0;  // of a multiclass forest: the class that is explained
};

// A row's answer, whatever it is written as.
struct RowAnswer {
  std::string label;
  std::vector<double> values;  // one, or one a class; empty for a row that could not be read
  std::optional<model::Interval> interval;
  std::string answered_as;
  std::optional<model::RowExplanation> explanation;
  std::vector<std::string> warnings;
};

// What a model's only value is called: "rating" of the rating model, "value" of any other.
std::string_view value_name(const model::RowScorer& scorer);

// The answer of row `index`, whose scores are at `score_index`. kUnsupported: reasons of a model that has
// none.
core::Result<RowAnswer> answer_of(const Version& version, const PredictionRows& rows, std::size_t index,
                                  const model::RowScores& scores, std::size_t score_index,
                                  const AnswerOptions& options);

// "Reviews (159) raises it by 0.12".
std::string sentence_of(const model::Reason& reason);
// Of the comparable rows together: "apps like it (X 4.3, Y 4.1) raise it by 0.05"; "" without any.
std::string sentence_of_comparables(const model::RowExplanation& explanation);

// With the label under the label column's name in small letters, as `starcast predict --json` has it.
codec::Json to_json(const RowAnswer& answer, const Version& version, const PredictionRows& rows);

// {"name", "version", "flavor"}, and about().
codec::Json model_json(const Version& version);
codec::Json about_json(const Version& version);

}  // namespace starcast::serve
