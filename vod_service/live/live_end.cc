#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "vod_service/library/keys.h"
#include "vod_service/live/live_library.h"
#include "vod_service/live/live_recording.h"

namespace lectern::vod {
namespace {

RenditionRecord RenditionOf(const LiveRecording& recording, const LiveTrackSummary& track) {
  const Timeline& timeline = recording.timeline();
  RenditionRecord rendition;
  rendition.upload = recording.upload;
  rendition.label = track.format.label;
  rendition.dir = LiveTrackDir(recording.upload, track.format.label);
  rendition.audio = track.format.audio;
  rendition.codecs = track.format.codecs;
  rendition.bandwidth_bps = track.bandwidth_bps;
  rendition.average_bandwidth_bps = track.average_bandwidth_bps;
  rendition.width = track.format.width;
  rendition.height = track.format.height;
  rendition.frame_rate = track.format.frame_rate;
  rendition.channels = track.format.channels;
  rendition.duration_seconds = static_cast<double>(timeline.end_ms() - timeline.origin_ms()) / 1000;
  return rendition;
}

}  // namespace

absl::StatusOr<EndedLive> LiveLibrary::End(const std::string& upload, int64_t job, int64_t fence) {
  auto recalled = Recall(upload);
  if (absl::IsNotFound(recalled.status())) return EndedLive{};
  ASSIGN_OR_RETURN(const RecordingPtr recording, std::move(recalled));
  absl::MutexLock lock(&recording->mu);
  LiveRecord record = recording->record();
  if (std::pair(record.job, record.fence) > std::pair(job, fence)) {
    return WithReason(absl::FailedPreconditionError("the stream was taken up again"), "FENCED");
  }
  const Timeline& timeline = recording->timeline();
  if (timeline.entries() == 0) {
    RETURN_IF_ERROR(catalog_.DropLive(record));
    Forget(upload);
    RETURN_IF_ERROR(blobs_.DeletePrefix(AssetFolder(record.lecture, record.view, upload)));
    return EndedLive{};
  }
  record.job = job;
  record.fence = fence;
  if (!record.ended) {
    std::vector<RenditionRecord> tracks;
    for (const LiveTrackSummary& track : timeline.Tracks()) {
      tracks.push_back(RenditionOf(*recording, track));
      const std::string key =
          absl::StrCat(ViewFolder(record.lecture, record.view), "/", PlaylistPath(tracks.back().dir));
      RETURN_IF_ERROR(blobs_.Put(key, timeline.MediaPlaylist(track.format.label, Timeline::kEnded)));
    }
    RETURN_IF_ERROR(catalog_.EndLive(record, tracks, clock_.Now(), limits_.retention));
    log::Info("live stream ended", {{"upload", upload},
                                    {"lecture", record.lecture},
                                    {"view", record.view},
                                    {"segments", timeline.entries()},
                                    {"gap_ms", timeline.gap_ms()}});
  }
  recording->SetHolder(job, fence);
  recording->SetEnded(true);
  return EndedLive{true, timeline.origin_ms(), timeline.end_ms()};
}

}  // namespace lectern::vod
