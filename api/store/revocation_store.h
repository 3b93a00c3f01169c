// Playback tokens that must play nothing any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct RevocationRow {
  int64_t id = 0;
  int64_t lecture_id = 0;
  std::string subject;          // empty: everybody
  absl::Time issued_before;     // tokens issued earlier play nothing
};

// Thread-safe. One statement a call.
class RevocationStore {
 public:
  explicit RevocationStore(pg::Pool& pool) : pool_(pool) {}

  // Revokes what was issued until now. Kept for `keep`, which must be at least the lifetime of a playback token.
  absl::StatusOr<RevocationRow> Insert(pg::Session& session, int64_t lecture_id, absl::string_view subject,
                                       absl::Duration keep);
  // The same in a transaction of its own.
  absl::StatusOr<RevocationRow> Insert(int64_t lecture_id, absl::string_view subject, absl::Duration keep);
  // All that are still kept, by id; one per lecture and subject (the latest).
  absl::StatusOr<std::vector<RevocationRow>> ListLive() const;
  // Whether a token of this lecture and subject that was issued at `issued_at` plays nothing any more.
  absl::StatusOr<bool> Covers(int64_t lecture_id, absl::string_view subject, absl::Time issued_at) const;
  // Deletes those that need not be kept. Returns how many.
  absl::StatusOr<int64_t> Sweep();

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
