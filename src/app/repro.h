// repro: the pipeline's, with this executable first on the PATH of its commands.
#pragma once

#include "app/workspace.h"
#include "core/result.h"
#include "pipeline/repro.h"

namespace starcast::app {

core::Result<pipeline::ReproReport> repro(pipeline::ReproOptions options, const Context& context,
                                          pipeline::ReproObserver& observer);

}  // namespace starcast::app
