// Keeps what a picture and a look at the sound need. Private to the building.
#pragma once

#include <deque>
#include <string>

#include "common/rtmp/message.h"

namespace lectern::worker {

// The newest key frame and the last seconds of sound, with their headers. Payloads are shared. Not thread-safe.
class Sampler {
 public:
  void Note(const rtmp::MediaMessage& message);
  // FLV whose time begins near 0; empty where there is neither.
  std::string Flv() const;

 private:
  rtmp::MediaMessage video_header_;
  rtmp::MediaMessage key_frame_;
  rtmp::MediaMessage key_header_;      // of the key frame
  rtmp::MediaMessage audio_header_;
  std::deque<rtmp::MediaMessage> sounds_;
};

}  // namespace lectern::worker
