// Runs FFmpeg and FFprobe on the recording of a job. Private to the room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/steps/step_call.h"

namespace lectern::worker {

struct FfmpegCommand {
  std::vector<std::string> before_input;    // options of the input
  std::vector<std::string> after_input;     // maps, filters, codecs, outputs
  int niceness = 0;
  double duration_seconds = 0;              // of what it works through, for progress; 0: none
  double progress_share = 1;                // of the step's progress that this command is
  bool info_log = false;                    // filters report at level info
  std::function<void(absl::string_view)> on_log_line;   // may be empty
};

struct FfmpegRun {
  double out_seconds = 0;                   // media time written
  int64_t frames = 0;
};

// Reads the call's source; runs in its scratch folder. Errors as StepCall says; a source that could not be read outweighs
// FFmpeg's exit status.
absl::StatusOr<FfmpegRun> RunFfmpeg(StepCall& call, const FfmpegCommand& command);

// `arguments` stand before the input. Returns what went to stdout, where `on_line` is empty. A file that FFprobe cannot read is
// kInvalidArgument with FFprobe's last words.
absl::StatusOr<std::string> RunFfprobe(StepCall& call, const std::vector<std::string>& arguments,
                                       const std::function<void(absl::string_view)>& on_line = nullptr);

// "[mov,mp4 @ 0x55d0c8] [error] moov atom not found" gives "moov atom not found"; of several lines the last that says something.
std::string LastWords(absl::string_view log);

// True where no byte of the recording was asked for although it has some.
bool Untouched(const StepCall& call);

// The media time of a line of -progress ("out_time_us=1234567"), in seconds.
std::optional<double> ProgressTime(absl::string_view line);

}  // namespace lectern::worker
