#include "app/new_workspace.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "core/strings.h"
#include "os/path.h"
#include "pipeline/workspace.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

// Made from the repository's own workspace files by the build.
const std::map<std::string, std::string>& embedded_workspace_files();

namespace {

constexpr std::string_view kGeneratedNo = "generated: false";
constexpr std::string_view kGeneratedYes = "generated: true";

// The workspace's own tracking store: kept out of git.
constexpr const char* kStorePaths[] = {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm", "mlartifacts",
                                       ".starcast"};

}  // namespace

Result<NewWorkspaceReport> make_workspace(const NewWorkspaceOptions& options, const Context& context) {
  std::map<std::string, std::string> files = embedded_workspace_files();
  const std::string declaration = std::string(kRawFile) + ".dvc";
  if (options.raw == RawData::kGenerated) {
    files.erase(declaration);
    core::StringSink sample;
    TRY(listing::write_sample(sample, options.sample));
    files[kRawFile] = sample.text();
    std::string& params = files.at(kParamsFile);
    CHECK(params.find(kGeneratedNo) != std::string::npos);
    params = core::replaced(params, kGeneratedNo, kGeneratedYes);
  }
  NewWorkspaceReport report;
  for (const auto& [path, bytes] : files) {
    const std::string target = os::joined(options.folder, path);
    if (context.files.exists(target)) {
      return Error(ErrorCode::kAlreadyExists,
                   fmt::format("{} is there already; nothing was written", target));
    }
    report.files.push_back(path);
  }
  for (const auto& [path, bytes] : files) {
    const std::string target = os::joined(options.folder, path);
    TRY(context.files.make_folders(os::folder_of(target)));
    TRY(context.files.write(target, bytes));
  }
  for (const char* const folder :
       {"data/external", "data/interim", "data/processed", "docs", "models", kFiguresFolder, "notebooks"}) {
    TRY(context.files.make_folders(os::joined(options.folder, folder)));
  }
  const std::optional<pipeline::GitIgnore> git =
      pipeline::GitIgnore::find(context.files, options.folder, context.environment);
  TRY(pipeline::init_workspace(context.files, options.folder,
                               git ? pipeline::Scm::kGit : pipeline::Scm::kNone));
  if (git) {
    for (const char* const path : kStorePaths) TRY(git->ignore(path));
  }
  if (options.raw == RawData::kGenerated)
    TRY(pipeline::track(context.files, options.folder, kRawFile, context.environment, context.clock));
  return report;
}

}  // namespace starcast::app
