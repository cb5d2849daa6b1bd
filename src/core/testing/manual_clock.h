// A clock whose hands the test turns.
#pragma once

#include "core/clock.h"

namespace starcast::core {

// One thread.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override;
  Ticks elapsed() const override { return elapsed_; }
  void advance(double seconds);

 private:
  Ticks elapsed_{0};
};

}  // namespace starcast::core
