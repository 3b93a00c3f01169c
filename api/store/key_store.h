// Ed25519 signing keys; the private half is sealed by the caller.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct SigningKeyRow {
  std::string key_id;
  std::string audience;                    // "session", "organization", ...
  std::string public_key;                  // 32 bytes
  std::string sealed_secret;
  absl::Time created_at;                   // set by the store
  std::optional<absl::Time> retired_at;    // signs no more; still verifies
};

// Thread-safe.
class KeyStore {
 public:
  explicit KeyStore(pg::Pool& pool) : pool_(pool) {}

  // The audience's active key: `key` when there was none before, else the one that was there. Instances that start at the same
  // time get the same key.
  absl::StatusOr<SigningKeyRow> InsertIfAbsent(const SigningKeyRow& key);
  // Retires the audience's active key and makes `key` the active one.
  absl::StatusOr<SigningKeyRow> Rotate(const SigningKeyRow& key);
  // All, active and retired, oldest first. There are a few per audience, so the list has no pages.
  absl::StatusOr<std::vector<SigningKeyRow>> List() const;
  // Deletes keys that retired longer ago than `age`. Returns how many.
  absl::StatusOr<int64_t> DeleteRetired(absl::Duration age);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
