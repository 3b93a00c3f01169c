// How often one caller may call: a token bucket each.
#pragma once

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::api {

// Whose allowance an address takes from: of IPv6 its /64, since whoever has one address has all of that network; IPv4 as it is,
// also where it stands in an IPv6 address. What is no address comes back unchanged.
std::string NetworkOf(const std::string& address);

// Thread-safe.
class RateLimiter {
 public:
  // `per_second` 0: no limit. `burst` is how much may come at once after a pause.
  RateLimiter(double per_second, double burst, Clock& clock)
      : per_second_(per_second), burst_(burst), clock_(clock) {}

  // Zero where the caller may call now (and the call is counted), else how long to wait.
  absl::Duration Take(absl::string_view caller);

  // Callers that are remembered; those whose bucket is full again are forgotten when there are many.
  size_t size() const;

 private:
  struct Bucket {
    double tokens;
    absl::Duration at;
  };
  double Level(const Bucket& bucket, absl::Duration now) const;
  void ForgetFull(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const double per_second_;
  const double burst_;
  Clock& clock_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mu_);
  size_t forget_above_ ABSL_GUARDED_BY(mu_) = 10'000;
};

}  // namespace lectern::api
