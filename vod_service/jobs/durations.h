// How long a recording's tracks are, from the recording itself.
#pragma once

#include "common/base/file.h"

namespace lectern::v1 {
class MediaInfo;
}  // namespace lectern::v1

namespace lectern::vod {

struct TrackDurations {
  double video_seconds = 0;  // 0: not known
  double audio_seconds = 0;
};

// Asks FFprobe about the file; a container that does not say how long each stream is leaves the probe's duration for
// the picture, or for the sound where there is no picture.
TrackDurations ExpectedDurations(const Fd& recording, const v1::MediaInfo& media);

}  // namespace lectern::vod
