// CHECK: an invariant of ours. A failure is a bug; it stays on in release builds, and input never reaches
// one.
#pragma once

namespace starcast::core {

// Prints file, line and condition to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace starcast::core

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::starcast::core::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
