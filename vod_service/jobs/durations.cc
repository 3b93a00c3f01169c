#include "vod_service/jobs/durations.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "lectern/v1/jobs.pb.h"
#include "vod_service/jobs/probe_file.h"

namespace lectern::vod {

TrackDurations ExpectedDurations(const Fd& recording, const v1::MediaInfo& media) {
  TrackDurations durations;
  auto facts = ProbeFile(absl::StrCat("/proc/", getpid(), "/fd/", recording.get()));
  if (!facts.ok()) log::Warn("a recording could not be probed", {{"error", facts.status().message()}});
  if (facts.ok() && facts->video) durations.video_seconds = facts->video->duration_seconds;
  if (facts.ok() && facts->audio) durations.audio_seconds = facts->audio->duration_seconds;
  if (media.has_video() && durations.video_seconds <= 0) durations.video_seconds = media.duration_seconds();
  if (!media.has_video() && durations.audio_seconds <= 0) durations.audio_seconds = media.duration_seconds();
  return durations;
}

}  // namespace lectern::vod
