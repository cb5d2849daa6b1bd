// A TRY inside another TRY's argument does not compile: the inner name would hide the outer one.
// expect: Wshadow|shadow
#include "core/result.h"

namespace starcast::core {

Result<int> half(int value);

Result<int> quarter(int value) {
#ifdef STARCAST_BAD
  return TRY(half(TRY(half(value))));
#else
  const int once = TRY(half(value));
  return TRY(half(once));
#endif
}

}  // namespace starcast::core
