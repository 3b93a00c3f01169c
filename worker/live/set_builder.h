// Cuts the tracks of one stream at common points and puts the pieces together. Private to the building.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "worker/live/tracks.h"

namespace lectern::worker {

// The cell of the timeline (see pipeline.h) that a position lies in.
int64_t CellOf(int64_t position_ms, int64_t origin_ms);

// The first video track is the top picture: its key frames say where sets begin. Where there is no picture, the sound leads.
// `now` is the steady clock. Not thread-safe.
class SetBuilder {
 public:
  struct Options {
    int64_t origin_ms = 0;
    int64_t floor_ms = -1;               // nothing before it is wanted
    absl::Duration patience = absl::Seconds(4);
  };
  explicit SetBuilder(Options options) : options_(options), floor_ms_(options.floor_ms) {}

  // Replaces the tracks. What was cut of the old ones must have been collected. `on_grid`: their key frames were made for cutting,
  // at the middle of each cell.
  void UsePictures(std::vector<std::unique_ptr<VideoTrack>> tracks, bool on_grid);
  void UseSound(std::unique_ptr<SoundTrack> track);
  VideoTrack& pictures(size_t track) { return *pictures_[track]; }
  size_t picture_tracks() const { return pictures_.size(); }
  bool has_sound() const { return sound_ != nullptr; }

  // When a message with this timestamp came in.
  void NoteArrival(int64_t timestamp_ms, absl::Time at);
  // Of the top picture (track 0): false where it was not wanted: before the floor, repeated, or without a key frame before it.
  bool AddPicture(size_t track, const Picture& picture, absl::Duration now);
  void AddSound(const Sound& sound, absl::Duration now);
  // There is no picture (any more): from the end of the last one on, the sound leads, until a picture comes.
  void LetSoundLead(absl::Duration now);

  // The open set ends with the last picture (sound).
  void Close(absl::Duration now);
  // Other pictures begin at `next_ms`: the open set ends there, or with its last picture where a hole lies between. Where the sound
  // leads, the first of them decides.
  void CloseBefore(int64_t next_ms, absl::Duration now);
  // Takes back the open set, since its pictures are made anew: nothing before `from_ms` is wanted.
  void Reopen(int64_t from_ms);
  // Where the open set begins; -1: none is open.
  int64_t open_ms() const { return open_ms_; }
  // Where the next set begins at the earliest.
  int64_t floor_ms() const { return floor_ms_; }
  int64_t origin_ms() const { return options_.origin_ms; }

  // The renditions (all but the top) of what is cut already will not come.
  void GiveUpRenditions();
  // Sets that are complete, in order. `everything`: all that are cut, as they are.
  std::vector<SegmentSet> Collect(absl::Duration now, bool everything);
  bool pending() const { return !pending_.empty(); }
  // A rendition was late since this was asked last.
  bool TakeLate() { return std::exchange(late_, false); }
  // When Collect has something to do although nothing comes.
  absl::Duration next_deadline() const;
  int64_t gaps() const { return gaps_; }

 private:
  bool Begins(int64_t key_ms) const;
  struct Pending {
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    int64_t last_picture_ms = -1;        // of the top, in this set; -1: none
    absl::Duration cut_at;
    bool no_renditions = false;          // do not wait for them
    bool wait_sound = false;
  };
  struct Arrival {
    int64_t timestamp_ms = 0;
    absl::Time at;
  };
  void Open(int64_t start_ms);
  void CutAt(int64_t end_ms, absl::Duration now);
  void LeadBySound(int64_t ts_ms, absl::Duration now);
  bool RenditionReady(const Pending& pending, const VideoTrack& track) const;
  bool Ready(const Pending& pending, absl::Duration now);
  SegmentSet Take(const Pending& pending);
  absl::Time ArrivalOf(int64_t end_ms);

  const Options options_;
  std::vector<std::unique_ptr<VideoTrack>> pictures_;
  std::unique_ptr<SoundTrack> sound_;
  std::deque<Pending> pending_;
  std::deque<Arrival> arrivals_;
  int64_t floor_ms_;
  int64_t open_ms_ = -1;
  int64_t open_last_picture_ms_ = -1;
  bool sound_leads_ = false;
  bool late_ = false;
  int64_t newest_ms_ = -1;               // of all input
  bool on_grid_ = false;
  int64_t gaps_ = 0;
};

}  // namespace lectern::worker
