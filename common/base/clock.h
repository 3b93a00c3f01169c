// Time as an injected dependency.
#pragma once

#include "absl/time/time.h"

namespace lectern {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock. May jump; for people, logs and token expiry only.
  virtual absl::Time Now() = 0;

  // Monotonic, from an arbitrary origin; does not jump. For leases, time-outs and measurements.
  virtual absl::Duration Steady() = 0;
};

// The machine's clock. Lives for ever.
Clock& RealClock();

}  // namespace lectern
