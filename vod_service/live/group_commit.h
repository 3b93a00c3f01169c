// Many streams store sets at once: those that come while the disk is busy go together in the next transaction.
#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "vod_service/library/catalog.h"

namespace lectern::vod {

// Thread-safe.
class GroupCommit {
 public:
  explicit GroupCommit(Catalog& catalog) : catalog_(catalog) {}

  // Returns when the set is durable. Errors: those of Catalog::CommitLiveSets.
  absl::Status Commit(const LiveCommit& commit);

 private:
  struct Waiting {
    const LiveCommit* commit;
    absl::Status status;
    bool done = false;
  };

  // One of those who wait does the work of all.
  void Lead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Catalog& catalog_;
  absl::Mutex mu_;
  std::vector<Waiting*> waiting_ ABSL_GUARDED_BY(mu_);
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::vod
