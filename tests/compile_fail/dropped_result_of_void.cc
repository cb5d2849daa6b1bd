// A Result<void>, whose only content is the error, cannot be dropped either.
// expect: nodiscard
#include "core/result.h"

namespace starcast::core {

Result<void> write();

Result<void> caller() {
#ifdef STARCAST_BAD
  write();
#else
  TRY(write());
#endif
  return {};
}

}  // namespace starcast::core
