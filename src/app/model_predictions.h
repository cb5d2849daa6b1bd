// Predictions of any model for a file of rows, as `mlflow models predict` gives them: what /invocations of a
// scoring server answers, without the server.
#pragma once

#include <string>

#include "app/workspace.h"
#include "core/result.h"

namespace starcast::app {

struct ModelPredictionOptions {
  std::string uri{};
  std::string tracking_uri{};
  std::string content_type = "json";  // or "csv": of `body`
  std::string body{};
};

// The answer's text, {"predictions": [...]}. An answer that is an error is kInvalidInput with its message.
core::Result<std::string> model_predictions(const ModelPredictionOptions& options, const Context& context);

}  // namespace starcast::app
