// A Result that nobody looks at does not compile.
// expect: nodiscard
#include "core/result.h"

namespace starcast::core {

Result<int> parse();

void caller() {
#ifdef STARCAST_BAD
  parse();
#else
  const Result<int> parsed = parse();
  static_cast<void>(parsed.has_value());
#endif
}

}  // namespace starcast::core
