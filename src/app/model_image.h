// A container image that serves a model: its build folder, and Docker to build it.
#pragma once

#include <string>

#include "app/workspace.h"
#include "core/result.h"

namespace starcast::app {

// What Dockerfiles of MLflow open.
inline constexpr int kImagePort = 8080;

struct ModelImageOptions {
  std::string uri{};  // "" : the model is mounted into /opt/ml/model when the container runs
  std::string tracking_uri{};
  std::string folder{};  // that the Dockerfile is written into, with all that it copies
};

// Writes Dockerfile, this program and the model. kAlreadyExists: there is a Dockerfile in the folder.
core::Result<void> write_image_folder(const ModelImageOptions& options, const Context& context);

// `docker build -t NAME FOLDER`. kUnavailable where there is no docker, with the command to run elsewhere.
core::Result<void> build_image(const std::string& name, const std::string& folder, const Context& context);

}  // namespace starcast::app
