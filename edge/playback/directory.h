// What the API tells edges: public keys, origins, revocations. Kept on disk, so that an edge that restarts while the
// API is away still serves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/token/token.h"

namespace lectern::v1 {  // generated; see proto/lectern/v1/link.proto
class Directory;
}

namespace lectern::edge {

// A playback token of this lecture (0: any) and subject (empty: any) issued before `issued_before` plays nothing.
struct Revocation {
  int64_t lecture = 0;
  std::string subject;
  absl::Time issued_before;
};

struct Directory {
  std::vector<PublicKey> keys;                        // of the playback audience, still good at the time of reading
  absl::flat_hash_map<int64_t, std::string> origins;  // base URL by resource id
  std::vector<Revocation> revocations;
};

Directory ReadDirectory(const v1::Directory& message, absl::Time now);

// Errors: kNotFound where none was saved; kDataLoss where the file cannot be read as one.
absl::StatusOr<Directory> LoadDirectory(const std::string& file, absl::Time now);
absl::Status SaveDirectory(const std::string& file, const v1::Directory& message);

}  // namespace lectern::edge
