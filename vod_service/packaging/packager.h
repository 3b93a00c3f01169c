// Turns a media file into HLS tracks: fragmented MP4 segments of about six seconds, cut at key frames, each verified.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lectern::vod {

struct TrackWish {
  std::string label;                    // "720p", "source", "audio"; the folder's name
  double expected_seconds = 0;          // 0: not known, not checked
};

struct PackageRequest {
  std::string input_path;               // absolute; untrusted: an upload, or a worker's rendition
  // An upload's times begin where its first stream begins; a rendition's times are the recording's already.
  bool input_is_upload = false;
  std::string output_dir;               // exists; gets <label>/init.mp4, seg-00001.m4s, ..., index.m3u8
  bool video = false;                   // which streams to take; the first of each
  TrackWish video_track;
  bool audio = false;
  TrackWish audio_track;
  int64_t output_limit_bytes = 0;       // 0: none
  std::function<void(double fraction)> progress;   // may be empty
  std::function<bool()> should_stop;               // polled; may be empty
};

struct PackagedTrack {
  std::string label;
  bool audio = false;
  std::string codecs;                   // RFC 6381
  int64_t bandwidth_bps = 0;            // the fastest segment
  int64_t average_bandwidth_bps = 0;
  int width = 0;                        // video
  int height = 0;
  double frame_rate = 0;                // mean
  int channels = 0;                     // audio
  double duration_seconds = 0;
  int64_t size_bytes = 0;
  std::vector<std::string> files;       // below output_dir, index.m3u8 last
};

// Copies the streams (FFmpeg as a child, no decoding), cuts, writes and then reads everything back: each segment is present,
// begins with a key frame (video), continues where the one before ended, lasts as long as the playlist says; the whole lasts as
// long as expected (0.5 s or 1 %). Times of all tracks of one recording share one origin, so that tracks packaged in different
// calls play in sync. Blocking; any thread. After an error the caller removes `output_dir`. Files are synced to disk.
//
// Errors: kInvalidArgument (the media cannot be packaged) and kDataLoss (what came out is not right, above all the duration), both
// with a message for a person; kResourceExhausted (disk full, limit), kCancelled, kUnavailable (FFmpeg was killed), kInternal.
absl::StatusOr<std::vector<PackagedTrack>> Package(const PackageRequest& request);

}  // namespace lectern::vod
