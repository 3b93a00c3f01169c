// What the steps share while one job runs. Private to the room.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/exec/process.h"
#include "lectern/v1/jobs.pb.h"
#include "lectern/v1/link.pb.h"
#include "worker/steps/source_proxy.h"
#include "worker/steps/step.h"

namespace lectern::worker {

// Stops the child that runs, and every later one. Thread-safe.
class StopSwitch {
 public:
  void Attach(Process* process, absl::Duration grace);
  void Detach();
  void Fire();

 private:
  absl::Mutex mu_;
  bool fired_ ABSL_GUARDED_BY(mu_) = false;
  Process* process_ ABSL_GUARDED_BY(mu_) = nullptr;
  absl::Duration grace_ ABSL_GUARDED_BY(mu_);
};

// One job. The status codes of steps mean: kFailedPrecondition REJECTED_INPUT, kInvalidArgument MEDIA, kResourceExhausted
// RESOURCE_SHORT, kCancelled and kAborted cancelled, anything else INFRASTRUCTURE.
struct StepCall {
  const v1::Assign& assign;
  StepEnvironment& environment;
  link::JobContext& context;
  std::shared_ptr<StopSwitch> stop;
  std::unique_ptr<Source> source;     // null for noop
  std::string log_tail;               // of the last child

  const v1::JobSpec& spec() const { return assign.spec(); }
};

using StepResult = absl::StatusOr<v1::JobResult>;

StepResult RunProbe(StepCall& call);
StepResult RunTranscodeVideo(StepCall& call);
StepResult RunTranscodeAudio(StepCall& call);
StepResult RunThumbnails(StepCall& call);
StepResult RunLoudness(StepCall& call);
StepResult RunSilence(StepCall& call);
StepResult RunNoop(StepCall& call);

}  // namespace lectern::worker
