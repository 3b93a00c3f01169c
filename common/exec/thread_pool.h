// A bounded pool of threads with a bounded queue.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lectern {

// Thread-safe.
class ThreadPool {
 public:
  // `name` (at most 12 characters) names the threads for ps and gdb.
  ThreadPool(const std::string& name, size_t threads, size_t max_queue);
  // Stops (see Stop).
  ~ThreadPool();

  // False, without running it, where the queue is full or the pool stops. Never blocks.
  bool TryRun(std::function<void()> work);

  size_t queued() const;

  // Takes no more work, finishes what is queued, and waits. Not from a thread of the pool.
  void Stop();

 private:
  void Loop();

  const size_t max_queue_;
  mutable absl::Mutex mu_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace lectern
