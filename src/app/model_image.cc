#include "app/model_image.h"

#include <fmt/format.h>

#include "app/artifact_transfer.h"
#include "app/model_source.h"
#include "os/path.h"
#include "os/process.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

// The libraries that the program is linked with, by their names in Debian 12.
constexpr const char* kBase =
    "FROM debian:12-slim\n"
    "RUN apt-get update \\\n"
    " && apt-get install -y --no-install-recommends ca-certificates libfmt9 libsqlite3-0 libssl3 "
    "libutf8proc2 libyaml-0-2 zlib1g \\\n"
    " && rm -rf /var/lib/apt/lists/*\n"
    "COPY starcast /usr/local/bin/starcast\n";
constexpr const char* kModelPlace = "/opt/ml/model";

std::string dockerfile(bool with_model) {
  return fmt::format(
      "{}{}USER nobody\nEXPOSE {}\nENTRYPOINT [\"starcast\", \"models\", \"serve\", \"-m\", \"{}\", \"-h\", "
      "\"0.0.0.0\", \"-p\", \"{}\"]\n",
      kBase, with_model ? fmt::format("COPY model {}\n", kModelPlace) : std::string(), kImagePort,
      kModelPlace, kImagePort);
}

}  // namespace

Result<void> write_image_folder(const ModelImageOptions& options, const Context& context) {
  const std::string path = os::joined(options.folder, "Dockerfile");
  if (context.files.exists(path)) {
    return Error(ErrorCode::kAlreadyExists,
                 fmt::format("{} is there already; remove it or name another folder", path));
  }
  TRY(context.files.make_folders(options.folder));
  if (!options.uri.empty()) {
    UriModelSource source(model_source_options(options.tracking_uri, context), context);
    TRY(source.copy_files(options.uri, os::joined(options.folder, "model")));
  }
  const std::string program = TRY(os::own_executable());
  os::WriteOptions runnable;
  runnable.mode = 0755;
  TRY(context.files.copy(program, os::joined(options.folder, "starcast"), runnable));
  return context.files.write(path, dockerfile(!options.uri.empty()));
}

Result<void> build_image(const std::string& name, const std::string& folder, const Context& context) {
  os::Command build;
  build.arguments = {"docker", "build", "-t", name, folder};
  build.standard_output = os::Output::kStandardError;
  const Result<os::Exit> exit = context.processes.run(build);
  if (!exit && exit.error().code() == ErrorCode::kNotFound) {
    return Error(
        ErrorCode::kUnavailable,
        fmt::format("there is no docker here; where there is, run: docker build -t {} {}", name, folder));
  }
  if (!exit) return Error(exit.error());
  if (exit->status == 0) return {};
  return Error(ErrorCode::kUnavailable,
               fmt::format("docker build ended with status {}; the folder {} stays", exit->status, folder));
}

}  // namespace starcast::app
