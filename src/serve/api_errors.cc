#include "serve/api_errors.h"

#include <utility>

#include "codec/json.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonObject;
using core::ErrorCode;

namespace {

http::Response json_response(core::ErrorCode code, const Json& body) {
  http::Response response;
  // Asked of another model the same would be fine, so that it is the request that is wrong.
  response.status = code == ErrorCode::kUnsupported ? 400 : http::status_of(code);
  response.headers.set("Content-Type", "application/json");
  if (code == ErrorCode::kUnavailable || code == ErrorCode::kExhausted)
    response.headers.set("Retry-After", "1");
  response.body = codec::to_text(body, codec::JsonStyle::kCompact);
  return response;
}

}  // namespace

http::Response prediction_error(const core::Error& error, const Place& place) {
  Json told = JsonObject{{"code", core::name_of(error.code())}, {"message", error.message()}};
  if (!place.field.empty()) told.set("field", place.field);
  if (place.row) told.set("row", *place.row);
  if (place.line) told.set("line", *place.line);
  return json_response(error.code(), JsonObject{{"error", std::move(told)}});
}

http::Response inference_error(const core::Error& error) {
  return json_response(error.code(), JsonObject{{"error", error.message()}});
}

std::optional<ScoringError> scoring_error_of(core::ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return ScoringError::kSchema;
    case ErrorCode::kTooLarge:
      return ScoringError::kTooLarge;
    case ErrorCode::kUnavailable:
      return ScoringError::kNotReady;
    case ErrorCode::kDeadlineExceeded:
      return ScoringError::kDeadline;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return ScoringError::kModel;
    case ErrorCode::kNotFound:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kUnsupported:
    case ErrorCode::kExhausted:
    case ErrorCode::kCancelled:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace starcast::serve
