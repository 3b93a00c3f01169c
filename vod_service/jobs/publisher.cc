#include "vod_service/jobs/publisher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/media/hls_playlist.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {

absl::Status Publisher::Store(const UploadRecord& upload, const std::vector<FinishedRendition>& renditions) {
  for (const FinishedRendition& rendition : renditions) {
    const std::string folder = absl::StrCat(ViewFolder(upload.lecture, upload.view), "/", rendition.record.dir);
    for (const std::string& file : rendition.files) {
      RETURN_IF_ERROR(blobs_.PutFile(absl::StrCat(folder, "/", file), absl::StrCat(rendition.folder, "/", file)));
    }
  }
  return absl::OkStatus();
}

absl::Status Publisher::Publish(const UploadRecord& upload, int64_t job, int64_t fence,
                                const std::vector<FinishedRendition>& renditions, bool enough) {
  std::vector<RenditionRecord> records;
  for (const FinishedRendition& rendition : renditions) records.push_back(rendition.record);
  RETURN_IF_ERROR(catalog_.PublishRenditions(upload.id, job, fence, records, enough, clock_.Now(), retention_));
  return WriteMaster(upload.lecture, upload.view);
}

absl::Status Publisher::WriteMaster(int64_t lecture, absl::string_view view) {
  absl::MutexLock lock(&master_mu_);
  auto published = catalog_.GetPublished(lecture, view);
  if (absl::IsNotFound(published.status())) return blobs_.Delete(MasterKey(lecture, view));
  RETURN_IF_ERROR(published.status());
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> records, catalog_.ListRenditions(published->upload));
  // On air: its playlists are made where its segments are stored, and the file comes with the end.
  if (records.empty() && catalog_.GetLive(published->upload).ok()) return catalog_.MarkMasterWritten(*published);
  std::vector<media::PublishedRendition> offered;
  for (const RenditionRecord& record : records) {
    offered.push_back({PlaylistPath(record.dir), record.codecs, record.bandwidth_bps, record.average_bandwidth_bps,
                       record.audio, record.width, record.height, record.frame_rate, record.channels});
  }
  RETURN_IF_ERROR(blobs_.Put(MasterKey(lecture, view), media::WriteMasterPlaylist(offered)));
  return catalog_.MarkMasterWritten(*published);
}

absl::Status Publisher::DeleteMedia(int64_t lecture, const std::string& view, const std::string& keep) {
  ASSIGN_OR_RETURN(std::vector<PublishedView> gone, catalog_.DeleteMedia(lecture, view, keep, clock_.Now()));
  for (const PublishedView& unpublished : gone) {
    RETURN_IF_ERROR(WriteMaster(unpublished.lecture, unpublished.view));
  }
  // An earlier try may have ended between the commit and the playlist: then the catalog names nothing to take away.
  for (const char* each : {"comb", "cam", "pres"}) {
    if (!view.empty() && view != each) continue;
    if (absl::IsNotFound(catalog_.GetPublished(lecture, each).status())) RETURN_IF_ERROR(WriteMaster(lecture, each));
  }
  if (keep.empty()) return absl::OkStatus();
  // The recording that stays may have waited, without a picture, behind the one that is gone now.
  auto kept = catalog_.GetUpload(keep);
  if (!kept.ok() || kept->state != UploadState::kComplete || kept->lecture != lecture) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<RenditionRecord> renditions, catalog_.ListRenditions(keep));
  if (renditions.empty() || catalog_.GetPublished(lecture, kept->view).ok()) return absl::OkStatus();
  return Publish(*kept, 0, 0, {}, true);
}

absl::Status Publisher::WritePending() {
  ASSIGN_OR_RETURN(std::vector<PublishedView> views, catalog_.ListUnwrittenMasters());
  for (const PublishedView& view : views) RETURN_IF_ERROR(WriteMaster(view.lecture, view.view));
  return absl::OkStatus();
}

}  // namespace lectern::vod
