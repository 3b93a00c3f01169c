#include <algorithm>
#include <thread>

#include "common/base/clock.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {

// Does nothing for a while: shows that jobs arrive, run and end.
StepResult RunNoop(StepCall& call) {
  const absl::Duration total = absl::Milliseconds(call.spec().noop().duration_ms());
  const absl::Duration begin = RealClock().Steady();
  while (true) {
    if (call.context.ShouldStop()) return absl::CancelledError("the job was stopped");
    absl::Duration passed = RealClock().Steady() - begin;
    if (passed >= total) return v1::JobResult();
    call.context.Progress(passed / absl::Seconds(1) / std::max(1e-9, absl::ToDoubleSeconds(total)));
    std::this_thread::sleep_for(
        absl::ToChronoMilliseconds(std::min(total - passed, absl::Milliseconds(50)) + absl::Milliseconds(1)));
  }
}

}  // namespace lectern::worker
