#include "os/process_limits.h"

#include <malloc.h>
#include <sys/resource.h>

namespace starcast::os {

std::uint64_t raise_open_files_limit() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  struct rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  return limit.rlim_cur;
}

void keep_memory_small() {
  // Naming a threshold also stops glibc from raising it to the largest block that was ever freed.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 2 << 20);
  ::mallopt(M_ARENA_MAX, 4);
}

}  // namespace starcast::os
