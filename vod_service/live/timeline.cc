#include "vod_service/live/timeline.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/media/hls_playlist.h"

namespace lectern::vod {
namespace {

constexpr int64_t kLeastTargetSeconds = 2;
// A player that has not asked for longer gets the whole playlist: CAN-SKIP-UNTIL in target durations (at least six).
constexpr int64_t kSkipTargets = 30;
// Nothing is known yet of how much livelier the pictures will become.
constexpr double kHeadroom = 1.5;
// A gap has an address like a segment, and nothing is there.
constexpr char kGapName[] = "gap.m4s";

media::HlsSegment GapSegment(int64_t date_ms, int64_t length_ms, bool discontinuity) {
  return {.uri = kGapName,
          .duration_seconds = static_cast<double>(length_ms) / 1000,
          .gap = true,
          .discontinuity = discontinuity,
          .date_ms = date_ms,
          .map_uri = ""};
}

// What is offered to players; other digests of the init segment do not change it.
bool SameOffer(const LiveTrackFormat& a, const LiveTrackFormat& b) {
  return a.label == b.label && a.codecs == b.codecs && a.width == b.width && a.height == b.height && a.audio == b.audio;
}

int64_t TargetFor(const LiveSetFiles& set) {
  int64_t target = kLeastTargetSeconds;
  for (const LiveSegmentFile& segment : set.segments) {
    target = std::max(target, media::TargetSecondsFor(static_cast<double>(segment.duration_us) / 1e6));
  }
  // What a track misses is a gap as long as the set.
  return std::max(target, media::TargetSecondsFor(static_cast<double>(set.end_ms - set.start_ms) / 1000));
}

}  // namespace

const Timeline::Track* Timeline::Find(absl::string_view label) const {
  for (const Track& track : tracks_) {
    if (track.format.label == label) return &track;
  }
  return nullptr;
}

// A track that comes later has gaps before, so that all count alike.
Timeline::Track& Timeline::Obtain(const LiveTrackFormat& format) {
  if (const Track* found = Find(format.label)) return const_cast<Track&>(*found);
  Track& track = tracks_.emplace_back();
  track.format = format;
  for (const Entry& entry : entries_) AddGap(track, entry);
  return track;
}

void Timeline::AddGap(Track& track, const Entry& entry) {
  track.offsets.push_back(track.text.size());
  media::AppendLiveSegment(GapSegment(start_time_ms_ + entry.start_ms, entry.length_ms, entry.discontinuity),
                           track.text);
}

void Timeline::AddSegment(Track& track, const Entry& entry, const LiveTrackFormat& format,
                          const LiveSegmentFile& segment) {
  media::HlsSegment written;
  written.uri = segment.name;
  written.duration_seconds = static_cast<double>(segment.duration_us) / 1e6;
  written.discontinuity = entry.discontinuity;
  written.date_ms = start_time_ms_ + entry.start_ms;
  // Equal digests are one init segment, whatever their names.
  if (track.map_sha256 != format.init_sha256) {
    written.map_uri = format.init;
    track.maps.emplace_back(static_cast<int64_t>(track.offsets.size()), format.init);
    track.map_sha256 = format.init_sha256;
  }
  track.offsets.push_back(track.text.size());
  media::AppendLiveSegment(written, track.text);
  track.format = format;
  Measure(track, segment);
}

void Timeline::Measure(Track& track, const LiveSegmentFile& segment) {
  const double seconds = static_cast<double>(segment.duration_us) / 1e6;
  const double bits = 8.0 * static_cast<double>(segment.size_bytes);
  // RFC 8216 4.3.4.2 looks at stretches of at least half a target duration; a stub would make any rate.
  if (seconds >= 0.5 * static_cast<double>(target_seconds_) || track.segments == 0) {
    track.peak_bps = std::max(track.peak_bps, bits / seconds);
  }
  ++track.segments;
  track.seconds += seconds;
  track.bits += bits;
}

void Timeline::AddEntry(const Entry& entry) {
  entries_.push_back(entry);
  for (Track& track : tracks_) AddGap(track, entry);
}

int64_t Timeline::HolePieces(int64_t start_ms) const {
  const int64_t hole_ms = start_ms - end_ms_, piece_ms = target_seconds_ * 1000;
  return entries_.empty() || hole_ms <= kToleranceMs ? 0 : (hole_ms + piece_ms - 1) / piece_ms;
}

int64_t Timeline::SequenceAt(int64_t start_ms) const {
  return entries() + HolePieces(start_ms);
}

void Timeline::AddHole(int64_t start_ms) {
  const int64_t pieces = HolePieces(start_ms), hole_ms = start_ms - end_ms_;
  for (int64_t i = 0; i < pieces; ++i) {
    const int64_t from = end_ms_ + hole_ms * i / pieces, to = end_ms_ + hole_ms * (i + 1) / pieces;
    AddEntry({from, to - from, false});
  }
  if (pieces > 0) gap_ms_ += hole_ms;
}

// Whether a decoder has to begin anew: in all tracks where it has to in one.
bool Timeline::Changes(const LiveFormat& format) const {
  return std::any_of(format.begin(), format.end(), [this](const LiveTrackFormat& track) {
    const Track* known = Find(track.label);
    return known != nullptr && known->segments > 0 &&
           (known->map_sha256 != track.init_sha256 || known->format.codecs != track.codecs);
  });
}

void Timeline::AddSet(const LiveSetFiles& set) {
  const Entry entry{set.start_ms, set.end_ms - set.start_ms, Changes(*set.format)};
  for (size_t i = 0; i < set.segments.size(); ++i) {
    Track& track = Obtain((*set.format)[i]);
    if (set.segments[i].name.empty()) {
      AddGap(track, entry);
    } else {
      AddSegment(track, entry, (*set.format)[i], set.segments[i]);
    }
  }
  entries_.push_back(entry);
  // Tracks that there are no more.
  for (Track& track : tracks_) {
    if (track.offsets.size() < entries_.size()) AddGap(track, entry);
  }
}

// The offer stays while the tracks stay: players do not ask for it again, and caches keep it.
void Timeline::Offer(const std::shared_ptr<const LiveFormat>& format) {
  const bool same =
      offered_ != nullptr && std::equal(offered_->begin(), offered_->end(), format->begin(), format->end(), SameOffer);
  if (!same) offered_ = format;
  for (Track& track : tracks_) {
    if (!same || track.headroom_bps == 0) track.headroom_bps = track.peak_bps * kHeadroom;
  }
}

void Timeline::Append(const LiveSetFiles& set) {
  AddHole(set.start_ms);
  target_seconds_ = std::max(target_seconds_, TargetFor(set));
  AddSet(set);
  Offer(set.format);
  format_ = set.format;
  end_ms_ = set.end_ms;
}

std::string Timeline::MediaPlaylist(absl::string_view label, Form form) const {
  const Track& track = *Find(label);
  media::MediaPlaylist head;
  head.ended = form == kEnded;
  head.media_sequence = 0;
  head.target_seconds = target_seconds_;
  if (form != kEnded) head.skip_seconds = static_cast<double>(kSkipTargets * target_seconds_);
  if (form == kDelta) {
    const int64_t until = end_ms_ - kSkipTargets * target_seconds_ * 1000;
    const auto first = std::find_if(entries_.begin(), entries_.end(),
                                    [until](const Entry& entry) { return entry.start_ms + entry.length_ms > until; });
    head.skipped = first - entries_.begin();
  }
  std::string text = media::WriteLiveHead(head);
  const auto map = std::find_if(track.maps.rbegin(), track.maps.rend(),
                                [&](const auto& entry) { return entry.first <= head.skipped; });
  // What is left out has set it; written again, so that the part stands for itself.
  if (head.skipped > 0 && map != track.maps.rend() && map->first < head.skipped) {
    absl::StrAppend(&text, "#EXT-X-MAP:URI=\"", map->second, "\"\n");
  }
  const size_t from = head.skipped > 0 ? track.offsets[static_cast<size_t>(head.skipped)] : 0;
  text.append(track.text, from, std::string::npos);
  if (form == kEnded) text += media::kPlaylistEnd;
  return text;
}

std::string Timeline::MasterPlaylist(absl::string_view folder) const {
  std::vector<media::PublishedRendition> offered;
  for (const LiveTrackFormat& format : *offered_) {
    const Track& track = *Find(format.label);
    if (track.segments == 0) continue;
    const auto rate = static_cast<int64_t>(std::ceil(track.headroom_bps));
    offered.push_back({absl::StrCat(folder, "/", format.label, ".m3u8"), format.codecs, rate, 0, format.audio,
                       format.width, format.height, format.frame_rate, format.channels});
  }
  return media::WriteMasterPlaylist(offered);
}

std::vector<LiveTrackSummary> Timeline::Tracks() const {
  std::vector<LiveTrackSummary> summaries;
  for (const Track& track : tracks_) {
    if (track.segments == 0) continue;
    const auto average = static_cast<int64_t>(std::ceil(track.bits / track.seconds));
    summaries.push_back(
        {track.format, std::max(average, static_cast<int64_t>(std::ceil(track.peak_bps))), average, track.segments});
  }
  std::stable_sort(summaries.begin(), summaries.end(), [](const LiveTrackSummary& a, const LiveTrackSummary& b) {
    return a.format.width * a.format.height > b.format.width * b.format.height;
  });
  return summaries;
}

}  // namespace lectern::vod
