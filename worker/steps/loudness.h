// Loudness of a recording (ITU-R BS.1770, EBU R 128). Private to the room.
#pragma once

#include "absl/status/statusor.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {

// Integrated loudness is -70 LUFS where there is nothing but silence. `share` of the step's progress is reported.
absl::StatusOr<v1::LoudnessResult> MeasureLoudness(StepCall& call, double share);

// Takes one value from a line of the filter's summary ("    I:         -23.0 LUFS").
void ReadSummaryLine(absl::string_view line, v1::LoudnessResult& loudness);

}  // namespace lectern::worker
