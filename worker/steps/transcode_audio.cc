#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/media/ladder.h"
#include "worker/steps/delivery.h"
#include "worker/steps/ffmpeg.h"

namespace lectern::worker {
namespace {

constexpr char kName[] = "audio.mp4";
constexpr double kEncodeShare = 0.95;
constexpr int kNiceness = 8;

}  // namespace

// The sound: AAC-LC, 48 kHz, stereo, beginning at zero and without gaps (silence fills them), so that it stays with the
// picture.
StepResult RunTranscodeAudio(StepCall& call) {
  const v1::MediaInfo& media = call.spec().media();
  int bitrate = call.spec().transcode_audio().bitrate_bps();
  if (bitrate <= 0) bitrate = media::kAudioBitrateBps;
  double duration = media.audio().duration_seconds() > 0 ? media.audio().duration_seconds() : media.duration_seconds();
  FfmpegCommand command;
  command.after_input = {"-map",
                         "0:a:0",
                         "-vn",
                         "-sn",
                         "-dn",
                         "-af",
                         "aresample=48000:async=1:first_pts=0",
                         "-ac",
                         "2",
                         "-c:a",
                         "aac",
                         "-b:a",
                         absl::StrCat(bitrate),
                         "-f",
                         "mp4",
                         absl::StrCat("file:", kName)};
  command.niceness = kNiceness;
  command.duration_seconds = duration;
  command.progress_share = kEncodeShare;
  ASSIGN_OR_RETURN(FfmpegRun run, RunFfmpeg(call, command));
  if (run.out_seconds <= 0) return absl::InvalidArgumentError("Nothing of the sound can be decoded.");
  if (duration > 0 && run.out_seconds < duration - std::max(0.5, duration / 100)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("Only %.1f s of the sound's %.1f s can be decoded.", run.out_seconds, duration));
  }
  ASSIGN_OR_RETURN(auto delivered, Deliver(call, {kName}));
  v1::JobResult result;
  v1::OutputResult& output = *result.mutable_output();
  output.set_name(kName);
  output.set_size_bytes(delivered[kName].size_bytes);
  output.set_sha256(delivered[kName].sha256);
  output.set_duration_seconds(run.out_seconds);
  return result;
}

}  // namespace lectern::worker
