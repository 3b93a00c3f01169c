// A clock that moves only when told to. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"

namespace lectern::testing {

class FakeClock final : public Clock {
 public:
  absl::Time Now() override {
    absl::MutexLock lock(&mu_);
    return now_;
  }
  absl::Duration Steady() override {
    absl::MutexLock lock(&mu_);
    return steady_;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mu_);
    now_ += by;
    steady_ += by;
  }
  // The wall clock only, as when somebody sets it.
  void Jump(absl::Duration by) {
    absl::MutexLock lock(&mu_);
    now_ += by;
  }

 private:
  absl::Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::FromUnixSeconds(1'800'000'000);
  absl::Duration steady_ ABSL_GUARDED_BY(mu_) = absl::Seconds(1000);
};

}  // namespace lectern::testing
