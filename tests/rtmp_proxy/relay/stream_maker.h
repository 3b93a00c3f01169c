// Messages of a made-up encoder, whose payloads say what they are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rtmp/message.h"

namespace lectern::proxy {

struct StreamShape {
  int64_t begin_ms = 0;
  int64_t end_ms = 10'000;
  int64_t gop_ms = 2000;
  bool video = true;
  bool audio = true;
  size_t frame_bytes = 1000;
  std::string header = "A";        // which decoder configuration
};

inline rtmp::MediaMessage Message(rtmp::MediaMessage::Kind kind, int64_t ms, const std::string& payload) {
  return {kind, ms, std::make_shared<const std::string>(payload)};
}
inline rtmp::MediaMessage VideoHeader(const std::string& which, int64_t ms = 0) {
  return Message(rtmp::MediaMessage::kVideo, ms, std::string("\x17\0\0\0\0", 5) + which);
}
inline rtmp::MediaMessage AudioHeader(int64_t ms = 0) {
  return Message(rtmp::MediaMessage::kAudio, ms, std::string("\xaf\0\x12\x10", 4));
}
inline rtmp::MediaMessage Metadata(int64_t ms = 0) {
  return Message(rtmp::MediaMessage::kData, ms, std::string("\x02\0\x0aonMetaData\x05", 14));
}
inline rtmp::MediaMessage Picture(int64_t ms, bool key, size_t bytes = 1000) {
  return Message(rtmp::MediaMessage::kVideo, ms, absl::StrCat(key ? "\x17\x01" : "\x27\x01", ms, " ", std::string(bytes, 'v')));
}
inline rtmp::MediaMessage Sound(int64_t ms, size_t bytes = 200) {
  return Message(rtmp::MediaMessage::kAudio, ms, absl::StrCat("\xaf\x01", ms, " ", std::string(bytes, 'a')));
}

// In the order in which an encoder sends it: the sound runs ahead of the picture by up to 100 ms.
inline std::vector<rtmp::MediaMessage> MakeStream(const StreamShape& shape) {
  std::vector<rtmp::MediaMessage> messages = {Metadata(shape.begin_ms)};
  if (shape.video) messages.push_back(VideoHeader(shape.header, shape.begin_ms));
  if (shape.audio) messages.push_back(AudioHeader(shape.begin_ms));
  int64_t sound = shape.begin_ms;
  for (int64_t ms = shape.begin_ms; ms < shape.end_ms; ms += 40) {
    for (; shape.audio && sound < std::min(ms + 100, shape.end_ms); sound += 21) messages.push_back(Sound(sound));
    if (shape.video) messages.push_back(Picture(ms, (ms - shape.begin_ms) % shape.gop_ms == 0, shape.frame_bytes));
  }
  return messages;
}

// Frames only, as payloads.
inline std::vector<std::string> Frames(const std::vector<rtmp::MediaMessage>& messages) {
  std::vector<std::string> frames;
  for (const rtmp::MediaMessage& message : messages) {
    bool header = message.kind == rtmp::MediaMessage::kData || IsVideoHeader(message) || IsAudioHeader(message);
    if (!header) frames.push_back(*message.payload);
  }
  return frames;
}

}  // namespace lectern::proxy
