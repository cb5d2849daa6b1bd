#include "app/workspace.h"

#include "os/path.h"

namespace starcast::app {

core::Result<gbm::LightGbm> load_lightgbm(const Context& context) {
  const std::string executable = TRY(os::own_executable());
  return gbm::LightGbm::load(context.environment, os::folder_of(executable));
}

}  // namespace starcast::app
