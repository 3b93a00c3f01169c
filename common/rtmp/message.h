// What RTMP carries: audio, video and data messages, with the payloads of FLV tags (Adobe RTMP 1.0, FLV 10.1 annex E).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace lectern::rtmp {

// One audio, video or data message, as its publisher sent it. Payloads are shared: a message waits in a ring, goes to a worker and
// to the disk without being copied.
struct MediaMessage {
  enum Kind { kAudio, kVideo, kData };
  Kind kind = kVideo;
  // Decoding time in milliseconds. From a publisher: as it counts, unwrapped over 2^32. Between proxy and worker: position on the
  // stream's timeline (timeline.h).
  int64_t timestamp_ms = 0;
  std::shared_ptr<const std::string> payload;   // body of the FLV tag; kData: AMF0

  size_t size() const { return payload->size(); }
};

// What a payload's first bytes say. False for payloads that are too short.
bool IsKeyFrame(const MediaMessage& message);           // video, AVC NALU with a key frame
bool IsVideoHeader(const MediaMessage& message);        // AVCDecoderConfigurationRecord
bool IsAudioHeader(const MediaMessage& message);        // AudioSpecificConfig
bool IsVideoEnd(const MediaMessage& message);           // AVC end of sequence
bool IsMetadata(const MediaMessage& message);           // onMetaData

}  // namespace lectern::rtmp
