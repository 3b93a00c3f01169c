// Stores the results of a job at the VOD service. Private to the room.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {

struct Delivered {
  int64_t size_bytes = 0;
  std::string sha256;        // hex
  std::string path;          // relative to the view's playback URL; empty where it is not played
};

// Sends the files of the scratch folder and commits them together; by name. Waits while the lease is not held, and for a VOD
// service out of reach as long as the environment says.
// Errors: kCancelled, kAborted (fenced off), kResourceExhausted (no space there), kUnavailable, kInternal.
absl::StatusOr<std::map<std::string, Delivered>> Deliver(StepCall& call, const std::vector<std::string>& names);

}  // namespace lectern::worker
