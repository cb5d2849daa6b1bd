// Exit statuses: sysexits.h for our own commands, DVC's for the commands that are DVC's.
// docs/reference/exit-codes.md.
#pragma once

#include "core/error.h"

namespace starcast::cli {

enum class Grammar {
  kOwn,
  kDvc,  // 0; 255 failure; 254 bad arguments; 253 not a repository; 252 interrupted
};

inline constexpr int kSuccess = 0;
inline constexpr int kDvcNoRepository = 253;
inline constexpr int kDvcBadConfig = 251;

int exit_status_of(core::ErrorCode code, Grammar grammar);
int usage_status(Grammar grammar);

}  // namespace starcast::cli
