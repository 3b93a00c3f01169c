// Decides who may play what, offline: playback tokens, with the keys and revocations that came over the link.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/token/token.h"
#include "edge/playback/directory.h"
#include "edge/playback/playback_path.h"

namespace lectern::edge {

// Thread-safe. Fails closed: without keys nobody plays anything.
//
// A token that was verified is remembered until it expires or the directory takes its right away, so that a signature
// is checked once a viewer and not once a segment.
class TokenGate {
 public:
  // Remembers about `max_tokens`.
  explicit TokenGate(Clock& clock, size_t max_tokens = 100'000);

  void SetDirectory(const Directory& directory);
  bool has_keys() const;

  // The resource (VOD service) that keeps the media.
  //
  // Errors: kUnavailable (NO_KEYS); kPermissionDenied with reason TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED,
  // TOKEN_NOT_FOR_THIS (it is for a download) or OTHER_LECTURE.
  absl::StatusOr<int64_t> Admit(const PlaybackPath& path);

 private:
  struct Right {
    int64_t lecture = 0;
    int64_t resource = 0;
    std::string view;  // empty: all
    std::string subject;
    absl::Time issued_at;
    absl::Time expires_at;
  };
  using Rights = absl::flat_hash_map<std::string, std::shared_ptr<const Right>>;

  std::shared_ptr<const Right> Recall(absl::string_view token);
  absl::StatusOr<std::shared_ptr<const Right>> Verify(absl::string_view token, absl::Time now);
  void Remember(absl::string_view token, std::shared_ptr<const Right> right, uint64_t generation);
  bool IsRevoked(const Right& right) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  void DropRevoked(Rights& rights) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Clock& clock_;
  const size_t max_tokens_;
  Verifier verifier_;
  mutable absl::Mutex mu_;
  std::vector<PublicKey> keys_ ABSL_GUARDED_BY(mu_);
  std::vector<Revocation> revocations_ ABSL_GUARDED_BY(mu_);
  uint64_t generation_ ABSL_GUARDED_BY(mu_) = 0;  // of the directory
  // Two generations bound the memory without a list: when the young one is full it becomes the old one, and what is
  // still used moves over again.
  Rights young_ ABSL_GUARDED_BY(mu_);
  Rights old_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::edge
