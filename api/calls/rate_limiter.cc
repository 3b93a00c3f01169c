#include "api/calls/rate_limiter.h"

#include <algorithm>

namespace lectern::api {

double RateLimiter::Level(const Bucket& bucket, absl::Duration now) const {
  return std::min(burst_, bucket.tokens + per_second_ * absl::ToDoubleSeconds(now - bucket.at));
}

absl::Duration RateLimiter::Take(absl::string_view caller) {
  if (per_second_ <= 0) return absl::ZeroDuration();
  absl::Duration now = clock_.Steady();
  absl::MutexLock lock(&mu_);
  if (buckets_.size() >= forget_above_) ForgetFull(now);
  Bucket& bucket = buckets_.try_emplace(caller, Bucket{burst_, now}).first->second;
  bucket.tokens = Level(bucket, now);
  bucket.at = now;
  if (bucket.tokens < 1) return absl::Seconds((1 - bucket.tokens) / per_second_);
  bucket.tokens -= 1;
  return absl::ZeroDuration();
}

size_t RateLimiter::size() const {
  absl::MutexLock lock(&mu_);
  return buckets_.size();
}

void RateLimiter::ForgetFull(absl::Duration now) {
  absl::erase_if(buckets_, [&](const auto& entry) { return Level(entry.second, now) >= burst_; });
  // Callers that are all active must not cost a sweep with every call.
  forget_above_ = std::max<size_t>(10'000, 2 * buckets_.size());
}

}  // namespace lectern::api
