#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace starcast::core {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr,
               "%s:%d: check failed: %s\nThis is a bug in starcast; please report it with the command.\n",
               file, line, condition);
  std::abort();
}

}  // namespace starcast::core
