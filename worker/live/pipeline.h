// From the messages of one encoder to HLS segments: one pipeline a stream and run.
//
// The top rendition is the encoder's own picture where that can be cut (H.264, key frames at most kCopyGop apart), else it is
// encoded; smaller renditions and sound that cannot be copied come from one FFmpeg child. All tracks are cut at the same points of
// the timeline, which depend on nothing but the media: another worker that sees the same messages cuts at the same places.
//
// Cutting rule: time is divided into cells [(k - 1/2) * kSegment, (k + 1/2) * kSegment) of the timeline, counted from `origin_ms`
// (when the first key frame ever is shown). A key frame begins a segment where it is the first one in its cell, or a second behind
// the picture before it. Sound follows the picture's cuts; sound without a picture is cut at the first frame of each cell.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rtmp/message.h"

namespace lectern::worker {

inline constexpr absl::Duration kSegment = absl::Seconds(2);
inline constexpr absl::Duration kCopyGop = absl::Milliseconds(2100);

struct TrackFormat {
  std::string label;            // "1080p", "720p", "audio"; by the height of the picture
  bool audio = false;
  std::string codecs;           // RFC 6381
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  int channels = 0;
  bool copied = false;
  std::shared_ptr<const std::string> init;   // fMP4 init segment; media time 0 is origin_ms
};

struct TrackSegment {
  std::string label;
  std::shared_ptr<const std::string> bytes;  // null: this track has nothing for this stretch (a gap)
  double duration_seconds = 0;
};

// One segment of every track, over the same stretch of the timeline.
struct SegmentSet {
  int64_t start_ms = 0;         // timeline
  int64_t end_ms = 0;
  std::vector<TrackFormat> formats;    // all tracks, best picture first, sound last
  std::vector<TrackSegment> segments;
  absl::Time arrived;           // of the last message in it
  int64_t frames = 0;           // of the top picture
};

// What was stored by holders before (LiveStored), so that this run goes on behind it.
struct ResumePoint {
  int64_t origin_ms = -1;       // -1: this run sets it
  int64_t end_ms = -1;          // sets that begin before are not delivered; -1: none stored
  std::vector<TrackFormat> formats;   // of the last set, without init; the same choice (copied or not) is made again at once
};

struct PipelineOptions {
  std::string view;             // "comb", "cam", "pres": decides tuning as for recordings
  int max_renditions = 2;       // encoded pictures beside the top one; 0: the top one only
  int threads = 0;              // of an encoder; 0: FFmpeg chooses
  ResumePoint resume;
  absl::Duration rendition_patience = absl::Seconds(4);   // a rendition that is further behind has gaps
  std::string scratch_dir;
};

// What the pipeline knows of its input; words for people are made of it elsewhere (worker/ingest/warnings.h).
struct PipelineFacts {
  std::string video_codec;      // "h264"; what is not H.264 is named and not shown
  std::string video_profile;
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  double keyframe_interval_seconds = 0;   // longest of the last few
  int64_t video_bitrate_bps = 0;          // over the last 5 s
  int64_t padding_bitrate_bps = 0;
  std::string audio_codec;
  int sample_rate = 0;
  int channels = 0;
  int64_t audio_bitrate_bps = 0;
  std::vector<std::string> renditions;    // "1080p (copied)", "720p"
  int64_t frames_dropped = 0;
  int64_t gaps = 0;                       // renditions that were late
  int restarts = 0;                       // of the encoder child
};

// Thread-safe: Push and Finish from one thread, the rest from any. Callbacks come from threads of the pipeline, one at a time.
class Pipeline {
 public:
  using OnSet = std::function<void(SegmentSet set)>;

  // Nothing is started before the first message.
  static std::unique_ptr<Pipeline> Create(PipelineOptions options, OnSet on_set);
  // Stops at once; what is not delivered is dropped.
  virtual ~Pipeline() = default;

  // Timestamps are timeline positions. Never blocks for long: a tenth of a second while more waits than can be encoded. A change of
  // codec, size or sound begins anew, with a new init segment; broken messages are dropped and counted; repeated ones (not later
  // than what came before) are ignored.
  virtual void Push(const rtmp::MediaMessage& message) = 0;

  // The publisher is gone for now: what is complete is delivered, what is not is kept for a while. The next Push goes on.
  virtual void Pause() = 0;
  // No more messages: everything is delivered, the last set short. Waits, at most `patience`.
  virtual void Finish(absl::Duration patience) = 0;

  virtual PipelineFacts facts() const = 0;

  // The newest key frame with its decoder configuration, as a little FLV (for a picture), and the last seconds of sound; empty
  // where there is none.
  virtual std::string Sample() const = 0;
};

}  // namespace lectern::worker
