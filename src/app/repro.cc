#include "app/repro.h"

#include "os/path.h"

namespace starcast::app {

using core::Result;

namespace {

// Runs commands with their standard output sent elsewhere.
class RedirectedProcesses final : public os::ProcessRunner {
 public:
  RedirectedProcesses(os::ProcessRunner& processes, os::Output output)
      : processes_(processes), output_(output) {}
  Result<os::Exit> run(const os::Command& command) override {
    os::Command redirected = command;
    redirected.standard_output = output_;
    return processes_.run(redirected);
  }

 private:
  os::ProcessRunner& processes_;
  os::Output output_;
};

}  // namespace

Result<pipeline::ReproReport> repro(pipeline::ReproOptions options, os::Output commands_output,
                                    const Context& context, pipeline::ReproObserver& observer) {
  const std::string executable = TRY(os::own_executable());
  const std::string path = context.environment.find("PATH").value_or("");
  options.environment["PATH"] = os::folder_of(executable) + (path.empty() ? "" : ":" + path);
  RedirectedProcesses processes(context.processes, commands_output);
  return pipeline::repro(options, context.files, processes, context.environment, observer);
}

}  // namespace starcast::app
