#include "serve/prediction_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/number.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

Error wrong(std::string_view name, std::string_view value, std::string_view needed) {
  return Error(ErrorCode::kInvalidInput, fmt::format("{}: '{}' is not {}", name, value, needed));
}

Result<void> read_field(std::string_view name, std::string_view value, std::optional<double>& level,
                        PredictionQuery& query) {
  if (name == "level") {
    level = codec::parse_double(value);
    if (!level) return wrong(name, value, "a number");
  } else if (name == "reasons") {
    if (value != "true" && value != "false") return wrong(name, value, "true or false");
    query.answer.reasons = value == "true";
  } else if (name == "output") {
    const std::optional<std::int64_t> output = codec::parse_int(value);
    if (!output || *output < 0) return wrong(name, value, "the number of a class, from 0");
    query.answer.output = static_cast<std::size_t>(*output);
  } else if (name == "format") {
    if (value != "csv" && value != "jsonl") return wrong(name, value, "csv or jsonl");
    query.format = value == "csv" ? AnswerFormat::kCsv : AnswerFormat::kJsonLines;
  } else if (name == "bad_rows") {
    if (value != "refuse" && value != "note") return wrong(name, value, "refuse or note");
    query.on_bad_row = value == "refuse" ? OnBadRow::kRefuse : OnBadRow::kNote;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Version>> version_named(const Service& service,
                                                     std::optional<std::string_view> name) {
  const Slot* const slot = name ? service.slots.find(*name) : &service.slots.first();
  if (slot == nullptr) {
    std::vector<std::string> known;
    for (const Slot* const each : service.slots.all()) known.push_back(each->name());
    return Error(ErrorCode::kNotFound,
                 fmt::format("there is no model '{}'; there are {}", *name, fmt::join(known, ", ")));
  }
  std::shared_ptr<const Version> version = slot->current();
  if (version == nullptr)
    return Error(ErrorCode::kUnavailable, fmt::format("model '{}' is not ready", slot->name()));
  return version;
}

Result<PredictionQuery> read_query(const http::Request& request, const Service& service,
                                   std::initializer_list<std::string_view> fields, Place& place) {
  PredictionQuery query;
  std::optional<double> level;
  for (const auto& [name, value] : request.query) {
    place.field = name;
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("the query has no field '{}'; there are {}", name, fmt::join(fields, ", ")));
    }
    TRY(read_field(name, value, level, query));
  }
  place.field = "model";
  query.version = TRY(version_named(service, request.query_field("model")));
  const model::RowScorer& scorer = *query.version->model.scorer;
  place.field = "level";
  query.answer.level = TRY(level_index(scorer, level));
  place.field = "output";
  if (query.answer.output >= scorer.width()) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("output: the model has {} of them, from 0", scorer.width()));
  }
  place.field.clear();
  return query;
}

}  // namespace starcast::serve
