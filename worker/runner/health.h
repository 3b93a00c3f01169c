// Whether this worker should take work: FFmpeg works, and there is disk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::worker {

struct HealthChecks {
  std::function<absl::Status()> self_test;
  std::function<int64_t()> free_bytes;      // of the scratch folder's file system
};

struct Fitness {
  bool fit = false;
  std::string reason;    // why not, in words
};

// Not thread-safe: one loop asks it about every second.
class Health {
 public:
  // `min_free_bytes`: with less the worker takes no work until there is a quarter more than that, so that it does not swing.
  Health(HealthChecks checks, int64_t min_free_bytes, Clock& clock)
      : checks_(std::move(checks)), min_free_bytes_(min_free_bytes), clock_(clock) {}

  // The self-test runs at the first call and, while it fails, once a minute.
  Fitness Check();

 private:
  const HealthChecks checks_;
  const int64_t min_free_bytes_;
  Clock& clock_;
  absl::Status tested_ = absl::UnknownError("not tested");
  absl::Duration next_test_ = -absl::InfiniteDuration();
  bool disk_low_ = false;
};

}  // namespace lectern::worker
