// Runs one job of the link: scratch folder, limits, the step, and tidying up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/exec/periodic_loop.h"
#include "common/link/link.h"
#include "common/metrics/metrics.h"
#include "worker/runner/limits.h"
#include "worker/runner/scratch.h"

namespace lectern::v1 {
class JobSpec;
}

namespace lectern::worker {

struct StepEnvironment;
class SourceProxy;

using Step = std::function<link::Outcome(const v1::Assign&, StepEnvironment&, link::JobContext&)>;

// What the step is expected to write at most, from the media facts in the spec; a guess upwards.
int64_t ScratchNeed(const v1::JobSpec& spec);

// Thread-safe: each Run is a job on a thread of its own.
class Runner {
 public:
  // `step` is worker::RunStep, or a test's. `threads` is for each encoder. Everything outlives the runner.
  Runner(Step step, SourceProxy& sources, Scratch& scratch, int threads, Clock& clock, Metrics& metrics);
  ~Runner();

  // Failures of its own: RESOURCE_SHORT where there is too little scratch space, MEDIA where a limit was broken (two workers have
  // to agree before the job fails).
  link::Outcome Run(const v1::Assign& assign, link::JobContext& context);

 private:
  link::Outcome RunLimited(const v1::Assign& assign, LimitedContext& context, const ScratchFolder& folder, absl::Duration stall);
  void CheckLimits();

  const Step step_;
  SourceProxy& sources_;
  Scratch& scratch_;
  const int threads_;
  Clock& clock_;
  prometheus::Family<prometheus::Counter>& attempts_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  absl::Mutex mu_;
  std::set<LimitedContext*> running_ ABSL_GUARDED_BY(mu_);
  PeriodicLoop watchdog_;
};

}  // namespace lectern::worker
