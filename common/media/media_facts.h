// What FFprobe tells about a recording, read from its JSON. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::media {

struct VideoFacts {
  int stream_index = 0;
  std::string codec;                    // FFmpeg's names: "h264"
  std::string profile;                  // "High"
  int width = 0;                        // as displayed: after rotation and sample aspect ratio
  int height = 0;
  double frame_rate = 0;                // mean
  bool variable_frame_rate = false;
  std::string pixel_format;             // "yuv420p"
  bool interlaced = false;
  bool square_pixels = true;
  int rotation = 0;                     // degrees, clockwise, 0..359
  int64_t bitrate_bps = 0;              // 0: not known
  double start_seconds = 0;             // of the first frame, in the file's own time
  double duration_seconds = 0;          // 0: not known
};

struct AudioFacts {
  int stream_index = 0;
  std::string codec;
  std::string profile;                  // "LC"
  int sample_rate = 0;
  int channels = 0;
  int64_t bitrate_bps = 0;
  double start_seconds = 0;
  double duration_seconds = 0;          // 0: not known
};

struct MediaFacts {
  std::string container;                // FFmpeg's format name: "mov,mp4,m4a,3gp,3g2,mj2"
  double start_seconds = 0;             // of the earliest stream
  double duration_seconds = 0;          // 0: not known
  int64_t size_bytes = 0;
  std::optional<VideoFacts> video;      // the first that is not a cover picture
  std::optional<AudioFacts> audio;      // the first
};

// From `ffprobe -print_format json -show_format -show_streams`. Errors: kInvalidArgument where it is not that JSON.
absl::StatusOr<MediaFacts> ParseFfprobe(absl::string_view json);

// Key frames of the first minutes, from `ffprobe -select_streams v:0 -show_entries packet=pts_time,flags -print_format csv=p=0`.
struct GopFacts {
  int key_frames = 0;
  int packets = 0;
  double first_pts_seconds = 0;         // of the first packet shown
  bool starts_with_key_frame = false;
  double max_gop_seconds = 0;           // longest distance between key frames, the rest after the last one included
  bool irregular = false;               // frames do not come at a constant rate
};
class GopScanner {
 public:
  // One line of that output ("12.480000,K__"); others are ignored.
  void AddLine(absl::string_view line);
  GopFacts Finish() const;

 private:
  GopFacts facts_;
  double last_key_ = 0;
  double last_pts_ = 0;
  std::vector<double> shown_;           // when, of the first packets
};

// Why the video cannot be published as it is, in words; empty: it can. Copyable is progressive 8-bit 4:2:0 H.264 of profile
// Baseline, Main or High with square pixels, without rotation, starting with a key frame, no GOP longer than 12 s.
std::string WhyVideoNotCopyable(const VideoFacts& video, const GopFacts& gop);

// AAC-LC with one or two channels at 44.1 or 48 kHz.
bool AudioCopyable(const AudioFacts& audio);

}  // namespace lectern::media
