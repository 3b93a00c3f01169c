// Tracks: pictures and sounds that wait until the segment that they belong to is complete. Private to the building.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/live/frames.h"
#include "worker/live/pipeline.h"

namespace lectern::worker {

// Media of one track over one stretch.
struct Cut {
  std::shared_ptr<const TrackFormat> format;   // null: nothing is known of this track yet
  TrackSegment segment;                        // without bytes: a gap
  int64_t frames = 0;
};

// A picture: the encoder's own, or one rendition of it. Pictures come in decoding order. Not thread-safe.
class VideoTrack {
 public:
  VideoTrack(std::string label, bool copied, int64_t origin_ms)
      : label_(std::move(label)), copied_(copied), origin_ms_(origin_ms) {}

  // Of the pictures that come from now on.
  void SetConfig(std::shared_ptr<const VideoConfig> config) { config_ = std::move(config); }
  // False, and nothing done, where it does not go on behind the one before.
  bool Add(const Picture& picture);

  // Everything that is shown in [start, end): complete only where a key frame is shown at `start`; else a gap. Earlier pictures go.
  Cut Take(int64_t start_ms, int64_t end_ms);
  // Forgets all pictures that wait, and takes any next one.
  void Restart();

  // When the last picture ends to be shown, by the distance of the pictures before it.
  int64_t end_ms() const { return last_pts_ms_ + step_ms_; }
  int64_t last_pts_ms() const { return last_pts_ms_; }
  int64_t last_dts_ms() const { return last_dts_ms_; }
  int64_t step_ms() const { return step_ms_; }
  bool empty() const { return last_pts_ms_ < 0; }
  const std::string& label() const { return label_; }
  bool copied() const { return copied_; }
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    Picture picture;
    std::shared_ptr<const VideoConfig> config;
  };
  std::string Write(const std::vector<Waiting>& pictures, int64_t end_ms) const;
  void MakeFormat(const std::vector<Waiting>& pictures);

  const std::string label_;
  const bool copied_;
  const int64_t origin_ms_;
  std::shared_ptr<const VideoConfig> config_;
  std::shared_ptr<const VideoConfig> format_config_;   // of format_
  std::shared_ptr<const TrackFormat> format_;
  int64_t delay_ms_ = 0;               // of showing behind decoding
  std::deque<Waiting> waiting_;
  int64_t last_dts_ms_ = -1;
  int64_t last_pts_ms_ = -1;           // the latest
  int64_t step_ms_ = 40;
};

// The sound. Its time is a running number of samples, so that the millisecond rounding of the messages does not disturb it; it is
// set anew where the messages really jump. Not thread-safe.
class SoundTrack {
 public:
  // `origin_ms` -1: set later.
  SoundTrack(bool copied, int64_t origin_ms) : copied_(copied), origin_ms_(origin_ms) {}
  void SetOrigin(int64_t origin_ms) { origin_ms_ = origin_ms; }

  bool Add(const Sound& sound);
  // The frames whose messages lie in [start, end): which they are depends on no rounding, so that another worker takes the same.
  Cut Take(int64_t start_ms, int64_t end_ms);
  // Forgets all that waits, and takes any next one.
  void Restart();

  int64_t last_ms() const { return last_ms_; }
  int64_t end_ms() const { return last_ms_ + step_ms_; }
  int64_t step_ms() const { return step_ms_; }
  bool empty() const { return last_ms_ < 0; }
  bool copied() const { return copied_; }
  const std::deque<Sound>& waiting() const { return waiting_; }

 private:
  struct Placed {
    Sound sound;
    int64_t ticks = 0;
  };
  // Its place; false where it lies before what was there already.
  bool Place(Placed& placed);
  void MakeFormat(const std::shared_ptr<const SoundConfig>& config);
  std::string Write(const std::vector<Placed>& frames, int64_t& duration) const;

  const bool copied_;
  int64_t origin_ms_;
  std::deque<Sound> waiting_;
  std::shared_ptr<const SoundConfig> format_config_;   // of format_
  std::shared_ptr<const TrackFormat> format_;
  int64_t next_ticks_ = -1;            // -1: by the next message
  int64_t last_ms_ = -1;
  int64_t step_ms_ = 22;
};

}  // namespace lectern::worker
