// Result<bool> does not compile, as `if (result)` would read as its value.
// expect: reads ambiguously
#include "core/result.h"

namespace starcast::core {

#ifdef STARCAST_BAD
using Answer = bool;
#else
enum class Answer { kYes, kNo };
#endif

Result<Answer> ask() {
  return Answer{};
}

}  // namespace starcast::core
