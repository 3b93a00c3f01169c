#include "api/calls/rate_limiter.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lectern::api {

std::string NetworkOf(const std::string& address) {
  in6_addr parsed;
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  char text[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
    inet_ntop(AF_INET, parsed.s6_addr + 12, text, sizeof text);
    return text;
  }
  std::fill(parsed.s6_addr + 8, parsed.s6_addr + 16, 0);
  inet_ntop(AF_INET6, &parsed, text, sizeof text);
  return absl::StrCat(text, "/64");
}

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
