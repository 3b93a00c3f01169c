#include "worker/runner/limits.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace lectern::worker {

// Calls what the step registered once, whoever stops it first.
struct LimitedContext::Stopper {
  void Add(std::function<void()> callback) {
    {
      absl::MutexLock lock(&mu);
      if (closed) return;
      if (!stopped) {
        callbacks.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

  // Callbacks run with `call_mu` held and `mu` free: Close waits for them, so that they may refer to what the step owns.
  void Stop() {
    absl::MutexLock calling(&call_mu);
    std::vector<std::function<void()>> called;
    {
      absl::MutexLock lock(&mu);
      stopped = true;
      called.swap(callbacks);
    }
    for (const auto& callback : called) callback();
  }

  void Close() {
    {
      absl::MutexLock lock(&mu);
      closed = true;
      callbacks.clear();
    }
    absl::MutexLock calling(&call_mu);
  }

  absl::Mutex call_mu ABSL_ACQUIRED_BEFORE(mu);
  absl::Mutex mu;
  bool stopped ABSL_GUARDED_BY(mu) = false;
  bool closed ABSL_GUARDED_BY(mu) = false;
  std::vector<std::function<void()>> callbacks ABSL_GUARDED_BY(mu);
};

LimitedContext::LimitedContext(link::JobContext& inner, RunLimits limits, Clock& clock)
    : inner_(inner), limits_(limits), clock_(clock), started_(clock.Steady()), stopper_(std::make_shared<Stopper>()),
      moved_(started_) {
  inner_.OnStop([stopper = stopper_] { stopper->Stop(); });
}

void LimitedContext::Progress(double fraction) {
  {
    absl::MutexLock lock(&mu_);
    if (fraction > best_) {
      best_ = fraction;
      moved_ = clock_.Steady();
    }
  }
  inner_.Progress(fraction);
}

bool LimitedContext::ShouldStop() const { return inner_.ShouldStop() || broken(); }

link::StopReason LimitedContext::stop_reason() const {
  link::StopReason inner = inner_.stop_reason();
  return inner == link::StopReason::kNone && broken() ? link::StopReason::kCancelled : inner;
}

void LimitedContext::OnStop(std::function<void()> callback) { stopper_->Add(std::move(callback)); }

std::string LimitedContext::why() const {
  absl::MutexLock lock(&mu_);
  return why_;
}

void LimitedContext::Check() {
  bool waits = !inner_.MayPublish();
  {
    absl::MutexLock lock(&mu_);
    if (!why_.empty()) return;
    absl::Duration now = clock_.Steady();
    if (waits) moved_ = now;
    if (now - started_ > limits_.run) {
      why_ = absl::StrCat("stopped after its time limit of ", absl::FormatDuration(limits_.run));
    } else if (now - moved_ > limits_.stall) {
      why_ = absl::StrCat("stopped: no progress for ", absl::FormatDuration(limits_.stall));
    } else {
      return;
    }
  }
  stopper_->Stop();
}

void LimitedContext::Close() { stopper_->Close(); }

}  // namespace lectern::worker
