// Accepts of all resources, written together: while one statement commits, the next ones gather.
#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"
#include "common/exec/thread_pool.h"

namespace lectern::api {

// Thread-safe.
class Accepts {
 public:
  Accepts(Shared& shared, ThreadPool& pool, SessionTable& sessions) : shared_(shared), pool_(pool), sessions_(sessions) {}

  // A resource whose Accept comes too late is told to stop.
  void Add(const HeldJob& accepted);
  // Writes what waits, in the background; to be called now and then, for what the database could not take.
  void Flush();

 private:
  void Write();

  Shared& shared_;
  ThreadPool& pool_;
  SessionTable& sessions_;
  absl::Mutex mu_;
  std::vector<HeldJob> waiting_ ABSL_GUARDED_BY(mu_);
  bool flushing_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lectern::api
