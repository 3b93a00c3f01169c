// The right to publish, as the resource itself counts it. docs/link.md, rule 4.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::link {

// Counted by the monotonic clock from when the renewing beat was sent, so that it ends here before it ends at the API, however
// long the answer was on its way. Thread-safe.
class Lease {
 public:
  explicit Lease(Clock& clock) : clock_(clock) {}

  // A renewal whose beat left at `sent_at` (Clock::Steady). An older renewal than the one in force changes nothing.
  void Extend(absl::Duration sent_at, absl::Duration length) {
    int64_t until = absl::ToInt64Nanoseconds(sent_at + length);
    int64_t before = until_ns_.load();
    while (before < until && !until_ns_.compare_exchange_weak(before, until)) {
    }
  }
  void End() { until_ns_.store(kNever); }

  bool Alive() const { return absl::ToInt64Nanoseconds(clock_.Steady()) < until_ns_.load(); }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

  Clock& clock_;
  std::atomic<int64_t> until_ns_ = kNever;
};

}  // namespace lectern::link
