// What the query of a /v1 request asks for.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "http/message.h"
#include "serve/api_errors.h"
#include "serve/prediction_answer.h"
#include "serve/service.h"
#include "serve/upload_answer.h"

namespace starcast::serve {

struct PredictionQuery {
  std::shared_ptr<const Version> version;
  AnswerOptions answer;
  std::optional<AnswerFormat> format;
  OnBadRow on_bad_row = OnBadRow::kRefuse;
};

// Of the fields that the call takes: model (a slot; default: the first), level, reasons (true, false), output
// (a class of a multiclass forest), format (csv, jsonl), bad_rows (refuse, note). kInvalidInput for any other
// and for values that make no sense, whose name is then in `place`; kNotFound: no such model; kUnavailable:
// it is not ready.
core::Result<PredictionQuery> read_query(const http::Request& request, const Service& service,
                                         std::initializer_list<std::string_view> fields, Place& place);

// The slot's version, or the first slot's where no name is given.
core::Result<std::shared_ptr<const Version>> version_named(const Service& service,
                                                           std::optional<std::string_view> name);

}  // namespace starcast::serve
