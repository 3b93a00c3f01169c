// Writes init segments (ISO/IEC 14496-12, -14, -15) of fragmented MP4 with one track, from what encoders send before their frames.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::media {

struct VideoInit {
  absl::string_view config;      // AVCDecoderConfigurationRecord
  int width = 0;                 // as coded, after cropping
  int height = 0;
  uint32_t timescale = 90'000;
  uint32_t delay = 0;            // ticks that presentation is behind the fragments' times; taken out by an edit list
};

struct AudioInit {
  absl::string_view config;      // AudioSpecificConfig
  int sample_rate = 0;           // also the timescale
  int channels = 0;
};

std::string WriteVideoInit(const VideoInit& video);
std::string WriteAudioInit(const AudioInit& audio);

}  // namespace lectern::media
