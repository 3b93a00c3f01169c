// One thread that runs a function again and again.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lectern {

// Runs `body` every `interval` (each wait shortened by up to a fifth, so that loops of several processes spread) and at once
// after Wake. Wakes during a run lead to one more run, not to several.
class PeriodicLoop {
 public:
  PeriodicLoop(const std::string& name, absl::Duration interval, std::function<void()> body);
  // Stops (see Stop).
  ~PeriodicLoop();

  // Thread-safe; never blocks.
  void Wake();

  // Waits for a running `body` to return. Not from `body`.
  void Stop();

 private:
  void Loop();

  const absl::Duration interval_;
  const std::function<void()> body_;
  absl::Mutex mu_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace lectern
