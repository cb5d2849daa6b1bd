#include "app/repro.h"

#include "os/path.h"

namespace starcast::app {

core::Result<pipeline::ReproReport> repro(pipeline::ReproOptions options, const Context& context,
                                          pipeline::ReproObserver& observer) {
  const std::string executable = TRY(os::own_executable());
  const std::string path = context.environment.find("PATH").value_or("");
  options.environment["PATH"] = os::folder_of(executable) + (path.empty() ? "" : ":" + path);
  return pipeline::repro(options, context.files, context.processes, context.environment, observer);
}

}  // namespace starcast::app
