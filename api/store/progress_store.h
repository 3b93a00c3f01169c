// Where people are in lectures.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/store/lecture_store.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct NewProgress {
  int64_t user_id = 0;
  int64_t lecture_id = 0;
  int64_t position_ms = 0;
  // Absent: as it was, and true once the position is within the last 5 % or 30 seconds (and past the middle) of the longest view
  // that can be watched.
  std::optional<bool> watched;
  absl::Time at;                // when the position was read
};

// Thread-safe. One statement a call.
class ProgressStore {
 public:
  explicit ProgressStore(pg::Pool& pool) : pool_(pool) {}

  // One row a person and lecture. Progress that was read earlier than what is known already changes nothing; the answer is what is
  // known afterwards. Errors: kNotFound/LECTURE_NOT_FOUND.
  absl::StatusOr<ProgressRow> Save(const NewProgress& progress);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
