// From a bearer token to a caller.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/calls/key_ring.h"
#include "api/domain/access.h"
#include "api/store/resource_store.h"
#include "api/store/session_store.h"
#include "common/base/clock.h"

namespace lectern::api {

// A caller that another instance signs off stays known here for at most this long.
inline constexpr absl::Duration kCallerCacheTime = absl::Milliseconds(900);

// Thread-safe. Answers are remembered for kCallerCacheTime, so that a busy caller costs one statement a second.
//
// Errors: kUnauthenticated with TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED or CREDENTIAL_WITHDRAWN; those of the database.
class Authenticator {
 public:
  Authenticator(const KeyRing& keys, SessionStore& sessions, ResourceStore& resources, Clock& clock)
      : keys_(keys), sessions_(sessions), resources_(resources), clock_(clock) {}

  // Session tokens only. The person's role is the one in the database now.
  absl::StatusOr<Caller> User(absl::string_view token);
  // Credentials of resources only.
  absl::StatusOr<Caller> Resource(absl::string_view token);

  // This session was ended here: this instance refuses it from now on.
  void ForgetSession(int64_t session_id);
  // Sessions of this person were ended here: each is looked at anew.
  void ForgetUser(int64_t user_id);

 private:
  struct Known {
    Caller caller;
    absl::Duration checked_at;   // steady
    absl::Time expires_at;
  };
  absl::StatusOr<Caller> CheckSession(const Claims& claims);
  absl::StatusOr<Caller> CheckResource(const Claims& claims);
  absl::StatusOr<Caller> Cached(absl::string_view token, Audience audience);

  const KeyRing& keys_;
  SessionStore& sessions_;
  ResourceStore& resources_;
  Clock& clock_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, Known> known_ ABSL_GUARDED_BY(mu_);   // by SHA-256 of audience and token
};

// The token in an "authorization" value; empty where there is none. Error: kUnauthenticated/TOKEN_INVALID for another scheme.
absl::StatusOr<absl::string_view> BearerToken(absl::string_view authorization);

}  // namespace lectern::api
