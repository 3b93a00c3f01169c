// What the recordings of organizations take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/domain/access.h"
#include "api/store/page.h"
#include "common/pg/pool.h"

namespace lectern::api {

struct StorageRow {
  int64_t organization_id = 0;
  std::string display_name;
  int depth = 0;                          // 0: a root
  int64_t bytes = 0;                      // of its own recordings, as they arrived
  int64_t subtree_bytes = 0;              // of itself and what is below
  std::optional<int64_t> quota_bytes;     // for the subtree
  int64_t recordings = 0;                 // its own
  absl::Duration duration;                // of them together
};

// Thread-safe. One statement a call.
class StorageStore {
 public:
  explicit StorageStore(pg::Pool& pool) : pool_(pool) {}

  // Organizations that the caller maintains (all, for an administrator), in OrganizationStore::List's order. `root`: only it and what
  // is below. Recordings that were removed do not count; those that are arriving do, with the size that was announced.
  absl::StatusOr<Page<StorageRow>> List(const Caller& caller, std::optional<int64_t> root, const PageRequest& page) const;

 private:
  pg::Pool& pool_;
};

}  // namespace lectern::api
