// Results that change nothing but their job (jobs without a recording), written together: while one transaction commits, the
// next ones gather.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "api/control/outcomes.h"
#include "common/exec/thread_pool.h"

namespace lectern::v1 {
class ResourceMessage;
}

namespace lectern::api {

class LinkSession;

// Thread-safe.
class Dones {
 public:
  Dones(Outcomes& outcomes, ThreadPool& pool);
  ~Dones();

  void Add(std::shared_ptr<LinkSession> session, std::unique_ptr<v1::ResourceMessage> message);
  // Writes what waits, in the background.
  void Flush();

 private:
  struct Entry;
  void Write();
  void Record(std::vector<Entry> batch);

  Outcomes& outcomes_;
  ThreadPool& pool_;
  absl::Mutex mu_;
  std::vector<Entry> waiting_ ABSL_GUARDED_BY(mu_);
  bool flushing_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::api
