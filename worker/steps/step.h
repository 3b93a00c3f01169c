// The steps that a worker runs: one function for each kind of job, chosen by its JobSpec.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/link/link.h"
#include "worker/steps/source_proxy.h"

namespace lectern::worker {

// What a step may use. One for each job.
struct StepEnvironment {
  SourceProxy& sources;
  std::string scratch_dir;                // exists, of this job alone; the caller removes it afterwards
  int64_t scratch_limit_bytes = 0;        // of what the step may write; 0: none
  int threads = 0;                        // of an encoder; 0: FFmpeg chooses
  absl::Duration media_patience = absl::Minutes(10);   // how long an unreachable VOD service is waited for
  absl::Duration stop_grace = absl::Seconds(5);        // between SIGTERM and SIGKILL
};

// Runs the job to its end on the calling thread: reads the recording through the proxy, runs FFmpeg as a child, stores results at
// the VOD service (only while context.MayPublish(); waits for it otherwise) and commits them there before it answers kDone.
//
// Failures: INFRASTRUCTURE (VOD service out of reach, FFmpeg killed by a signal), MEDIA (FFmpeg cannot decode it), RESOURCE_SHORT
// (disk, scratch limit, memory), REJECTED_INPUT (probe only: this can never be a lecture). kCancelled when the context says stop
// or a newer holder of the job was seen.
link::Outcome RunStep(const v1::Assign& assign, StepEnvironment& environment, link::JobContext& context);

}  // namespace lectern::worker
