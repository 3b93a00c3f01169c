// AAC as encoders announce it. Pure; any thread.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lectern::media {

struct AacConfig {
  int object_type = 0;           // 2: AAC-LC
  int sample_rate = 0;           // of the core: what a frame's samples count in
  int channels = 0;              // 0: described inside of the stream
  int frame_samples = 1024;      // or 960
  bool spectral_replication = false;   // HE-AAC

  // What HLS players take as it is: AAC-LC, one or two channels, 44.1 or 48 kHz.
  bool Playable() const;
};

// AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). Errors: kInvalidArgument.
absl::StatusOr<AacConfig> ParseAacConfig(absl::string_view config);

}  // namespace lectern::media
