#include "vod_service/jobs/durations.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/exec/process.h"
#include "common/log/log.h"
#include "common/media/ffmpeg_input.h"
#include "common/media/media_facts.h"
#include "lectern/v1/jobs.pb.h"

namespace lectern::vod {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Seconds(30);

absl::StatusOr<media::MediaFacts> Probe(const Fd& recording) {
  ProcessOptions options;
  options.argv = {"ffprobe",
                  "-v",
                  "error",
                  "-protocol_whitelist",
                  "file",
                  "-format_whitelist",
                  media::kInputFormats,
                  "-print_format",
                  "json",
                  "-show_format",
                  "-show_streams",
                  absl::StrCat("file:/proc/", getpid(), "/fd/", recording.get())};
  auto json = RunProcess(std::move(options), kProbeTimeout);
  if (!json.ok()) return json.status();
  return media::ParseFfprobe(*json);
}

}  // namespace

TrackDurations ExpectedDurations(const Fd& recording, const v1::MediaInfo& media) {
  TrackDurations durations;
  auto facts = Probe(recording);
  if (!facts.ok()) log::Warn("a recording could not be probed", {{"error", facts.status().message()}});
  if (facts.ok() && facts->video) durations.video_seconds = facts->video->duration_seconds;
  if (facts.ok() && facts->audio) durations.audio_seconds = facts->audio->duration_seconds;
  if (media.has_video() && durations.video_seconds <= 0) durations.video_seconds = media.duration_seconds();
  if (!media.has_video() && durations.audio_seconds <= 0) durations.audio_seconds = media.duration_seconds();
  return durations;
}

}  // namespace lectern::vod
