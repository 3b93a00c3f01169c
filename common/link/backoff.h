// How long to wait before the next attempt.
#pragma once

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace lectern::link {

// Doubles from `first` to `cap`; each wait is drawn between half of it and all of it, so that resources that lost the same API
// instance do not come back together. Not thread-safe.
class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration cap) : first_(first), cap_(cap), next_(first) {}

  absl::Duration Next() {
    absl::Duration wait = next_ * absl::Uniform(random_, 0.5, 1.0);
    next_ = std::min(2 * next_, cap_);
    return wait;
  }
  void Reset() { next_ = first_; }

 private:
  const absl::Duration first_;
  const absl::Duration cap_;
  absl::Duration next_;
  absl::BitGen random_;
};

}  // namespace lectern::link
