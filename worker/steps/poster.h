// The still that stands for a recording. Private to the room.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {

// Makes "poster.jpg" in the scratch folder: at most 640 pixels wide, of the key frame before a tenth of the duration, or of a
// later moment where that one shows next to nothing (black, an empty slide). Its name; empty where no moment gives a picture: a
// recording is as good without.
// Errors: those of StepCall that have nothing to do with the recording (cancelled, out of reach, no space).
absl::StatusOr<std::string> MakePoster(StepCall& call);

}  // namespace lectern::worker
