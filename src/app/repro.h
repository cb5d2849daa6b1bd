// repro: the pipeline's, with this executable first on the PATH of its commands.
#pragma once

#include "app/workspace.h"
#include "core/result.h"
#include "os/process.h"
#include "pipeline/repro.h"

namespace starcast::app {

// `commands_output` is where the standard output of the pipeline stages' commands goes.
core::Result<pipeline::ReproReport> repro(pipeline::ReproOptions options, os::Output commands_output,
                                          const Context& context, pipeline::ReproObserver& observer);

}  // namespace starcast::app
