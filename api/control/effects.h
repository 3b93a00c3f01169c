// What the result of a job changes beside the job: facts of the recording, new jobs, specs of waiting ones.
#pragma once

#include "absl/status/status.h"
#include "api/control/shared.h"

namespace lectern::v1 {
class JobResult;
}

namespace lectern::api {

// Runs in the transaction that ends the job. Errors with kInvalidArgument mean that the result cannot be used, with a sentence
// for people and reason NOTHING_USABLE (no retry helps) or BAD_RESULT (the resource is at fault).
absl::Status ApplyResult(Shared& shared, pg::Session& session, const LockedJob& job, const v1::JobResult& result);

}  // namespace lectern::api
