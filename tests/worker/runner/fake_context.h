// A job's context that a test plays. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/link/link.h"

namespace lectern::worker::testing {

class FakeContext final : public link::JobContext {
 public:
  void Progress(double fraction) override {
    absl::MutexLock lock(&mu_);
    progress_.push_back(fraction);
  }
  bool ShouldStop() const override { return stopped_; }
  void OnStop(std::function<void()> callback) override {
    absl::MutexLock lock(&mu_);
    callbacks_.push_back(std::move(callback));
  }
  bool MayPublish() const override { return may_publish; }

  void Stop() {
    stopped_ = true;
    std::vector<std::function<void()>> callbacks;
    {
      absl::MutexLock lock(&mu_);
      callbacks.swap(callbacks_);
    }
    for (const auto& callback : callbacks) callback();
  }
  std::vector<double> progress() {
    absl::MutexLock lock(&mu_);
    return progress_;
  }

  std::atomic<bool> may_publish = true;

 private:
  std::atomic<bool> stopped_ = false;
  absl::Mutex mu_;
  std::vector<std::function<void()>> callbacks_;
  std::vector<double> progress_;
};

}  // namespace lectern::worker::testing
