// What was broadcast, as playlists tell it: sets, holes and changes on one line. Pure; not thread-safe.
//
// Every track has the same entries: a hole is a row of gaps in all of them, and so is what one track missed in itself.
// The media sequence counts entries from 0. The same sets give the same playlists, whenever they are made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "vod_service/live/live_set.h"

namespace lectern::vod {

// One track over the whole recording.
struct LiveTrackSummary {
  LiveTrackFormat format;  // the last one
  int64_t bandwidth_bps = 0;
  int64_t average_bandwidth_bps = 0;
  int64_t segments = 0;
};

class Timeline {
 public:
  explicit Timeline(int64_t start_time_ms) : start_time_ms_(start_time_ms) {}

  // The media sequence number of a set that begins there, at the end or behind it (kToleranceMs).
  int64_t SequenceAt(int64_t start_ms) const;
  void Append(const LiveSetFiles& set);

  int64_t entries() const { return static_cast<int64_t>(entries_.size()); }
  int64_t origin_ms() const { return entries_.empty() ? -1 : entries_.front().start_ms; }
  int64_t end_ms() const { return end_ms_; }
  int64_t gap_ms() const { return gap_ms_; }  // holes, not what single tracks missed
  int64_t target_seconds() const { return target_seconds_; }
  const std::shared_ptr<const LiveFormat>& format() const { return format_; }  // of the last set; null: none

  bool HasTrack(absl::string_view label) const { return Find(label) != nullptr; }
  enum Form { kLive, kDelta, kEnded };
  // Of a track that is there. kDelta leaves out what is older than SkipSeconds.
  std::string MediaPlaylist(absl::string_view label, Form form) const;
  // While on air: the tracks of the last set, with rates that are measured when the set of tracks changes. Addresses
  // begin with `folder`.
  std::string MasterPlaylist(absl::string_view folder) const;

  // Every track that has a segment, best picture first.
  std::vector<LiveTrackSummary> Tracks() const;

 private:
  struct Entry {
    int64_t start_ms = 0;
    int64_t length_ms = 0;
    bool discontinuity = false;
  };
  struct Track {
    LiveTrackFormat format;
    std::string text;                                   // of all entries
    std::vector<size_t> offsets;                        // of each entry in `text`
    std::vector<std::pair<int64_t, std::string>> maps;  // init segments, by the first entry that has them
    std::string map_sha256;                             // of the one in force
    int64_t segments = 0;
    double seconds = 0;
    double bits = 0;
    double peak_bps = 0;
    double headroom_bps = 0;  // offered in the master playlist while on air
  };

  const Track* Find(absl::string_view label) const;
  Track& Obtain(const LiveTrackFormat& format);
  void AddEntry(const Entry& entry);
  void AddGap(Track& track, const Entry& entry);
  void AddSegment(Track& track, const Entry& entry, const LiveTrackFormat& format, const LiveSegmentFile& segment);
  void AddHole(int64_t start_ms);
  int64_t HolePieces(int64_t start_ms) const;
  void AddSet(const LiveSetFiles& set);
  void Offer(const std::shared_ptr<const LiveFormat>& format);
  bool Changes(const LiveFormat& format) const;
  void Measure(Track& track, const LiveSegmentFile& segment);

  const int64_t start_time_ms_;
  std::vector<Entry> entries_;
  int64_t end_ms_ = 0;
  int64_t gap_ms_ = 0;
  int64_t target_seconds_ = 0;
  std::shared_ptr<const LiveFormat> format_;
  std::shared_ptr<const LiveFormat> offered_;  // as in the master playlist
  std::vector<Track> tracks_;
};

}  // namespace lectern::vod
