// `repro` alone, for the comparison with the real dvc while there is no other program: repro_driver COMMAND
// [ARGUMENT...].
//   repro [-f] [--dry] [-C DIR] [TARGET...]   track [-C DIR] PATH   init [--no-scm] [-C DIR]
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "os/environment.h"
#include "os/file_system.h"
#include "os/process.h"
#include "pipeline/repro.h"
#include "pipeline/workspace.h"

namespace {

using starcast::core::Error;
using starcast::core::ErrorCode;
using starcast::core::Result;
namespace os = starcast::os;
namespace pipeline = starcast::pipeline;

class Printer final : public pipeline::ReproObserver {
 public:
  void stage_unchanged(const std::string& name) override { std::printf("unchanged %s\n", name.c_str()); }
  void stage_starts(const std::string& name, const std::vector<std::string>& reasons,
                    const std::vector<std::string>&, std::size_t index, std::size_t count) override {
    std::printf("runs %s (%zu of %zu)\n", name.c_str(), index, count);
    for (const std::string& reason : reasons) std::printf("  %s\n", reason.c_str());
    std::fflush(stdout);
  }
  void stage_restored(const std::string& name) override { std::printf("restored %s\n", name.c_str()); }
  void stage_done(const pipeline::StageReport& report) override {
    std::printf("done %s\n", report.name.c_str());
  }
  void warning(const std::string& text) override { std::fprintf(stderr, "warning: %s\n", text.c_str()); }
};

Result<void> run(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Error(ErrorCode::kInvalidInput, "which command?");
  const std::string& command = arguments[0];
  pipeline::ReproOptions options;
  options.root = "";
  bool has_scm = true;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "-f") {
      options.force = pipeline::Force::kYes;
    } else if (argument == "--dry") {
      options.dry = pipeline::Dry::kYes;
    } else if (argument == "--no-scm") {
      has_scm = false;
    } else if (argument == "-C" && i + 1 < arguments.size()) {
      options.root = arguments[++i];
    } else {
      options.targets.push_back(argument);
    }
  }
  if (command == "init") {
    return pipeline::init_workspace(os::real_files(), options.root,
                                    has_scm ? pipeline::Scm::kGit : pipeline::Scm::kNone);
  }
  if (command == "track") {
    for (const std::string& path : options.targets)
      TRY(pipeline::track(os::real_files(), options.root, path));
    return {};
  }
  if (command != "repro") return Error(ErrorCode::kInvalidInput, "unknown command " + command);
  Printer printer;
  TRY(pipeline::repro(options, os::real_files(), os::real_processes(), os::real_environment(), printer));
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  const auto done = run(std::vector<std::string>(arguments + 1, arguments + count));
  if (done) return 0;
  std::fprintf(stderr, "error: %s\n", done.error().message().c_str());
  return 1;
}
