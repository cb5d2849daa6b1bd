#include "gbm/testing/load_for_tests.h"

#include "os/environment.h"

namespace starcast::gbm {

core::Result<LightGbm> load_for_tests() {
  // load() looks into "../_deps" beside the executable; this folder is one from which that path leads to
  // build/_deps.
  return LightGbm::load(os::real_environment(), "build/_deps");
}

}  // namespace starcast::gbm
