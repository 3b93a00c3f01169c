// The installation's signing keys: one active Ed25519 key an audience, private halves sealed in the database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/store/key_store.h"
#include "common/token/token.h"

namespace lectern::api {

// A public half, as clients, VOD services and edges get it.
struct PublishedKey {
  PublicKey key;
  absl::Time not_after;   // InfiniteFuture: still signing
};

// Thread-safe.
class KeyRing {
 public:
  // Makes the keys that are missing and loads all. Any number of instances may start at once.
  // Errors: kFailedPrecondition/MASTER_KEY_MISMATCH where the keys were sealed with another master key.
  static absl::StatusOr<std::unique_ptr<KeyRing>> Load(KeyStore& store, std::string master_key);

  // Reads again what other instances may have changed; to be called now and then.
  absl::Status Refresh();

  std::string Sign(Audience audience, const Claims& claims) const;
  // As Verifier::Verify.
  absl::StatusOr<Claims> Verify(absl::string_view token, Audience audience, absl::Time now) const;
  // All that still verify, active and retired, ordered by key id.
  std::vector<PublishedKey> PublicKeys() const;
  // Those of tokens that VOD services and edges check: upload, job, playback.
  std::vector<PublicKey> MediaKeys() const;

  // For secrets of others that the database keeps (addresses of cameras with their passwords): nobody reads them there, or changes
  // them unnoticed. Each call gives other bytes.
  std::string Seal(absl::string_view plain) const;
  // Errors: kFailedPrecondition/MASTER_KEY_MISMATCH where it was not sealed by this installation.
  absl::StatusOr<std::string> Unseal(absl::string_view sealed) const;

  // What a proxy must show to publish to the worker that holds `job` with this epoch: 64 hex digits, the same at every instance.
  std::string IngestKey(int64_t job, int64_t epoch) const;

 private:
  KeyRing(KeyStore& store, std::string master_key);
  absl::Status CreateMissing();

  KeyStore& store_;
  const std::string master_key_;
  const std::string sealing_key_;   // derived from the master key, as is the next
  const std::string ingest_key_;
  Verifier verifier_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<Audience, SigningKey> active_ ABSL_GUARDED_BY(mu_);
  std::vector<PublishedKey> published_ ABSL_GUARDED_BY(mu_);
};

// The 32 bytes in the file (64 hex digits). `create`: makes it, mode 0600, where it does not exist.
// Errors: kInvalidArgument where there is none, for other contents, and for a file that others may read.
absl::StatusOr<std::string> LoadMasterKey(const std::string& path, bool create);

// How long tokens of an audience are valid at most; infinite for resource credentials.
absl::Duration MaxLifetime(Audience audience);

}  // namespace lectern::api
