// The parameter text that LightGBM's functions take, made from our options.
#pragma once

#include <string>

#include "core/result.h"
#include "gbm/booster.h"

namespace starcast::gbm {

// "num_threads=1 ... objective=regression": what makes training reproducible first, then options.parameters
// in order. kInvalidInput names a parameter that is set here (by its name or an alias), is given twice, or
// cannot be written down.
core::Result<std::string> parameter_text(const TrainOptions& options);

}  // namespace starcast::gbm
