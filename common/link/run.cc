#include "common/link/run.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lectern::link {

void Run::Progress(double fraction) {
  if (!std::isfinite(fraction)) return;
  progress_ = std::clamp(fraction, 0.0, 1.0);
  if (!fresh_progress_.exchange(true)) on_progress_();
}

std::optional<double> Run::TakeProgress() {
  if (!fresh_progress_.exchange(false)) return std::nullopt;
  return progress_.load();
}

StopReason Run::stop_reason() const {
  switch (fate_.load()) {
    case Fate::kReport:
      return StopReason::kNone;
    case Fate::kCancel:
      return StopReason::kCancelled;
    case Fate::kRelease:
      return StopReason::kHandBack;
    case Fate::kDrop:
      return StopReason::kTakenAway;
  }
  return StopReason::kTakenAway;
}

void Run::OnStop(std::function<void()> callback) {
  {
    absl::MutexLock lock(&mu_);
    if (closed_) return;
    if (!stopped_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

void Run::Stop(Fate fate) {
  Fate before = fate_;
  while (before < fate && !fate_.compare_exchange_weak(before, fate)) {
  }
  std::vector<std::function<void()>> callbacks;
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
    callbacks.swap(callbacks_);
  }
  for (const auto& callback : callbacks) callback();
}

void Run::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  callbacks_.clear();
}

}  // namespace lectern::link
