// Work over several threads whose result does not depend on how many there are.
#pragma once

#include <cstddef>
#include <functional>

#include "core/result.h"

namespace starcast::core {

// Runs task(0) .. task(count-1), each once, on at most `threads` threads (the caller's among them), and
// returns when all are done. Tasks must not share what they write. After a failure no further task is
// started; of the tasks that failed the one with the lowest index speaks, so the answer is the same in each
// run as far as the tasks are.
Result<void> parallel_for(std::size_t count, std::size_t threads,
                          const std::function<Result<void>(std::size_t)>& task);

}  // namespace starcast::core
