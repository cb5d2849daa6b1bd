#include "serve/prediction_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/numeric.h"
#include "core/strings.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

constexpr std::size_t kNamedComparables = 3;
constexpr double kShownShare = 0.005;  // less is no change in two decimals

Json number_json(double number) {
  return core::is_missing(number) ? Json() : Json(number);
}

Json value_json(const Version& version, double value) {
  if (version.model.scorer->answers_integers()) return Json(static_cast<std::int64_t>(value));
  return number_json(value);
}

void add_explanation(const model::RowExplanation& explanation, Json& json) {
  JsonArray reasons;
  for (const model::Reason& reason : explanation.reasons) {
    reasons.push_back(JsonObject{{"field", reason.column},
                                 {"value", reason.value.empty() ? Json() : Json(reason.value)},
                                 {"share", reason.share},
                                 {"text", sentence_of(reason)}});
  }
  JsonArray apps;
  for (const model::ComparableRow& row : explanation.comparables) {
    apps.push_back(JsonObject{{"name", row.name},
                              {"category", row.category.empty() ? Json() : Json(row.category)},
                              {"rating", number_json(row.value)},
                              {"reviews", number_json(row.reviews)},
                              {"similarity", row.similarity},
                              {"pull", row.pull}});
  }
  json.set("base", explanation.base);
  json.set("unclipped", explanation.raw);
  json.set("reasons", std::move(reasons));
  json.set("comparable", JsonObject{{"share", explanation.comparable_share},
                                    {"text", sentence_of_comparables(explanation)},
                                    {"apps", std::move(apps)}});
}

}  // namespace

std::string_view value_name(const model::RowScorer& scorer) {
  return scorer.flavor() == "starcast" ? "rating" : "value";
}

std::string sentence_of(const model::Reason& reason) {
  const std::string value = reason.value.empty() ? "not given" : reason.value;
  if (std::abs(reason.share) < kShownShare)
    return fmt::format("{} ({}) hardly matters", reason.column, value);
  return fmt::format("{} ({}) {} it by {:.2f}", reason.column, value, reason.share > 0 ? "raises" : "lowers",
                     std::abs(reason.share));
}

std::string sentence_of_comparables(const model::RowExplanation& explanation) {
  if (explanation.comparables.empty()) return "";
  std::vector<std::string> named;
  for (const model::ComparableRow& row : explanation.comparables) {
    if (named.size() == kNamedComparables) break;
    named.push_back(core::is_missing(row.value) ? row.name : fmt::format("{} {:.1f}", row.name, row.value));
  }
  const double share = explanation.comparable_share;
  if (std::abs(share) < kShownShare)
    return fmt::format("apps like it ({}) hardly matter", fmt::join(named, ", "));
  return fmt::format("apps like it ({}) {} it by {:.2f}", fmt::join(named, ", "),
                     share > 0 ? "raise" : "lower", std::abs(share));
}

Result<RowAnswer> answer_of(const Version& version, const PredictionRows& rows, std::size_t index,
                            const model::RowScores& scores, std::size_t score_index,
                            const AnswerOptions& options) {
  const model::RowScorer& scorer = *version.model.scorer;
  RowAnswer answer;
  answer.label = rows.label(index);
  answer.warnings = rows.warnings(index);
  if (rows.is_broken(index)) return answer;
  const auto first = scores.values.begin() + static_cast<std::ptrdiff_t>(score_index * scores.width);
  answer.values.assign(first, first + static_cast<std::ptrdiff_t>(scores.width));
  if (options.level != kNoLevel)
    answer.interval = scores.intervals[score_index * scores.levels + options.level];
  answer.answered_as = scorer.answered_as(rows.rows(), index);
  if (options.reasons) answer.explanation = TRY(scorer.explain(rows.rows(), index, options.output));
  return answer;
}

Json to_json(const RowAnswer& answer, const Version& version, const PredictionRows& rows) {
  Json json{JsonObject{}};
  if (!rows.label_column().empty()) json.set(core::ascii_lower(rows.label_column()), answer.label);
  const std::string_view name = value_name(*version.model.scorer);
  if (answer.values.empty()) {
    json.set(name, nullptr);
  } else if (answer.values.size() == 1) {
    json.set(name, value_json(version, answer.values.front()));
  } else {
    JsonArray values;
    for (const double value : answer.values) values.push_back(value_json(version, value));
    json.set(fmt::format("{}s", name), std::move(values));
  }
  if (answer.interval) {
    json.set("interval", JsonObject{{"level", answer.interval->level},
                                    {"low", answer.interval->low},
                                    {"high", answer.interval->high}});
  }
  if (!answer.answered_as.empty()) json.set("answered_as", answer.answered_as);
  if (answer.explanation) add_explanation(*answer.explanation, json);
  JsonArray warnings;
  for (const std::string& warning : answer.warnings) warnings.push_back(warning);
  json.set("warnings", std::move(warnings));
  return json;
}

Json model_json(const Version& version) {
  return JsonObject{
      {"name", version.slot}, {"version", version.model.version}, {"flavor", version.model.scorer->flavor()}};
}

Json about_json(const Version& version) {
  Json about = version.model.scorer->about();
  if (const Json* const trained_on = about.find("trained_on")) return Json(*trained_on);
  return about;
}

}  // namespace starcast::serve
