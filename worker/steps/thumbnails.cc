#include <algorithm>
#include <cmath>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "worker/steps/delivery.h"
#include "worker/steps/ffmpeg.h"
#include "worker/steps/poster.h"

namespace lectern::worker {
namespace {

constexpr int kColumns = 10, kRows = 10;
constexpr char kIndex[] = "thumbnails.vtt";
constexpr double kDecodeShare = 0.95;
constexpr int kNiceness = 10;

struct Plan {
  int width = 0;
  int height = 0;
  double interval = 0;
  double duration = 0;
  int count = 0;
};

Plan MakePlan(const v1::ThumbnailsSpec& spec, const v1::MediaInfo& media) {
  Plan plan;
  plan.duration = media.duration_seconds();
  plan.interval = std::min(spec.interval_seconds() > 0 ? spec.interval_seconds() : 10, plan.duration);
  plan.width = std::clamp(spec.tile_width() > 0 ? spec.tile_width() : 160, 32, 640) / 2 * 2;
  double aspect = static_cast<double>(std::max(1, media.video().height())) / std::max(1, media.video().width());
  plan.height = std::clamp(static_cast<int>(std::lround(plan.width * aspect / 2)) * 2, 2, 2 * plan.width);
  plan.count = std::max(1, static_cast<int>(std::ceil(plan.duration / plan.interval - 1e-6)));
  return plan;
}

std::string SheetName(int number) {
  return absl::StrFormat("sprite-%03d.jpg", number);
}

FfmpegCommand SheetCommand(const Plan& plan, const v1::MediaInfo& media) {
  FfmpegCommand command;
  // Where key frames are close enough nothing else needs to be decoded.
  double gop = media.video().max_gop_seconds();
  if (gop > 0 && gop <= plan.interval) command.before_input = {"-skip_frame", "nokey"};
  // Picture n shows what was on at n intervals; the last one stays until the count is reached.
  std::string filter = absl::StrFormat(
      "fps=fps=1/%g:start_time=0:round=up,tpad=stop=-1:stop_mode=clone,trim=end_frame=%d,scale=%d:%d,setsar=1,"
      "tile=%dx%d",
      plan.interval, plan.count, plan.width, plan.height, kColumns, kRows);
  command.after_input = {
      "-map",        "0:V:0", "-an", "-sn",      "-dn",      "-vf", filter,   "-fps_mode",
      "passthrough", "-q:v",  "6",   "-pix_fmt", "yuvj420p", "-f",  "image2", "file:sprite-%03d.jpg"};
  command.niceness = kNiceness;
  command.duration_seconds = plan.duration;
  command.progress_share = kDecodeShare;
  return command;
}

std::string TimeCode(double seconds) {
  int64_t ms = std::llround(seconds * 1000);
  return absl::StrFormat("%02d:%02d:%02d.%03d", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::string MakeIndex(const Plan& plan) {
  std::string text = "WEBVTT\n";
  for (int i = 0; i < plan.count; ++i) {
    double end = std::min(plan.duration, (i + 1) * plan.interval);
    int place = i % (kColumns * kRows);
    absl::StrAppend(&text, "\n", TimeCode(i * plan.interval), " --> ", TimeCode(end), "\n",
                    SheetName(i / (kColumns * kRows) + 1), "#xywh=", place % kColumns * plan.width, ",",
                    place / kColumns * plan.height, ",", plan.width, ",", plan.height, "\n");
  }
  return text;
}

}  // namespace

// Pictures for the seek bar: sheets of 10 x 10, and a WebVTT file that says which part of which sheet belongs to which
// time; and one larger still.
StepResult RunThumbnails(StepCall& call) {
  const v1::MediaInfo& media = call.spec().media();
  if (!(media.duration_seconds() > 0)) return absl::InternalError("the job does not say how long the recording is");
  Plan plan = MakePlan(call.spec().thumbnails(), media);
  RETURN_IF_ERROR(RunFfmpeg(call, SheetCommand(plan, media)).status());
  std::vector<std::string> names;
  int sheets = (plan.count + kColumns * kRows - 1) / (kColumns * kRows);
  for (int i = 1; i <= sheets; ++i) {
    names.push_back(SheetName(i));
    if (!std::filesystem::exists(absl::StrCat(call.environment.scratch_dir, "/", names.back()))) {
      return absl::InvalidArgumentError("Not one frame of the video can be decoded.");
    }
  }
  RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(call.environment.scratch_dir, "/", kIndex), MakeIndex(plan)));
  names.push_back(kIndex);
  ASSIGN_OR_RETURN(const std::string poster, MakePoster(call));
  if (!poster.empty()) names.push_back(poster);
  ASSIGN_OR_RETURN(auto delivered, Deliver(call, names));
  v1::JobResult result;
  result.mutable_thumbnails()->set_vtt_path(delivered[kIndex].path);
  result.mutable_thumbnails()->set_count(plan.count);
  if (!poster.empty()) result.mutable_thumbnails()->set_poster_path(delivered[poster].path);
  return result;
}

}  // namespace lectern::worker
