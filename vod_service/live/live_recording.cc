#include "vod_service/live/live_recording.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "lectern/v1/live_media.pb.h"
#include "vod_service/library/keys.h"
#include "vod_service/live/live_messages.h"
#include "vod_service/live/live_names.h"
#include "vod_service/live/live_text.h"

namespace lectern::vod {

absl::StatusOr<std::shared_ptr<LiveRecording>> LiveRecording::Load(Catalog& catalog, LiveRecord record) {
  auto recording = std::make_shared<LiveRecording>(std::move(record));
  absl::MutexLock lock(&recording->mu);
  RETURN_IF_ERROR(recording->TakeStored(catalog));
  return recording;
}

absl::Status LiveRecording::TakeStored(Catalog& catalog) {
  ASSIGN_OR_RETURN(const std::vector<LiveSetFiles> sets, StoredSets(catalog, record_.id));
  ASSIGN_OR_RETURN(const std::vector<LiveFormatRecord> formats, catalog.ListLiveFormats(record_.id));
  if (!formats.empty()) last_format_ = formats.back().number;
  ASSIGN_OR_RETURN(last_number_, catalog.GetLastLiveNumber(record_));
  absl::MutexLock lock(&view_mu_);
  for (const LiveSetFiles& set : sets) timeline_.Append(set);
  return absl::OkStatus();
}

void LiveRecording::SetHolder(int64_t job, int64_t fence) {
  record_.job = job;
  record_.fence = fence;
  last_number_ = 0;
  staged_.clear();
}

v1::LiveStored LiveRecording::Stored() const {
  v1::LiveStored stored;
  const bool any = timeline().entries() > 0;
  stored.set_origin_ms(timeline().origin_ms());
  stored.set_end_ms(any ? timeline().end_ms() : -1);
  stored.set_sets(timeline().entries());
  stored.set_number(last_number_);
  stored.set_target_duration_seconds(static_cast<int32_t>(timeline().target_seconds()));
  stored.set_ended(record_.ended);
  if (any) AddTracks(*timeline().format(), stored);
  return stored;
}

int64_t LiveRecording::staged_bytes() const {
  int64_t total = 0;
  for (const auto& [name, size] : staged_) total += size;
  return total;
}

LiveCommit LiveRecording::CommitFor(const LiveSetFiles& set) const {
  LiveCommit commit;
  commit.recording = record_.id;
  commit.upload = upload;
  const bool same = timeline().format() != nullptr && *timeline().format() == *set.format;
  if (!same) commit.new_tracks = EncodeFormat(*set.format);
  commit.set = {timeline().SequenceAt(set.start_ms),
                record_.job,
                record_.fence,
                set.number,
                set.start_ms,
                set.end_ms,
                same ? last_format_ : last_format_ + 1,
                EncodeSegments(set, record_.fence)};
  commit.goes_on_air = record_.ended || timeline().entries() == 0;
  return commit;
}

void LiveRecording::Take(const LiveCommit& commit, const LiveSetFiles& set) {
  record_.ended = false;
  last_number_ = set.number;
  last_format_ = commit.set.format;
  for (const LiveSegmentFile& segment : set.segments) staged_.erase(segment.name);
  for (const LiveTrackFormat& track : *set.format) staged_.erase(track.init);
  absl::MutexLock lock(&view_mu_);
  timeline_.Append(set);
  texts_.clear();
}

void LiveRecording::SetPreview(LiveText picture) {
  absl::MutexLock lock(&view_mu_);
  preview_ = std::move(picture);
}

// "<upload>/live/<label>.m3u8"; empty for anything else.
absl::string_view LiveRecording::LabelOf(absl::string_view path) const {
  if (!absl::ConsumePrefix(&path, upload) || !absl::ConsumePrefix(&path, "/live/") ||
      !absl::ConsumeSuffix(&path, ".m3u8"))
    return "";
  return timeline_.HasTrack(path) ? path : "";
}

LiveText LiveRecording::Render(absl::string_view path, bool delta) {
  if (path == "master.m3u8") return PlaylistText(timeline_.MasterPlaylist(upload + "/live"), LiveKind::kMaster);
  return PlaylistText(timeline_.MediaPlaylist(LabelOf(path), delta ? Timeline::kDelta : Timeline::kLive),
                      LiveKind::kMedia);
}

std::optional<LiveText> LiveRecording::Find(absl::string_view path, bool delta) {
  absl::MutexLock lock(&view_mu_);
  if (timeline_.entries() == 0) return std::nullopt;
  if (path == "preview.jpg") return preview_.text == nullptr ? std::nullopt : std::optional(preview_);
  if (path != "master.m3u8" && LabelOf(path).empty()) return std::nullopt;
  LiveText& text = texts_[absl::StrCat(delta ? "delta " : "", path)];
  if (text.text == nullptr) text = Render(path, delta);
  return text;
}

}  // namespace lectern::vod
