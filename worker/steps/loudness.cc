#include "worker/steps/loudness.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "worker/steps/ffmpeg.h"

namespace lectern::worker {
namespace {

constexpr int kNiceness = 10;
constexpr double kSilence = -70;   // BS.1770's absolute gate

}  // namespace

void ReadSummaryLine(absl::string_view line, v1::LoudnessResult& loudness) {
  absl::ConsumePrefix(&line, "[info] ");
  std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  double value = 0;
  if (words.size() != 3 || !absl::SimpleAtod(words[1], &value)) return;
  // True peak of digital silence is minus infinity, which JSON does not know.
  if (!std::isfinite(value)) value = kSilence;
  if (words[0] == "I:" && words[2] == "LUFS") loudness.set_integrated_lufs(value);
  if (words[0] == "LRA:" && words[2] == "LU") loudness.set_range_lu(value);
  if (words[0] == "Peak:" && words[2] == "dBFS") loudness.set_true_peak_dbtp(value);
}

absl::StatusOr<v1::LoudnessResult> MeasureLoudness(StepCall& call, double share) {
  v1::LoudnessResult loudness;
  loudness.set_integrated_lufs(kSilence);
  FfmpegCommand command;
  command.after_input = {"-map", "0:a:0", "-vn", "-sn", "-dn", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"};
  command.niceness = kNiceness;
  command.duration_seconds = call.spec().media().duration_seconds();
  command.progress_share = share;
  command.info_log = true;
  bool summary = false;
  command.on_log_line = [&](absl::string_view line) {
    summary |= absl::StrContains(line, "Summary:");
    if (summary) ReadSummaryLine(line, loudness);
  };
  RETURN_IF_ERROR(RunFfmpeg(call, command).status());
  if (!summary) return absl::InvalidArgumentError("Nothing of the sound can be decoded.");
  return loudness;
}

StepResult RunLoudness(StepCall& call) {
  v1::JobResult result;
  ASSIGN_OR_RETURN(*result.mutable_loudness(), MeasureLoudness(call, 1));
  return result;
}

}  // namespace lectern::worker
