#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/media/media_facts.h"
#include "worker/steps/ffmpeg.h"
#include "worker/steps/media_convert.h"

namespace lectern::worker {
namespace {

// Distances between key frames are measured in the first minutes only: packets have to be read for it.
constexpr char kGopSpan[] = "%+150";

// What FFprobe's last words mean for the person who uploaded the file.
absl::Status Rejected(absl::string_view words, const StepCall& call) {
  if (absl::StrContains(call.log_tail, "moov atom not found")) {
    return absl::FailedPreconditionError(
        "The MP4 file is incomplete: its index (moov) is missing. It was cut off while it was recorded or copied; "
        "upload the whole file.");
  }
  if (call.source->empty()) return absl::FailedPreconditionError("The file is empty.");
  return absl::FailedPreconditionError(
      absl::StrCat("The file is not a video or sound file that FFmpeg can read (", words, ")."));
}

absl::StatusOr<media::MediaFacts> DescribeFile(StepCall& call) {
  absl::StatusOr<std::string> json = RunFfprobe(call, {"-print_format", "json", "-show_format", "-show_streams"});
  if (absl::IsInvalidArgument(json.status())) return Rejected(json.status().message(), call);
  RETURN_IF_ERROR(json.status());
  if (Untouched(call)) return absl::UnavailableError("ffprobe ended without reading the recording");
  absl::StatusOr<media::MediaFacts> facts = media::ParseFfprobe(*json);
  if (!facts.ok()) return Rejected(facts.status().message(), call);
  // A picture has no streams worth the name, and neither has a subtitle file.
  if (facts->video.has_value() && (facts->video->width <= 0 || facts->video->height <= 0)) facts->video.reset();
  if (!facts->video.has_value() && !facts->audio.has_value()) {
    return absl::FailedPreconditionError("The file has neither video nor sound that FFmpeg can read.");
  }
  return facts;
}

absl::StatusOr<media::GopFacts> MeasureGops(StepCall& call) {
  media::GopScanner scanner;
  RETURN_IF_ERROR(RunFfprobe(call,
                             {"-select_streams", "V:0", "-read_intervals", kGopSpan, "-show_entries",
                              "packet=pts_time,flags", "-print_format", "csv=p=0"},
                             [&](absl::string_view line) { scanner.AddLine(line); })
                      .status());
  return scanner.Finish();
}

// For files that do not say how long they are, as browsers record them: the time of the last packet.
absl::StatusOr<double> MeasureDuration(StepCall& call, double start_seconds) {
  double end = start_seconds;
  RETURN_IF_ERROR(RunFfprobe(call, {"-show_entries", "packet=pts_time,duration_time", "-print_format", "csv=p=0"},
                             [&](absl::string_view line) {
                               std::vector<absl::string_view> columns = absl::StrSplit(line, ',');
                               double pts = 0, duration = 0;
                               if (!absl::SimpleAtod(columns[0], &pts)) return;
                               if (columns.size() < 2 || !absl::SimpleAtod(columns[1], &duration)) duration = 0;
                               end = std::max(end, pts + duration);
                             })
                      .status());
  return end - start_seconds;
}

// Times of streams count from the beginning of the file.
void Settle(media::MediaFacts& facts) {
  if (facts.video.has_value() && facts.video->duration_seconds <= 0) facts.video->duration_seconds = 0;
  double longest = 0;
  if (facts.video.has_value()) longest = std::max(longest, facts.video->duration_seconds);
  if (facts.audio.has_value()) longest = std::max(longest, facts.audio->duration_seconds);
  if (facts.duration_seconds <= 0) facts.duration_seconds = longest;
}

}  // namespace

// Establishes what the recording is and whether it can be published as it is.
StepResult RunProbe(StepCall& call) {
  ASSIGN_OR_RETURN(media::MediaFacts facts, DescribeFile(call));
  call.context.Progress(0.3);
  media::GopFacts gop;
  if (facts.video.has_value()) {
    absl::StatusOr<media::GopFacts> measured = MeasureGops(call);
    if (!measured.ok() && !absl::IsInvalidArgument(measured.status())) return measured.status();
    if (measured.ok()) gop = *measured;
    // Containers may promise a constant rate that the frames do not keep.
    facts.video->variable_frame_rate |= gop.irregular;
  }
  call.context.Progress(0.6);
  Settle(facts);
  if (facts.duration_seconds <= 0) {
    ASSIGN_OR_RETURN(facts.duration_seconds, MeasureDuration(call, facts.start_seconds));
  }
  if (facts.duration_seconds <= 0)
    return absl::FailedPreconditionError("The recording has no length: not one moment of it can be read.");
  v1::JobResult result;
  *result.mutable_probe() = ToMessage(facts, gop);
  call.context.Progress(1);
  return result;
}

}  // namespace lectern::worker
