#include "rtmp_proxy/front/knock_gate.h"

#include <arpa/inet.h>

#include <algorithm>

namespace lectern::proxy {
namespace {

// An encoder waits for about two seconds before it comes again.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);
constexpr absl::Duration kRetryWithin = absl::Minutes(2);

// Whoever has an IPv6 address has the 2^64 beside it too.
std::string AddressKey(absl::string_view peer) {
  in6_addr six;
  std::string text(peer);
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1 || IN6_IS_ADDR_V4MAPPED(&six)) return text;
  return std::string(reinterpret_cast<const char*>(&six), 8);
}

}  // namespace

double PermitBucket::Level(absl::Duration now) const {
  return std::min(burst_, permits_ + rate_ * absl::ToDoubleSeconds(now - since_));
}

bool PermitBucket::Full(absl::Duration now) const { return Level(now) >= burst_; }

bool PermitBucket::Take(absl::Duration now) {
  permits_ = Level(now);
  since_ = now;
  if (permits_ < 1) return false;
  permits_ -= 1;
  return true;
}

KnockGate::Verdict KnockGate::Look(const std::string& hash, absl::string_view peer, bool known) {
  absl::MutexLock lock(&mu_);
  absl::Duration now = clock_.Steady();
  auto wrong = wrong_.find(hash);
  if (wrong != wrong_.end() && wrong->second > now) return Verdict::kWrong;
  return known ? Verdict::kAsk : LookAtUnknown(hash, peer, now);
}

KnockGate::Verdict KnockGate::LookAtUnknown(const std::string& hash, absl::string_view peer, absl::Duration now) {
  auto before = turned_away_.find(hash);
  if (before != turned_away_.end()) {
    absl::Duration waited = now - before->second;
    if (waited < kRetryAfter) return Verdict::kLater;
    if (waited < kRetryWithin && retries_.Take(now)) return Verdict::kAsk;
  }
  // The order matters: one address must not use up what is there for all.
  if (BucketOf(peer, now).Take(now) && all_.Take(now)) return Verdict::kAsk;
  TurnAway(hash, now);
  return Verdict::kLater;
}

PermitBucket& KnockGate::BucketOf(absl::string_view peer, absl::Duration now) {
  if (by_address_.size() >= kMaxRemembered) {
    std::erase_if(by_address_, [&](const auto& entry) { return entry.second.Full(now); });
    // More addresses at once than that are no lecturers.
    if (by_address_.size() >= kMaxRemembered) by_address_.clear();
  }
  return by_address_.try_emplace(AddressKey(peer), kAsksPerSecondAndAddress, kAsksPerSecondAndAddress).first->second;
}

void KnockGate::TurnAway(const std::string& hash, absl::Duration now) {
  if (!turned_away_.insert_or_assign(hash, now).second) return;
  turned_away_order_.push_back(hash);
  if (turned_away_order_.size() <= kMaxRemembered) return;
  turned_away_.erase(turned_away_order_.front());
  turned_away_order_.pop_front();
}

void KnockGate::Wrong(const std::string& hash) {
  absl::MutexLock lock(&mu_);
  absl::Duration now = clock_.Steady();
  if (wrong_.size() >= kMaxRemembered) {
    std::erase_if(wrong_, [&](const auto& entry) { return entry.second <= now; });
    if (wrong_.size() >= kMaxRemembered) wrong_.clear();
  }
  wrong_[hash] = now + kWrongFor;
}

}  // namespace lectern::proxy
