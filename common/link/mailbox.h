// Work for the link's thread, from all others.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lectern::link {

// Thread-safe. Its length is bounded by its users: one read, one write and one end of the stream, one end of each job, and what
// Link's callers send.
class Mailbox {
 public:
  // Never blocks.
  void Post(std::function<void()> work) {
    absl::MutexLock lock(&mu_);
    queue_.push_back(std::move(work));
  }

  // The oldest entry; empty where none came within `patience`.
  std::function<void()> Next(absl::Duration patience) {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(+[](std::deque<std::function<void()>>* q) { return !q->empty(); }, &queue_), patience);
    if (queue_.empty()) return nullptr;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    return work;
  }

 private:
  absl::Mutex mu_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::link
