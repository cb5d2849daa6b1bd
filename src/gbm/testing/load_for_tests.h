// LightGBM's library for tests, where it is.
#pragma once

#include "core/result.h"
#include "gbm/booster.h"

namespace starcast::gbm {

// From STARCAST_LIGHTGBM, else from build/_deps/lightgbm below the working directory (tests run in the
// repository's root). kNotFound: the test skips itself and gives the message as its reason.
core::Result<LightGbm> load_for_tests();

}  // namespace starcast::gbm
