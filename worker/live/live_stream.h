// What a pipeline does with each message: which picture is copied, which is made by the encoder child, and from where on. Private
// to the building.
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "worker/live/encoder.h"
#include "worker/live/frames.h"
#include "worker/live/meter.h"
#include "worker/live/pipeline.h"
#include "worker/live/set_builder.h"

namespace lectern::worker {

// A run of a stream. It begins undecided; then come eras, each with one video configuration and one decision (copied or encoded).
// Not thread-safe; never blocks but in Pause, Finish and where an era ends, for the time that the child needs for what it has.
class LiveStream {
 public:
  explicit LiveStream(PipelineOptions options);
  ~LiveStream();

  void Take(const rtmp::MediaMessage& message, absl::Time arrived);
  // A message was lost: pictures are of no use until the next key frame.
  void NoteLoss();
  void Pause();
  void Finish(absl::Duration patience);

  // What happens without messages: the child's output, its end, late renditions.
  void AddPollFds(std::vector<pollfd>& fds) const;
  void Pump();
  absl::Duration next_deadline() const;

  std::vector<SegmentSet> TakeSets();
  PipelineFacts facts() const;
  // Input that cannot be worked on yet and must not be lost.
  bool overloaded() const;

 private:
  enum class State { kUndecided, kSoundOnly, kCopying, kEncoding };
  // A message that may be needed again: by a decision that is not made yet, or by a new child.
  struct Kept {
    bool video = false;
    Picture picture;
    Sound sound;
    std::shared_ptr<const VideoConfig> config;
    absl::Time arrived;
    int64_t timestamp_ms() const { return video ? picture.dts_ms : sound.ts_ms; }
  };

  // live_stream.cc
  void OnPicture(Picture picture, absl::Time arrived);
  void OnSound(const Sound& sound, absl::Time arrived);
  void OnSoundConfig();
  void Decide(bool finishing);
  State Judge(bool finishing) const;
  State Remembered(const VideoConfig& config) const;
  void Keep(Kept kept);
  void Trim();
  size_t KeyAtOrBefore(int64_t position_ms) const;
  void Collect(bool everything);

  // eras.cc
  // Begins an era with what is kept from the key frame at `from` on.
  void BeginEra(State state, size_t from);
  void EndEra(int64_t next_ms);
  void BeginSoundOnly();
  void MakeBuilder(int64_t first_ms);
  void UsePictures();
  void KeepLabels();
  void UseSound();
  void Deliver(const Kept& kept);
  bool NeedsEncoder() const;
  std::vector<media::LadderRung> Ladder(const VideoConfig& config, bool copied) const;
  std::string TopLabel(const VideoConfig& config) const;

  // encoding.cc
  // Starts a child, and feeds it what is kept from the key frame at or before `from_ms`.
  void StartEncoder(int64_t from_ms);
  void FeedHeaders(size_t first);
  void FeedEncoder(const Kept& kept);
  // The child writes its last; waits for that.
  void DrainEncoder(absl::Duration patience);
  void GiveUpEncoder(const char* why);
  void RestartEncoder();
  void OnEncoded(size_t output, const rtmp::MediaMessage& message);

  const PipelineOptions options_;
  FrameReader reader_;
  Meter meter_;
  State state_ = State::kUndecided;
  std::unique_ptr<SetBuilder> builder_;
  std::vector<SegmentSet> sets_;

  std::deque<Kept> kept_;
  size_t kept_bytes_ = 0;
  std::shared_ptr<const VideoConfig> config_;        // of the era
  bool sound_encoded_ = false;                       // in this era
  bool replan_ = false;                              // a new era is due at the next key frame
  bool wait_for_key_ = true;
  bool sound_leads_ = false;
  int64_t last_dts_ms_ = -1;
  int64_t last_sound_ms_ = -1;
  int64_t last_key_ms_ = -1;                         // when the last key frame is shown that can begin a segment

  std::unique_ptr<Encoder> encoder_;
  std::vector<FrameReader> encoded_;                 // of its outputs
  std::shared_ptr<const VideoConfig> fed_config_;
  std::shared_ptr<const SoundConfig> fed_sound_config_;
  std::vector<media::LadderRung> rungs_;             // of the era
  std::vector<std::string> labels_;                  // of the stream, best picture first
  absl::Duration restart_at_ = absl::InfiniteDuration();   // steady clock
  absl::Duration encoder_started_;
  absl::Duration encoder_heard_;                     // when it gave something, or was given the first picture since
  int unanswered_ = 0;                               // pictures that it was given since it gave something
  int failures_ = 0;                                 // in a row
  int restarts_ = 0;
};

}  // namespace lectern::worker
