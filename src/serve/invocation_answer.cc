#include "serve/invocation_answer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "codec/json.h"
#include "core/check.h"

namespace starcast::serve {

using core::ErrorCode;
using model::RowScorer;
using model::RowScores;

namespace {

// Python's repr of a float.
void append_number(std::string& text, double number) {
  if (!std::isfinite(number)) {
    text += "null";
    return;
  }
  std::array<char, 40> digits{};
  const double size = std::abs(number);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const std::to_chars_result written =
      std::to_chars(digits.data(), digits.data() + digits.size(), number,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  CHECK(written.ec == std::errc());
  const std::string_view shown(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));
  text += shown;
  if (is_plain && shown.find('.') == std::string_view::npos) text += ".0";
}

void append_label(std::string& text, double number) {
  std::array<char, 24> digits{};
  const std::to_chars_result written =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(number));
  text.append(digits.data(), written.ptr);
}

std::string output_name(const RowScorer& scorer, std::size_t place, std::string_view otherwise) {
  const std::vector<model::Column>& outputs = scorer.signature().outputs;
  return codec::to_text(place < outputs.size() ? outputs[place].name : std::string(otherwise),
                        codec::JsonStyle::kPythonSorted);
}

}  // namespace

std::string predictions_text(const RowScorer& scorer, const RowScores& scores, std::size_t level) {
  const bool has_intervals = scores.levels > 0;
  std::string text;
  constexpr std::size_t kNumberBytes = 20;
  constexpr std::size_t kRecordBytes = 96;
  text.reserve(32 + scores.rows * (has_intervals ? kRecordBytes : scores.width * kNumberBytes));
  text += "{\"predictions\": [";
  std::array<std::string, 3> names;
  if (has_intervals) {
    CHECK(level < scores.levels);
    names = {output_name(scorer, 0, "value"), output_name(scorer, 1, "low"), output_name(scorer, 2, "high")};
  }
  const bool is_label = scorer.answers_integers();
  for (std::size_t row = 0; row < scores.rows; ++row) {
    if (row > 0) text += ", ";
    if (has_intervals) {
      const model::Interval& interval = scores.intervals[row * scores.levels + level];
      const std::array<double, 3> numbers = {scores.values[row], interval.low, interval.high};
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        text += i == 0 ? "{" : ", ";
        text += names[i];
        text += ": ";
        append_number(text, numbers[i]);
      }
      text += '}';
      continue;
    }
    if (scores.width > 1) text += '[';
    for (std::size_t i = 0; i < scores.width; ++i) {
      if (i > 0) text += ", ";
      const double value = scores.values[row * scores.width + i];
      is_label ? append_label(text, value) : append_number(text, value);
    }
    if (scores.width > 1) text += ']';
  }
  text += "]}";
  return text;
}

http::Response invocation_error(const core::Error& error) {
  const auto json = [&error](int status, std::string_view code) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = codec::to_text(codec::JsonObject{{"error_code", code}, {"message", error.message()}},
                                   codec::JsonStyle::kPythonSorted);
    return response;
  };
  switch (error.code()) {
    case ErrorCode::kUnsupported:
      return http::text_response(415, error.message());
    case ErrorCode::kInvalidInput:
      return json(400, "BAD_REQUEST");
    case ErrorCode::kFailedPrecondition:
      return json(400, "INVALID_PARAMETER_VALUE");
    case ErrorCode::kTooLarge:
      return json(413, "REQUEST_LIMIT_EXCEEDED");
    case ErrorCode::kNotFound:
      return json(404, "RESOURCE_DOES_NOT_EXIST");
    case ErrorCode::kUnavailable: {
      http::Response response = json(503, "TEMPORARILY_UNAVAILABLE");
      response.headers.set("Retry-After", "1");
      return response;
    }
    case ErrorCode::kDeadlineExceeded: {
      http::Response response = http::text_response(504, "Request processing time exceeded limit");
      response.headers.set("Content-Type", "application/json");
      return response;
    }
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kExhausted:
    case ErrorCode::kCancelled:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return json(500, "INTERNAL_ERROR");
  }
  return json(500, "INTERNAL_ERROR");
}

}  // namespace starcast::serve
