#include "worker/live/set_builder.h"

#include <algorithm>
#include <utility>

namespace lectern::worker {
namespace {

const int64_t kSegmentMs = absl::ToInt64Milliseconds(kSegment);
// A key frame that far behind the picture before it begins a new set, and the hole is told.
// A smaller one lengthens its segment, which then still rounds to the target duration of the playlist.
constexpr int64_t kHoleMs = 450;
// Sound that is so far behind its picture is not waited for.
constexpr int64_t kSoundBehindMs = 1500;

}  // namespace

int64_t CellOf(int64_t position_ms, int64_t origin_ms) {
  int64_t moved = position_ms - origin_ms + kSegmentMs / 2;
  return moved >= 0 ? moved / kSegmentMs : -((-moved + kSegmentMs - 1) / kSegmentMs);
}

void SetBuilder::UsePictures(std::vector<std::unique_ptr<VideoTrack>> tracks, bool on_grid) {
  pictures_ = std::move(tracks);
  on_grid_ = on_grid;
}

// By cells a set that begins early in its cell, behind a hole, could last three seconds. Where every key frame on the grid may cut,
// it ends at the next one, unless it would be tiny.
bool SetBuilder::Begins(int64_t key_ms) const {
  if (!on_grid_) return CellOf(key_ms, options_.origin_ms) > CellOf(open_ms_, options_.origin_ms);
  int64_t shift = kSegmentMs / 2;
  return CellOf(key_ms + shift, options_.origin_ms) > CellOf(open_ms_ + shift, options_.origin_ms) && key_ms - open_ms_ >= kHoleMs;
}

void SetBuilder::UseSound(std::unique_ptr<SoundTrack> track) { sound_ = std::move(track); }

void SetBuilder::NoteArrival(int64_t timestamp_ms, absl::Time at) {
  newest_ms_ = std::max(newest_ms_, timestamp_ms);
  arrivals_.push_back({timestamp_ms, at});
  while (arrivals_.size() > 10'000) arrivals_.pop_front();
}

bool SetBuilder::AddPicture(size_t index, const Picture& picture, absl::Duration now) {
  VideoTrack& track = *pictures_[index];
  if (index > 0) return track.Add(picture);
  if (picture.pts_ms < floor_ms_ && open_ms_ < 0) return false;
  if (!picture.key && (open_ms_ < 0 || sound_leads_)) return false;
  if (picture.key && open_ms_ >= 0) {
    bool hole = !track.empty() && !sound_leads_ && picture.pts_ms - track.end_ms() > kHoleMs;
    bool begins = sound_leads_ || Begins(picture.pts_ms);
    if (picture.pts_ms <= open_ms_) return sound_leads_ ? false : track.Add(picture);
    if (hole) {
      Close(now);
    } else if (begins) {
      CutAt(picture.pts_ms, now);
    }
  }
  if (picture.key && open_ms_ < 0) Open(picture.pts_ms);
  sound_leads_ = false;
  if (!track.Add(picture)) return false;
  open_last_picture_ms_ = std::max(open_last_picture_ms_, picture.pts_ms);
  return true;
}

void SetBuilder::AddSound(const Sound& sound, absl::Duration now) {
  if (sound_ == nullptr) return;
  int64_t end = sound_->empty() ? -1 : sound_->end_ms();
  if (!sound_->Add(sound) || !sound_leads_) return;
  if (open_ms_ >= 0 && end >= 0 && sound.ts_ms - end > kHoleMs) CutAt(end, now);
  LeadBySound(sound.ts_ms, now);
}

void SetBuilder::LeadBySound(int64_t ts_ms, absl::Duration now) {
  if (ts_ms < floor_ms_) return;
  if (open_ms_ >= 0 && CellOf(ts_ms, options_.origin_ms) > CellOf(open_ms_, options_.origin_ms)) CutAt(ts_ms, now);
  if (open_ms_ < 0) Open(ts_ms);
}

void SetBuilder::LetSoundLead(absl::Duration now) {
  if (sound_leads_ || sound_ == nullptr) return;
  Close(now);
  sound_leads_ = true;
  for (const Sound& sound : sound_->waiting()) LeadBySound(sound.ts_ms, now);
}

void SetBuilder::Open(int64_t start_ms) {
  open_ms_ = start_ms;
  open_last_picture_ms_ = -1;
}

void SetBuilder::CutAt(int64_t end_ms, absl::Duration now) {
  if (open_ms_ >= 0 && end_ms > open_ms_) {
    Pending pending;
    pending.start_ms = open_ms_;
    pending.end_ms = end_ms;
    pending.last_picture_ms = open_last_picture_ms_;
    pending.cut_at = now;
    pending.wait_sound = sound_ != nullptr && !sound_->empty() && sound_->last_ms() >= open_ms_;
    pending_.push_back(pending);
    floor_ms_ = end_ms;
  }
  open_ms_ = -1;
}

void SetBuilder::Close(absl::Duration now) {
  if (open_ms_ < 0) return;
  CutAt(sound_leads_ ? sound_->end_ms() : pictures_[0]->end_ms(), now);
}

void SetBuilder::CloseBefore(int64_t next_ms, absl::Duration now) {
  if (sound_leads_) return;
  if (open_ms_ >= 0) {
    int64_t end = pictures_[0]->end_ms();
    CutAt(next_ms - end > kHoleMs ? end : next_ms, now);
  }
  floor_ms_ = std::max(floor_ms_, next_ms);
}

void SetBuilder::Reopen(int64_t from_ms) {
  open_ms_ = -1;
  floor_ms_ = std::max(floor_ms_, from_ms);
}

void SetBuilder::GiveUpRenditions() {
  for (Pending& pending : pending_) pending.no_renditions = true;
}

bool SetBuilder::RenditionReady(const Pending& pending, const VideoTrack& track) const {
  return pending.no_renditions || pending.last_picture_ms < 0 || track.last_pts_ms() >= pending.last_picture_ms;
}

bool SetBuilder::Ready(const Pending& pending, absl::Duration now) {
  bool impatient = now - pending.cut_at >= options_.patience;
  bool sound_lost = sound_ != nullptr && sound_->copied() && newest_ms_ >= pending.end_ms + kSoundBehindMs;
  if (pending.wait_sound && sound_->last_ms() < pending.end_ms && !sound_lost && !impatient) return false;
  for (size_t i = 1; i < pictures_.size(); ++i) {
    if (RenditionReady(pending, *pictures_[i])) continue;
    if (!impatient) return false;
    late_ = true;
  }
  return true;
}

absl::Duration SetBuilder::next_deadline() const {
  return pending_.empty() ? absl::InfiniteDuration() : pending_.front().cut_at + options_.patience;
}

std::vector<SegmentSet> SetBuilder::Collect(absl::Duration now, bool everything) {
  std::vector<SegmentSet> sets;
  while (!pending_.empty() && (everything || Ready(pending_.front(), now))) {
    SegmentSet set = Take(pending_.front());
    pending_.pop_front();
    bool something =
        std::any_of(set.segments.begin(), set.segments.end(), [](const TrackSegment& s) { return s.bytes != nullptr; });
    if (something) sets.push_back(std::move(set));
  }
  return sets;
}

SegmentSet SetBuilder::Take(const Pending& pending) {
  SegmentSet set;
  set.start_ms = pending.start_ms;
  set.end_ms = pending.end_ms;
  auto add = [&set](Cut cut) {
    if (cut.format == nullptr) return;
    set.formats.push_back(*cut.format);
    set.segments.push_back(std::move(cut.segment));
  };
  for (size_t i = 0; i < pictures_.size(); ++i) {
    // Half a rendition is none: a player would show its end over the next segment.
    bool late = i > 0 && (pending.last_picture_ms >= 0 && pictures_[i]->last_pts_ms() < pending.last_picture_ms);
    Cut cut = pictures_[i]->Take(pending.start_ms, pending.end_ms);
    if (late) cut.segment.bytes = nullptr;
    if (i == 0) set.frames = cut.frames;
    if (i > 0 && set.frames > 0 && cut.segment.bytes == nullptr) ++gaps_;
    add(std::move(cut));
  }
  if (sound_ != nullptr) add(sound_->Take(pending.start_ms, pending.end_ms));
  set.arrived = ArrivalOf(pending.end_ms);
  return set;
}

absl::Time SetBuilder::ArrivalOf(int64_t end_ms) {
  absl::Time latest = absl::InfinitePast();
  while (!arrivals_.empty() && arrivals_.front().timestamp_ms < end_ms) {
    latest = std::max(latest, arrivals_.front().at);
    arrivals_.pop_front();
  }
  return latest;
}

}  // namespace lectern::worker
