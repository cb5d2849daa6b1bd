// Time as an interface, so that tests turn the hands themselves. The only place that reads the machine's
// clocks.
#pragma once

#include <chrono>
#include <cstdint>

namespace starcast::core {

using TimePoint = std::chrono::system_clock::time_point;  // wall time, UTC
using Ticks = std::chrono::nanoseconds;                   // since an arbitrary start; never goes back

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual Ticks elapsed() const = 0;
};

// The machine's clocks.
const Clock& system_clock();

// Milliseconds since 1970.
inline std::int64_t unix_milliseconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Seconds between two readings of elapsed().
inline double seconds_between(Ticks from, Ticks to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace starcast::core
