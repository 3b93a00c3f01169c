// Limits of one run: how long it may take, and how long without progress.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/link/link.h"

namespace lectern::worker {

struct RunLimits {
  absl::Duration run = absl::InfiniteDuration();
  absl::Duration stall = absl::InfiniteDuration();   // without the progress growing
};

// A job's context that also asks the step to stop once a limit is over. Check is called by somebody who watches the time. The
// stall limit does not count while nothing may be published: a step whose result is ready waits then. Thread-safe.
class LimitedContext final : public link::JobContext {
 public:
  LimitedContext(link::JobContext& inner, RunLimits limits, Clock& clock);

  void Progress(double fraction) override;
  bool ShouldStop() const override;
  void OnStop(std::function<void()> callback) override;
  bool MayPublish() const override { return inner_.MayPublish() && !broken(); }
  // A broken limit counts as a cancellation.
  link::StopReason stop_reason() const override;

  // Stops the step where a limit is over. Not after Close.
  void Check();
  // The step has returned: no callback is called from now on.
  void Close();

  // One sentence about the limit that was broken; empty: none.
  std::string why() const;

 private:
  struct Stopper;
  bool broken() const { return !why().empty(); }

  link::JobContext& inner_;
  const RunLimits limits_;
  Clock& clock_;
  const absl::Duration started_;
  const std::shared_ptr<Stopper> stopper_;   // the inner context may call it after this object is gone
  mutable absl::Mutex mu_;
  double best_ ABSL_GUARDED_BY(mu_) = -1;
  absl::Duration moved_ ABSL_GUARDED_BY(mu_);
  std::string why_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::worker
