#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "worker/steps/delivery.h"
#include "worker/steps/ffmpeg.h"

namespace lectern::worker {
namespace {

constexpr double kMaxFrameRate = 60;
// Storing the result is the rest of the progress.
constexpr double kEncodeShare = 0.95;

// A recording with a varying rate gets a constant one, so that every rendition and segment has frames on the grid. Repeated frames
// cost next to nothing.
double ConstantRate(double mean) {
  static constexpr double kRates[] = {15, 25, 30, 50};
  for (double rate : kRates) {
    if (mean <= rate * 1.01) return rate;
  }
  return kMaxFrameRate;
}

std::vector<std::string> RateArguments(const v1::VideoInfo& video) {
  if (video.variable_frame_rate()) return {"-fps_mode", "cfr", "-r", absl::StrCat(ConstantRate(video.frame_rate()))};
  if (video.frame_rate() > kMaxFrameRate * 1.01) return {"-fps_mode", "cfr", "-r", absl::StrCat(kMaxFrameRate)};
  return {"-fps_mode", "vfr"};
}

std::vector<std::string> EncodeArguments(const v1::TranscodeVideoSpec& spec, int threads) {
  // yadif leaves frames alone that are not marked as interlaced.
  std::string filter = absl::StrFormat("yadif=deint=interlaced,scale=%d:%d:flags=bicubic:out_range=tv,setsar=1,format=yuv420p",
                                       spec.width(), spec.height());
  std::vector<std::string> arguments = {
      "-vf", filter, "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", absl::StrCat(spec.crf()),
      "-maxrate", absl::StrCat(spec.max_bitrate_bps()), "-bufsize", absl::StrCat(int64_t{2} * spec.max_bitrate_bps()),
      "-force_key_frames", absl::StrFormat("expr:gte(t,n_forced*%g)", spec.gop_seconds()),
      "-sc_threshold", "0", "-g", "100000", "-color_range", "tv"};
  if (!spec.tune().empty()) arguments.insert(arguments.end(), {"-tune", spec.tune()});
  if (threads > 0) arguments.insert(arguments.end(), {"-threads", absl::StrCat(threads)});
  return arguments;
}

absl::Status CheckSpec(const v1::JobSpec& spec) {
  const v1::TranscodeVideoSpec& video = spec.transcode_video();
  static constexpr int kMostPixels = 8192;
  bool sizes = video.width() >= 2 && video.height() >= 2 && video.width() <= kMostPixels && video.height() <= kMostPixels &&
               video.width() % 2 == 0 && video.height() % 2 == 0;
  bool tune = video.tune().empty() || video.tune() == "stillimage" || video.tune() == "film" || video.tune() == "animation";
  if (!sizes || !tune || video.label().empty() || !(video.gop_seconds() > 0) || video.max_bitrate_bps() <= 0) {
    return absl::InternalError("the job's settings for the video make no sense");
  }
  return absl::OkStatus();
}

// FFmpeg skips what it cannot decode and still succeeds.
absl::Status CheckLength(const FfmpegRun& run, double expected) {
  if (run.frames == 0) return absl::InvalidArgumentError("Not one frame of the video can be decoded.");
  if (expected > 0 && run.out_seconds < expected - std::max(0.5, expected / 100)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("Only %.1f s of the video's %.1f s can be decoded.", run.out_seconds, expected));
  }
  return absl::OkStatus();
}

}  // namespace

// One rendition of the video, without sound: square pixels, upright, 8-bit 4:2:0, key frames on the grid.
StepResult RunTranscodeVideo(StepCall& call) {
  RETURN_IF_ERROR(CheckSpec(call.spec()));
  const v1::TranscodeVideoSpec& spec = call.spec().transcode_video();
  const v1::MediaInfo& media = call.spec().media();
  double duration = media.video().duration_seconds() > 0 ? media.video().duration_seconds() : media.duration_seconds();
  std::string name = absl::StrCat(spec.label(), ".mp4");
  FfmpegCommand command;
  command.after_input = {"-map", "0:V:0", "-an", "-sn", "-dn"};
  for (const auto& part : {RateArguments(media.video()), EncodeArguments(spec, call.environment.threads)}) {
    command.after_input.insert(command.after_input.end(), part.begin(), part.end());
  }
  command.after_input.insert(command.after_input.end(), {"-f", "mp4", absl::StrCat("file:", name)});
  command.niceness = spec.niceness();
  command.duration_seconds = duration;
  command.progress_share = kEncodeShare;
  ASSIGN_OR_RETURN(FfmpegRun run, RunFfmpeg(call, command));
  RETURN_IF_ERROR(CheckLength(run, duration));
  ASSIGN_OR_RETURN(auto delivered, Deliver(call, {name}));
  v1::JobResult result;
  v1::OutputResult& output = *result.mutable_output();
  output.set_name(name);
  output.set_size_bytes(delivered[name].size_bytes);
  output.set_sha256(delivered[name].sha256);
  output.set_duration_seconds(run.out_seconds);
  return result;
}

}  // namespace lectern::worker
