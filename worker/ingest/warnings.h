// What a lecturer should know and change, in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

// How a live stream is doing, as far as warnings need it.
struct StreamHealth {
  std::string view;                          // "comb", "cam", "pres"
  bool hall = false;                         // a camera's settings, not OBS's
  absl::Duration receiving;                  // for how long media has been coming in without a break; 0: nothing comes in
  PipelineFacts facts;
  absl::Duration silent;                     // for how long looks have found no sound; 0: there is some, or nobody has looked
  absl::Duration black;                      // the same for a black picture
  absl::Duration backlog;                    // age of the oldest segment that is not stored; 0: none waits
  absl::Duration since_late_rendition = absl::InfiniteDuration();    // since the encoder was too late or started again
  absl::Duration since_jump = absl::InfiniteDuration();              // since the source's timestamps jumped
};

struct Warning {
  std::string code;                          // v1::LiveWarning.code
  std::string message;
};

// In the order of their weight.
std::vector<Warning> WarningsFor(const StreamHealth& health);

}  // namespace lectern::worker
