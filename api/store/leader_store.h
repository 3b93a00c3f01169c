// The lease by which one API instance at a time is the leader. Its predicates use the database's clock only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"

namespace lectern::api {

// Thread-safe.
class LeaderStore {
 public:
  explicit LeaderStore(pg::Pool& pool) : pool_(pool) {}

  // The term, which grows with each change of holder; absent where another holds the lease. Extends one that `holder` has.
  absl::StatusOr<std::optional<int64_t>> Acquire(const std::string& role, const std::string& holder, absl::Duration ttl);

  // False where the lease of that term is over or somebody else's.
  absl::StatusOr<bool> Renew(const std::string& role, const std::string& holder, int64_t term, absl::Duration ttl);

  // Ends the lease of that term, so that another takes over at once.
  absl::Status Resign(const std::string& role, const std::string& holder, int64_t term);

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
