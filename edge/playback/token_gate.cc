#include "edge/playback/token_gate.h"

#include <algorithm>

#include "common/base/status.h"

namespace lectern::edge {
namespace {

absl::Status Denied(absl::string_view message, absl::string_view reason) {
  return WithReason(absl::PermissionDeniedError(message), reason);
}

bool HoldsKey(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const PublicKey& k) { return k.key_id == key.key_id && k.bytes == key.bytes; });
}

}  // namespace

TokenGate::TokenGate(Clock& clock, size_t max_tokens) : clock_(clock), max_tokens_(max_tokens) {}

void TokenGate::SetDirectory(const Directory& directory) {
  absl::MutexLock lock(&mu_);
  ++generation_;
  // A key that is gone was withdrawn: whatever it signed has to be checked again, and will fail.
  bool key_gone =
      std::any_of(keys_.begin(), keys_.end(), [&](const PublicKey& key) { return !HoldsKey(directory.keys, key); });
  keys_ = directory.keys;
  revocations_ = directory.revocations;
  verifier_.SetKeys(directory.keys);
  if (key_gone) {
    young_.clear();
    old_.clear();
  }
  DropRevoked(young_);
  DropRevoked(old_);
}

bool TokenGate::has_keys() const {
  absl::MutexLock lock(&mu_);
  return !keys_.empty();
}

bool TokenGate::IsRevoked(const Right& right) const {
  return std::any_of(revocations_.begin(), revocations_.end(), [&](const Revocation& revocation) {
    return (revocation.lecture == 0 || revocation.lecture == right.lecture) &&
           (revocation.subject.empty() || revocation.subject == right.subject) &&
           right.issued_at < revocation.issued_before;
  });
}

void TokenGate::DropRevoked(Rights& rights) {
  if (revocations_.empty()) return;
  absl::erase_if(rights,
                 [this](const auto& entry) ABSL_SHARED_LOCKS_REQUIRED(mu_) { return IsRevoked(*entry.second); });
}

std::shared_ptr<const TokenGate::Right> TokenGate::Recall(absl::string_view token) {
  absl::MutexLock lock(&mu_);
  if (auto found = young_.find(token); found != young_.end()) return found->second;
  auto found = old_.find(token);
  if (found == old_.end()) return nullptr;
  std::shared_ptr<const Right> right = found->second;
  young_.insert(old_.extract(found));
  return right;
}

void TokenGate::Remember(absl::string_view token, std::shared_ptr<const Right> right, uint64_t generation) {
  absl::MutexLock lock(&mu_);
  // The directory changed while the signature was checked: what was found may no longer hold.
  if (generation != generation_) return;
  if (young_.size() >= max_tokens_ / 2) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_[std::string(token)] = std::move(right);
}

absl::StatusOr<std::shared_ptr<const TokenGate::Right>> TokenGate::Verify(absl::string_view token, absl::Time now) {
  uint64_t generation;
  {
    absl::MutexLock lock(&mu_);
    generation = generation_;
    if (keys_.empty()) {
      return WithReason(absl::UnavailableError("This server cannot check playback tokens yet; try again soon."),
                        "NO_KEYS");
    }
  }
  absl::StatusOr<Claims> claims = verifier_.Verify(token, Audience::kPlayback, now);
  if (!claims.ok()) {
    bool expired = ReasonOf(claims.status()) == "TOKEN_EXPIRED";
    return expired ? Denied("The playback token has expired: open the lecture's page again.", "TOKEN_EXPIRED")
                   : Denied("The playback token is not valid.", "TOKEN_INVALID");
  }
  if (claims->download) return Denied("The token is for a file, not for playing.", "TOKEN_NOT_FOR_THIS");
  auto right = std::make_shared<Right>();
  right->lecture = claims->lecture;
  right->resource = claims->resource;
  right->view = claims->view;
  right->subject = claims->subject;
  right->issued_at = claims->issued_at;
  right->expires_at = claims->expires_at;
  {
    absl::MutexLock lock(&mu_);
    if (IsRevoked(*right)) return Denied("The right to play this lecture was withdrawn.", "TOKEN_REVOKED");
  }
  Remember(token, right, generation);
  return std::shared_ptr<const Right>(std::move(right));
}

absl::StatusOr<int64_t> TokenGate::Admit(const PlaybackPath& path) {
  absl::Time now = clock_.Now();
  std::shared_ptr<const Right> right = Recall(path.token);
  if (right == nullptr) {
    ASSIGN_OR_RETURN(right, Verify(path.token, now));
  }
  if (now >= right->expires_at) {
    return Denied("The playback token has expired: open the lecture's page again.", "TOKEN_EXPIRED");
  }
  if (right->lecture != path.lecture || (!right->view.empty() && right->view != path.view)) {
    return Denied("The playback token is for another lecture.", "OTHER_LECTURE");
  }
  return right->resource;
}

}  // namespace lectern::edge
