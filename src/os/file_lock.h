// A lock between processes, on a file, by flock(2): DVC's repository lock is one (.dvc/tmp/lock).
#pragma once

#include <string>

#include "core/result.h"

namespace starcast::os {

// Held until destroyed; the file stays. Children that this program starts do not hold it. Move-only.
class FileLock {
 public:
  // Tries at once, then `tries` - 1 more times, `pause_seconds` apart; creates the file (and its folder) if
  // need be and writes " PID\n" into it as zc.lockfile does. kUnavailable when another process holds it; the
  // message names the file and the holder's pid.
  static core::Result<FileLock> acquire(const std::string& path, int tries, double pause_seconds);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace starcast::os
