#include "core/testing/manual_clock.h"

namespace starcast::core {

TimePoint ManualClock::now() const {
  return TimePoint{} + std::chrono::duration_cast<TimePoint::duration>(elapsed_);
}

void ManualClock::advance(double seconds) {
  elapsed_ += std::chrono::duration_cast<Ticks>(std::chrono::duration<double>(seconds));
}

}  // namespace starcast::core
