// The streams that this instance holds, by resource.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace lectern::api {

class LinkSession;

// Thread-safe.
class SessionTable {
 public:
  // The one that was there before for the same resource; null: none.
  std::shared_ptr<LinkSession> Put(const std::shared_ptr<LinkSession>& session);
  // Nothing happens where another one has taken its place.
  void Remove(const LinkSession& session);
  std::shared_ptr<LinkSession> Find(int64_t resource) const;
  std::vector<std::shared_ptr<LinkSession>> All() const;
  int size() const;

 private:
  mutable absl::Mutex mu_;
  absl::flat_hash_map<int64_t, std::shared_ptr<LinkSession>> sessions_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
