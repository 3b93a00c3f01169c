// Messages that must not be lost and that the database could not take: handled again a moment later.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lectern::v1 {
class ResourceMessage;
}

namespace lectern::api {

class LinkSession;

// Thread-safe.
class Postponed {
 public:
  Postponed();
  ~Postponed();

  // False: too many wait; the resource tells it again after a reconnect.
  bool Add(std::weak_ptr<LinkSession> session, std::unique_ptr<v1::ResourceMessage> message);
  // Gives all of them back to their sessions that still exist.
  void Flush();

 private:
  struct Entry;
  absl::Mutex mu_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::api
