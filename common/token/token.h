// Signed tokens: compact JWTs with EdDSA over Ed25519 (RFC 7519, RFC 8037). One key set an audience; a token of one audience is
// never accepted as another: the key decides the audience and the algorithm, not the token.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lectern {

enum class Audience { kSession, kOrganization, kResource, kUpload, kJob, kPlayback };

// "session", "organization", ...
absl::string_view AudienceWord(Audience audience);
std::optional<Audience> ParseAudience(absl::string_view word);

// The claims of all kinds; each kind uses some. Zero and empty are left out of the token.
struct Claims {
  std::string subject;          // sub: "users/12", "resources/3", "anonymous"
  absl::Time issued_at;         // iat, whole seconds
  absl::Time expires_at;        // exp; absl::InfiniteFuture() leaves it out (resource credentials only)
  std::string id;               // jti
  int64_t organization = 0;     // org
  int64_t resource = 0;         // res: the VOD service that keeps the media (upload, job, playback)
  int64_t lecture = 0;          // lec
  std::string view;             // view: "comb", "cam", "pres"; empty: all
  std::string upload;           // upl: upload id
  int64_t size_bytes = 0;       // size: of the upload
  int64_t job = 0;              // job
  int64_t fence = 0;            // fence: fencing token of the job's lease
  int64_t serial = 0;           // ser: of a resource credential
  bool download = false;        // dl: a playback token that gives the recording `upload` as a file, and plays nothing
};

struct PublicKey {
  std::string key_id;
  Audience audience;
  std::string bytes;            // 32
};

struct SigningKey {
  std::string key_id;
  Audience audience;
  std::string public_bytes;     // 32
  std::string secret_bytes;     // 64 (libsodium's form)
};

// A fresh pair with a random key id.
SigningKey GenerateKey(Audience audience);

std::string Sign(const SigningKey& key, const Claims& claims);

// Verifies tokens with a replaceable set of public keys. Thread-safe.
class Verifier {
 public:
  void SetKeys(std::vector<PublicKey> keys);

  // Errors, all kUnauthenticated: TOKEN_INVALID (malformed, unknown key, wrong signature, other audience), TOKEN_EXPIRED.
  // `now` may be up to 30 s before iat, for clocks that differ.
  absl::StatusOr<Claims> Verify(absl::string_view token, Audience audience, absl::Time now) const;

 private:
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, PublicKey> keys_ ABSL_GUARDED_BY(mu_);   // by key id
};

// SHA-256, 32 bytes; how bearer secrets are stored.
std::string Sha256(absl::string_view bytes);

}  // namespace lectern
