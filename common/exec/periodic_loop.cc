#include "common/exec/periodic_loop.h"

#include <pthread.h>

#include <utility>

#include "absl/random/random.h"

namespace lectern {

PeriodicLoop::PeriodicLoop(const std::string& name, absl::Duration interval, std::function<void()> body)
    : interval_(interval), body_(std::move(body)), thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

PeriodicLoop::~PeriodicLoop() { Stop(); }

void PeriodicLoop::Wake() {
  absl::MutexLock lock(&mu_);
  woken_ = true;
}

void PeriodicLoop::Stop() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void PeriodicLoop::Loop() {
  absl::BitGen random;
  while (true) {
    body_();
    absl::Duration wait = interval_ * absl::Uniform(random, 0.8, 1.0);
    absl::MutexLock lock(&mu_);
    auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return woken_ || stopping_; };
    mu_.AwaitWithTimeout(absl::Condition(&due), wait);
    if (stopping_) return;
    woken_ = false;
  }
}

}  // namespace lectern
