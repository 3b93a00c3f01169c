// One encoder's messages as pictures and sounds. Private to the building.
//
// Times are milliseconds on the stream's timeline. Payloads stay those of FLV tags (FLV 10.1 annex E), so that they are shared with
// whoever else holds the message, and can be handed to FFmpeg as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/media/aac.h"
#include "common/media/h264.h"
#include "common/rtmp/message.h"

namespace lectern::worker {

using Payload = std::shared_ptr<const std::string>;

struct VideoConfig {
  Payload payload;
  media::AvcConfig avc;
  absl::string_view record() const { return absl::string_view(*payload).substr(5); }
};

struct SoundConfig {
  Payload payload;
  media::AacConfig aac;
  absl::string_view record() const { return absl::string_view(*payload).substr(2); }
};

// One access unit, without padding.
struct Picture {
  int64_t dts_ms = 0;
  int64_t pts_ms = 0;
  bool key = false;              // the encoder says so
  bool idr = false;              // decodable without anything before it
  Payload payload;
  absl::string_view data() const { return absl::string_view(*payload).substr(5); }
};

struct Sound {
  int64_t ts_ms = 0;
  Payload payload;
  std::shared_ptr<const SoundConfig> config;
  absl::string_view data() const { return absl::string_view(*payload).substr(2); }
};

// What a message turned out to be.
struct Parsed {
  enum Kind {
    kNothing,                    // metadata, repeated headers, end of sequence
    kBroken,                     // cannot be understood, or comes before its header
    kVideoConfig,                // `config()` of the reader is new
    kSoundConfig,
    kPicture,
    kSound,
    kForeignVideo,               // another codec than H.264, AAC
    kForeignSound,
  };
  Kind kind = kNothing;
  Picture picture;
  Sound sound;
  size_t padding_bytes = 0;
};

// Reads messages in order. Pure; not thread-safe.
class FrameReader {
 public:
  Parsed Read(const rtmp::MediaMessage& message);

  std::shared_ptr<const VideoConfig> video() const { return video_; }
  std::shared_ptr<const SoundConfig> sound() const { return sound_; }
  // FFmpeg's names: "h264", "hevc", "aac", "mp3"; empty: nothing came yet.
  const std::string& video_codec() const { return video_codec_; }
  const std::string& audio_codec() const { return audio_codec_; }

 private:
  Parsed ReadVideo(const rtmp::MediaMessage& message);
  Parsed ReadPicture(const rtmp::MediaMessage& message);
  Parsed ReadAudio(const rtmp::MediaMessage& message);

  std::shared_ptr<const VideoConfig> video_;
  std::shared_ptr<const SoundConfig> sound_;
  std::string video_codec_;
  std::string audio_codec_;
};

}  // namespace lectern::worker
